"""The one way to the outside: resolve once, judge the addresses, connect to exactly one of those that passed."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

import certifi

from checks._address import Networks, refusal
from checks._faults import unmeasured
from checks._resolver import Resolver
from checks._stopwatch import Stopwatch
from model import Fault

T = TypeVar("T")
TRIES = 3  # addresses of one name that are tried before the last error counts
PATIENCE = 2.5  # seconds for an address when there is another one to try


async def connected(host: str, port: int, *, resolver: Resolver, networks: Networks, watch: Stopwatch) -> socket.socket:
    """A socket connected to the host; raises Fault, gaierror or OSError. The caller closes it."""
    return await reached(host, lambda address: _dial(address, port), resolver, networks, watch)


async def reached(
    host: str, dial: Callable[[str], Awaitable[T]], resolver: Resolver, networks: Networks, watch: Stopwatch
) -> T:
    """What ``dial(address)`` gives for the first address of the host that answers; raises as ``connected`` does."""
    if not is_address(host):
        watch.enter("dns")
    allowed = await judged(host, resolver, networks)
    watch.enter("connect")
    *first, last = allowed[:TRIES]
    for address in first:
        try:
            async with asyncio.timeout(PATIENCE):
                return await dial(address)
        except (OSError, TimeoutError):
            continue
    return await dial(last)


async def judged(host: str, resolver: Resolver, networks: Networks) -> tuple[str, ...]:
    """The addresses of a host that may be reached; raises Fault or gaierror when there is none."""
    literal = is_address(host)
    found = (host,) if literal else await resolver.addresses(host)
    refused = {address: why for address in found if (why := refusal(address, networks))}
    allowed = tuple(address for address in found if address not in refused)
    if allowed:
        return allowed
    if not refused:
        raise Fault("the name has no address", network=True)
    address, why = next(iter(refused.items()))
    if literal:
        raise unmeasured(f"not looked at: {address} is {why}, which probes may not reach unless networks lists it")
    raise Fault(f"the name points to {address}, {why}, which probes may not reach unless networks lists it")


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Whether this is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _dial(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _finished(sock, sock.connect_ex((address, port)))
    except BaseException:
        sock.close()
        raise
    return sock


async def _finished(sock: socket.socket, code: int) -> None:
    """Waits until a connection is made; raises OSError of the kind that its code says.

    Not ``loop.sock_connect``: uvloop's asks getaddrinfo in a thread for every address that is one already.
    """
    if code == errno.EINPROGRESS:
        loop = asyncio.get_running_loop()
        writable: asyncio.Future[None] = loop.create_future()
        loop.add_writer(sock, _done, writable)
        try:
            await writable
        finally:
            loop.remove_writer(sock)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _done(writable: asyncio.Future[None]) -> None:
    if not writable.done():
        writable.set_result(None)


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """TLS 1.2 or newer, against the machine's authorities and Mozilla's. Costs 20 ms: made once for all probes."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def context_for(ca_file: Path | None) -> ssl.SSLContext:
    """The context of a monitor: the shared one, or one that trusts the authorities of ``ca_file`` alone."""
    if ca_file is None:
        return trusted()
    try:
        return _of_file(ca_file, ca_file.stat().st_mtime_ns)
    except (OSError, ssl.SSLError):
        raise unmeasured("we could not look: ca_file cannot be read as certificates") from None


@lru_cache(maxsize=64)
def _of_file(ca_file: Path, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
