"""CPU of 1,000 GETs on new connections: our transport beside httpx's own, in one run, plain and over TLS.

The server runs in another process, so that only the client's CPU counts. `httpx-aiohttp` is measured too where it is
installed. Ratios are medians over rounds that take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import ssl
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import process_time
from typing import Any

import httpx
import trustme
import uvloop
from _report import report

from checks import open_tools, run
from checks.http import Options
from model import Monitor, Status

BODY = b'{"status":"healthy","checks":{"database":{"status":"pass","responseTime":12}},"padding":"' + b"x" * 900 + b'"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
ANSWER = HEAD % len(BODY) + BODY
Get = Callable[[str], Awaitable[None]]


class Door(asyncio.Protocol):
    """Answers whatever is asked."""

    def connection_made(self, transport: Any) -> None:
        self.carrier = transport

    def data_received(self, data: bytes) -> None:
        self.carrier.write(ANSWER)
        self.carrier.close()


def serve(pipe: Any, certificate: str) -> None:
    """The server's process: tells its two ports, plain and TLS, and serves until it is ended."""

    async def main() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        loop = asyncio.get_running_loop()
        doors = [await loop.create_server(Door, "127.0.0.1", 0, ssl=tls, backlog=512) for tls in (None, context)]
        pipe.send([door.sockets[0].getsockname()[1] for door in doors])
        await asyncio.Event().wait()

    uvloop.run(main())


@contextmanager
def served(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """URLs by scheme, and the authority's file."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    mine, other = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(other, str(folder / "server.pem")), daemon=True
    )
    process.start()
    plain, tls = mine.recv()
    yield {"plain": f"http://127.0.0.1:{plain}/", "TLS": f"https://127.0.0.1:{tls}/"}, folder / "ca.pem"
    process.terminate()


@asynccontextmanager
async def plain_httpx(ca: Path, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Get]:
    """httpx as it comes, with one client and one TLS context, a new connection for each GET."""
    context, limits = ssl.create_default_context(cafile=ca), httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(verify=context, limits=limits, trust_env=False, transport=transport) as client:

        async def get(url: str) -> None:
            assert len((await client.get(url)).content) == len(BODY)

        yield get


@asynccontextmanager
async def over_aiohttp(ca: Path) -> AsyncIterator[Get]:
    """httpx over aiohttp, with as many bounds as it offers."""
    import aiohttp
    import httpx_aiohttp

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca), force_close=True, limit=0)
        return aiohttp.ClientSession(connector=connector)

    async with plain_httpx(ca, httpx_aiohttp.AiohttpTransport(client=session)) as get:
        yield get


@asynccontextmanager
async def ours(ca: Path) -> AsyncIterator[Get]:
    """Our transport under the same httpx client, and all of a probe on top: deadline, stretches, conditions, result."""
    async with open_tools(networks=["127.0.0.0/8"]) as tools:
        monitors: dict[str, Monitor] = {}

        async def probed(url: str) -> None:
            if url not in monitors:
                monitors[url] = Monitor("a", "A", "http", Options(url=url, ca_file=ca))
            assert (await run(monitors[url], tools)).status is Status.UP

        yield probed


async def cost(open_client: Callable[[Path], Any], url: str, ca: Path, n: int) -> float:
    """CPU milliseconds of one GET, eight at a time."""
    async with open_client(ca) as get:
        await get(url)
        began = process_time()

        async def worker() -> None:
            for _ in range(n // 8):
                await get(url)

        await asyncio.gather(*(worker() for _ in range(8)))
        return (process_time() - began) * 1000 / (n // 8 * 8)


def clients() -> dict[str, Callable[[Path], Any]]:
    """What is measured; the first is the base line."""
    found: dict[str, Callable[[Path], Any]] = {"httpx": plain_httpx}
    try:
        import httpx_aiohttp  # noqa: F401
    except ImportError:
        pass
    else:
        found["httpx-aiohttp"] = over_aiohttp
    return found | {"a whole probe of ours": ours}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (urls, ca):
        for kind, url in urls.items():
            for loop, runner in (("asyncio", asyncio.run), ("uvloop", uvloop.run)):
                rounds = [
                    {name: runner(cost(client, url, ca, asked.gets)) for name, client in clients().items()}
                    for _ in range(asked.rounds)
                ]
                for name in list(rounds[0])[1:]:
                    ratio = statistics.median(one["httpx"] / one[name] for one in rounds)
                    ms = statistics.median(one[name] for one in rounds)
                    what = f"CPU of a GET, {kind}, {name}, {loop}"
                    report(__file__, what, f"{ms:.2f} ms", f"{ratio:.1f} times less than httpx")


if __name__ == "__main__":
    main()
