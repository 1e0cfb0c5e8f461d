"""What carries httpx's requests: a new connection for each, to an address that was judged, with its stretches timed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field

import httpx

from checks._address import Networks
from checks._connect import connected, trusted
from checks._resolver import Resolver
from checks._stopwatch import Stopwatch
from checks._wire import Answer

MIB = 1 << 20
HANDSHAKE = 3600.0  # the deadline of the whole probe is in checks.run


@dataclass(frozen=True, slots=True)
class Wish:
    """What one probe wants of the transport, under ``extensions["wish"]``; ``cap`` is in bytes."""

    watch: Stopwatch = field(default_factory=Stopwatch)
    networks: Networks = ()
    context: ssl.SSLContext | None = None
    cap: int = MIB


class Transport(httpx.AsyncBaseTransport):
    """HTTP/1.1 without keep-alive, proxies, redirects or cookies. Raises Fault, OSError and TLS errors as they come."""

    def __init__(self, resolver: Resolver, networks: Networks) -> None:
        self._resolver = resolver
        self._networks = networks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wish: Wish = request.extensions.get("wish") or Wish()
        body = await request.aread()
        answer = Answer(head_only=request.method == "HEAD", cap=wish.cap, watch=wish.watch)
        carrier = await self._open(request.url, wish, answer)
        try:
            wish.watch.enter("first_byte")
            carrier.write(_head(request) + body)
            await answer.done
        finally:
            carrier.abort()  # close() would wait for a hostile peer's farewell
        return httpx.Response(answer.status, headers=answer.headers, content=bytes(answer.body), request=request)

    async def _open(self, url: httpx.URL, wish: Wish, answer: Answer) -> asyncio.Transport:
        secure = url.scheme == "https"
        host = url.raw_host.decode("ascii")
        networks = self._networks + wish.networks
        port = url.port or (443 if secure else 80)
        sock = await connected(host, port, resolver=self._resolver, networks=networks, watch=wish.watch)
        if secure:
            wish.watch.enter("tls")
            return await secured(sock, answer, wish.context or trusted(), host)
        carrier, _ = await asyncio.get_running_loop().create_connection(lambda: answer, sock=sock)
        return carrier


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
