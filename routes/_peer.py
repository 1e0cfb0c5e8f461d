"""Whose request it is when a proxy brings it: proxies that we know are believed, and nobody else.

One on this machine is known: uvicorn asks it too, but takes it for a stranger where the socket serves both families
and 127.0.0.1 is written as an address of IPv6. Only X-Forwarded-For counts: a header of one vendor passes through other
proxies as a stranger wrote it.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, inet_pton

from starlette.datastructures import QueryParams
from starlette.types import Scope

import settings
from routes.metrics import same

HOPS = 8  # of one request, at most
MAPPED = "::ffff:"  # so a socket of both families writes an IPv4 address
Address = IPv4Address | IPv6Address


def address(scope: Scope) -> str:
    """The address of the last hop that is no proxy of ours; it goes nowhere but into a keyed hash."""
    peer = (scope.get("client") or ("",))[0].removeprefix(MAPPED)
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if not told and ":" not in peer:
        return peer  # IPv4 is written in one way only
    found, vouched = _read(peer), _vouched(scope)
    hops = ",".join(told).split(",")[-HOPS:]
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
    told = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    alone = len(told) == 1 and told[0].strip().lower() == b"https"
    peer = _read((scope.get("client") or ("",))[0]) if alone else None
    return peer is not None and _ours(peer)


def _vouched(scope: Scope) -> bool:
    """Whether the proxy proved itself: its address may be any, but no browser knows what it adds."""
    token = settings.current().server.proxy_token
    return token is not None and same(QueryParams(scope["query_string"]).get("via", ""), token.reveal())


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
        found = _parsed(said)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _parsed(said: str) -> Address:
    """What ``ip_address`` says, which takes ten times as long for IPv4. Raises ValueError."""
    try:
        return IPv4Address(inet_pton(AF_INET, said.removeprefix(MAPPED)))
    except OSError:
        return ip_address(said)
