"""The demo's sockets on loopback: HTTP, TLS, a database's port and a name server, all minded by one schedule."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from demo import crux, names
from demo.answer import Answer, Request
from demo.health import Look
from demo.outside import answer
from demo.schedule import Schedule

HOST = "127.0.0.1"
Clock = Callable[[], datetime]
CALLED = "/oncall"  # messages to people end here
LINE, REQUEST_S = 16_384, 10.0
NONSENSE = (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo listens."""

    http: int
    tls: int
    database: int
    names: int


PREFERRED = Ports(18630, 18631, 18632, 18633)


def free(preferred: Ports = PREFERRED) -> Ports:
    """The preferred ports; others when somebody has one of them: another demo, perhaps, which closes some at times."""
    wanted = (preferred.http, preferred.tls, preferred.database, preferred.names)
    return preferred if all(map(_bindable, wanted)) else Ports(*(_bindable(0) for _ in wanted))


def _bindable(port: int) -> int:
    """The port when TCP and UDP can be bound to it (0: any), else 0."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind((HOST, port))
            udp.bind((HOST, tcp.getsockname()[1]))
        except OSError:
            return 0 if port else _bindable(0)
        return int(tcp.getsockname()[1])


def parsed(head: bytes) -> tuple[str, Request]:
    """Method and request out of a request head; ValueError when it is not HTTP."""
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
    raw = next((line.split(": ", 1)[1] for line in rest if line.lower().startswith("authorization: ")), "")
    length = int(headers.get("content-length", "0"))
    token = raw.partition(" ")[2] if headers.get("authorization", "").startswith("bearer ") else ""
    path, _, query = target.partition("?")
    pairs = tuple(parse_qsl(query, max_num_fields=100))
    key = next((line.split(": ", 1)[1] for line in rest if line.lower().startswith("apikey: ")), "")
    return method, Request(path, token, length, pairs, key)


@dataclass(frozen=True)
class Door:
    """What happens to one connection."""

    schedule: Schedule
    clock: Clock = now

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, after the wait that the schedule wants."""
        async with _closing(writer):
            async with asyncio.timeout(REQUEST_S):
                method, request = parsed(await reader.readuntil(b"\r\n\r\n"))
                raw = await reader.readexactly(min(request.length, LINE))
                request = replace(request, body=raw.decode("utf-8", "replace"))
            said = self._said(method, request)
            await asyncio.sleep(said.wait / 1000)
            writer.write(said.wire(head=method == "HEAD"))
            await writer.drain()

    def _said(self, method: str, request: Request) -> Answer:
        if method == "POST" and request.path == CALLED:
            return Answer(204)
        if method == "POST" and request.path.startswith(f"{crux.PREFIX}/"):
            return crux.answer(request, self.clock().date())
        return answer(Look(self.schedule, self.clock()), request) if method in {"GET", "HEAD"} else Answer(405)

    async def tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accept, and hold the line until the other side is done: what a database does with a bare connection."""
        async with _closing(writer), asyncio.timeout(REQUEST_S):
            await reader.read(1)


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Strangers hang up, stall and talk nonsense: that ends their connection and nothing else."""
    try:
        with contextlib.suppress(*NONSENSE):
            yield
    finally:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


async def database(door: Door, port: int) -> None:
    """Keeps the database's port open while it is well, and closed (refusing) while it is down."""
    async with contextlib.AsyncExitStack() as held:
        listener: asyncio.Server | None = None
        while True:
            wanted = not Look(door.schedule, door.clock()).down("database")
            if wanted and listener is None:
                with contextlib.suppress(OSError):  # taken meanwhile: it stays down until the port is free again
                    listener = await asyncio.start_server(door.tcp, HOST, port)
                    held.callback(listener.close)
            elif not wanted and listener is not None:
                listener.close()
                listener = None
            await asyncio.sleep(0.25)


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS as a server speaks it, with the demo's own certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


async def serve(schedule: Schedule, ports: Ports, tls: ssl.SSLContext, ready: Callable[[], object]) -> None:
    """Listens until cancelled; ``ready`` is called once every port answers."""
    door = Door(schedule)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group, contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(await asyncio.start_server(door.http, HOST, ports.http, limit=LINE))
        await stack.enter_async_context(await asyncio.start_server(door.http, HOST, ports.tls, ssl=tls))
        transport, _ = await loop.create_datagram_endpoint(names.Names, local_addr=(HOST, ports.names))
        stack.callback(transport.close)
        group.create_task(database(door, ports.database))
        ready()
        await asyncio.Event().wait()
