"""What carries httpx's requests: a new connection for each, to an address that was judged, with its stretches timed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

import httpx

from checks._address import Networks
from checks._connect import connected, trusted
from checks._resolver import Resolver
from checks._stopwatch import Stopwatch
from checks._wire import Answer

MIB = 1 << 20


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
        carrier, _ = await asyncio.get_running_loop().create_connection(lambda: answer, sock=sock)
        if not secure:
            return carrier
        wish.watch.enter("tls")
        return await handshaken(carrier, answer, wish.context or trusted(), host)


async def handshaken(
    carrier: asyncio.Transport, protocol: asyncio.Protocol, context: ssl.SSLContext, host: str
) -> asyncio.Transport:
    """TLS over an open connection, which is gone at once when the handshake fails or is given up."""
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(carrier, protocol, context, server_hostname=host)
    except BaseException:
        carrier.abort()
        raise
    if secured is None:
        raise ConnectionResetError
    return secured


def _head(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("a header of the request holds a line break")  # its value may be a secret: not in the words
    return b"\r\n".join((*lines, b"", b""))
