"""Whose request it is when a proxy brings it: proxies that we know are believed, and nobody else.

uvicorn has asked a proxy on this machine already. Only X-Forwarded-For counts: a header of one vendor passes through
other proxies as a stranger wrote it.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

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


def _vouched(request: Request) -> bool:
    """Whether the proxy proved itself: its address may be any, but no browser knows what it adds."""
    token = settings.current().server.proxy_token
    return token is not None and same(request.query_params.get("via", ""), token.reveal())


def _ours(found: Address) -> bool:
    return any(found in network for network in _networks(settings.current().server.proxies))


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
