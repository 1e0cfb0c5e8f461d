"""What carries httpx's requests: a new connection for each, to an address that was judged, with its stretches timed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field

import httpx

from checks._address import Networks
from checks._connect import connected, reached, trusted
from checks._resolver import Resolver
from checks._stopwatch import Stopwatch
from checks._wire import Answer

MIB = 1 << 20
HANDSHAKE = 3600.0  # the deadline of the whole probe is in checks.run


@dataclass(frozen=True, slots=True)
class Wish:
    """What one probe wants of the transport; ``cap`` is in bytes."""

    watch: Stopwatch = field(default_factory=Stopwatch)
    networks: Networks = ()
    context: ssl.SSLContext | None = None
    cap: int = MIB


@dataclass(frozen=True, slots=True)
class Question:
    """A request and its bytes on the wire, made once for all probes that ask the same."""

    request: httpx.Request
    wire: bytes = field(repr=False)  # with every header, and those may be secret
    host: str
    port: int
    secure: bool


def question(request: httpx.Request) -> Question:
    """A request that was read, ready to be asked as often as wanted. Raises ValueError for one that would be two."""
    url, secure = request.url, request.url.scheme == "https"
    wire = _head(request) + request.content
    return Question(request, wire, url.raw_host.decode("ascii"), url.port or (443 if secure else 80), secure)


class Whole(httpx.Response):
    """An answer that was read to its end: httpx would read it once more, piece by piece."""

    def __init__(self, answer: Answer, request: httpx.Request) -> None:
        body = bytes(answer.body)
        super().__init__(answer.status, headers=answer.headers, request=request, stream=httpx.ByteStream(body))
        self._content = body


class Transport(httpx.AsyncBaseTransport):
    """HTTP/1.1 without keep-alive, proxies, redirects or cookies. Raises Fault, OSError and TLS errors as they come."""

    def __init__(self, resolver: Resolver, networks: Networks) -> None:
        self._resolver = resolver
        self._networks = networks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await self.ask(question(request), Wish())

    async def ask(self, question: Question, wish: Wish) -> httpx.Response:
        """One answer, without the layers of a client: redirects, cookies and sign-in are no probe's business."""
        carrier, answer = await self._open(question, wish)
        try:
            wish.watch.enter("first_byte")
            carrier.write(question.wire)
            await answer.done
        finally:
            carrier.abort()  # close() would wait for a hostile peer's farewell
        return Whole(answer, question.request)

    async def _open(self, question: Question, wish: Wish) -> tuple[asyncio.Transport, Answer]:
        def answer() -> Answer:
            return Answer(head_only=question.request.method == "HEAD", cap=wish.cap, watch=wish.watch)

        def dial(address: str) -> Awaitable[tuple[asyncio.Transport, Answer]]:
            return asyncio.get_running_loop().create_connection(answer, address, question.port)

        networks = self._networks + wish.networks
        if not question.secure:
            return await reached(question.host, dial, self._resolver, networks, wish.watch)
        sock = await connected(
            question.host, question.port, resolver=self._resolver, networks=networks, watch=wish.watch
        )
        wish.watch.enter("tls")
        protocol = answer()
        return await secured(sock, protocol, wish.context or trusted(), question.host), protocol


async def secured(
    sock: socket.socket, protocol: asyncio.Protocol, context: ssl.SSLContext, host: str
) -> asyncio.Transport:
    """TLS over a connected socket, which now belongs to the transport: gone at once when the handshake fails.

    In one step and not by `start_tls`: what comes before the handshake must never reach the protocol, or anyone on the
    way could put an answer there in plain text.
    """
    carrier, _ = await asyncio.get_running_loop().create_connection(
        lambda: protocol, sock=sock, ssl=context, server_hostname=host, ssl_handshake_timeout=HANDSHAKE
    )
    return carrier


def _head(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("a header of the request holds a line break")  # its value may be a secret: not in the words
    return b"\r\n".join((*lines, b"", b""))
