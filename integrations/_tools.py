"""What an integration is handed: a client, a clock, and what is remembered of each service's rate limit."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

AGENT = "wardround/0.1 (status monitor)"
TIMES = httpx.Timeout(connect=5, read=15, write=5, pool=3)  # the whole reading has a deadline of its own above these
MOST = httpx.Limits(max_connections=200, max_keepalive_connections=0)  # for all; what one service may hold is AT_ONCE
AT_ONCE = 12  # questions to one service that wait for their answers
LARGEST = 16 << 20  # bytes of one answer, whoever reads it
Clock = Callable[[], datetime]


class TooMuch(httpx.ReadError):
    """An answer without end."""


class Capped(httpx.AsyncBaseTransport):
    """Cuts every answer off, also those that a client library reads as a whole."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if isinstance(answer.stream, httpx.AsyncByteStream):
            answer.stream = _Measured(answer.stream)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Measured(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._inner:
            read += len(piece)
            if read > LARGEST:
                raise TooMuch(f"more than {LARGEST >> 20} MiB")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class Tools:
    """Shared by all readings. ``until`` is, by service, when its rate limit lets us ask again.

    ``tags`` are, by service, the mark of the last answer and its body: what is unchanged need not be sent again.
    ``rooms``: a service that hangs holds its own questions up and nobody else's.
    """

    client: httpx.AsyncClient
    clock: Clock
    until: dict[str, datetime] = field(default_factory=dict)
    tags: dict[str, tuple[str, Any]] = field(default_factory=dict)
    rooms: defaultdict[str, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
    )


def utc() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_tools(*, clock: Clock = utc, agent: str = AGENT) -> AsyncIterator[Tools]:
    """Tools for the running loop. No proxies of the environment, no redirects, no cookies kept."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes every URL, query and all, at INFO
    async with httpx.AsyncClient(
        headers={"User-Agent": agent, "Accept": "application/json"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=TIMES,
        transport=Capped(httpx.AsyncHTTPTransport(limits=MOST, trust_env=False)),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield Tools(client, clock)
