"""What a check is handed: a client, a resolver, the networks it may reach, the pings that came in, a clock."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import inf

import httpx

from checks import _address
from checks._address import Networks
from checks._desk import Desk
from checks._resolver import Lookup, Resolver, system
from checks._stopwatch import Stopwatch
from checks._transport import Transport
from model import Measured, Ping, Question, Result, Secret, Status

AGENT = "wardround/0.1 (status monitor)"
Pings = Callable[[str], Awaitable[Mapping[str, Ping]]]
Last = Callable[[str], Result]
Environment = Callable[[], Mapping[str, Secret]]
Ask = Callable[[Question], Awaitable[Measured]]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Tools:
    """Shared by all probes, but for the key of the monitor, the stopwatch, and when the one probe must have ended.

    ``deadline`` is of the loop's clock; ``last`` is what the newest probe of a monitor saw, before a restart, too;
    ``environment`` are the variables that this program was started with.
    """

    client: httpx.AsyncClient
    transport: Transport
    resolver: Resolver
    networks: Networks
    pings: Pings
    clock: Clock
    measured: Ask
    last: Last
    environment: Environment
    desk: Desk = field(default_factory=Desk)
    key: str = ""
    watch: Stopwatch = field(default_factory=Stopwatch)
    deadline: float = inf

    def of(self, key: str, watch: Stopwatch, deadline: float) -> Tools:
        """The same for one probe. In one breath: ``replace`` would look up every field by its name."""
        shared = (self.client, self.transport, self.resolver, self.networks, self.pings, self.clock, self.measured)
        return Tools(*shared, self.last, self.environment, self.desk, key, watch, deadline)


async def no_pings(_key: str) -> Mapping[str, Ping]:
    """Nothing has come in."""
    return {}


async def nothing_measured(_question: Question) -> Measured:
    """No browser has told anything."""
    return Measured()


def nothing_seen(_key: str) -> Result:
    """It is the first look."""
    return Result(Status.UNKNOWN)


def no_environment() -> Mapping[str, Secret]:
    """Nobody has handed it on."""
    return {}


def utc() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_tools(
    *,
    networks: Iterable[str] = (),
    pings: Pings = no_pings,
    clock: Clock = utc,
    measured: Ask = nothing_measured,
    last: Last = nothing_seen,
    environment: Environment = no_environment,
    lookup: Lookup = system,
    agent: str = AGENT,
) -> AsyncIterator[Tools]:
    """Tools for the running loop; ``networks`` are private networks that every probe may reach.

    ``measured`` answers what browsers measured; ``pings`` gives the newest ping of each kind (ok, start, fail) of a
    monitor's key.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes every URL, query and all, at INFO
    allowed = _address.networks(networks)
    resolver = Resolver(lookup)
    transport = Transport(resolver, allowed)
    async with httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none: one probe must not colour the next
        timeout=None,  # noqa: S113 the deadline of the whole probe is in checks.run; httpx has none of its own
        trust_env=False,
    ) as client:
        desk = Desk()
        try:
            yield Tools(client, transport, resolver, allowed, pings, clock, measured, last, environment, desk)
        finally:
            await desk.close()
            resolver.close()
