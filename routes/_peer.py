"""Whose request it is when a proxy brings it: proxies that we know are believed, and nobody else.

One on this machine is known: uvicorn asks it too, but takes it for a stranger where the socket serves both families
and 127.0.0.1 is written as an address of IPv6. Only X-Forwarded-For counts: a header of one vendor passes through other
proxies as a stranger wrote it.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request
from starlette.types import Scope

import settings
from routes.metrics import same

HOPS = 8  # of one request, at most
Address = IPv4Address | IPv6Address


def address(request: Request) -> str:
    """The address of the last hop that is no proxy of ours; it goes nowhere but into a keyed hash."""
    peer = request.client.host if request.client else ""
    found, vouched = _read(peer), _vouched(request)
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")[-HOPS:]
    while hops and found is not None and (vouched or _ours(found)):
        hop = _read(hops.pop())
        if hop is None:
            break
        vouched = vouched and hop == found  # uvicorn took this one already
        found = hop
    return peer if found is None else str(found)


def secure(scope: Scope) -> bool:
    """Whether the browser spoke https, to us or to a proxy of ours."""
    if scope.get("scheme") in ("https", "wss"):
        return True
    told = [value.strip().lower() for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    peer = _read((scope.get("client") or ("",))[0]) if told == [b"https"] else None
    return peer is not None and _ours(peer)


def _vouched(request: Request) -> bool:
    """Whether the proxy proved itself: its address may be any, but no browser knows what it adds."""
    token = settings.current().server.proxy_token
    return token is not None and same(request.query_params.get("via", ""), token.reveal())


def _ours(found: Address) -> bool:
    return found.is_loopback or any(found in network for network in _networks(settings.current().server.proxies))


@lru_cache(maxsize=4)
def _networks(told: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in told)


def _read(hop: str) -> Address | None:
    """An address as proxies write it, with a port or without."""
    said = hop.strip()
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        found = ip_address(said)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
