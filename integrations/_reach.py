"""One question to an outside service: bounded in time and size, limits obeyed, whatever fails said in words."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from integrations._tools import Tools

MIB = 1 << 20
CAP = 8 * MIB
IN_THREAD = 256 * 1024  # bytes of JSON from which parsing would make a probe late
LONGEST = timedelta(hours=1)  # a limit that claims to last longer is asked again all the same
PER_CALL = 15.0  # seconds for one answer as a whole
CROWDED = "we had no free connection ourselves"
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]


class Unmeasured(Exception):
    """We could not find out: ``words`` say why, ``fix`` what a person can do. Never looks like the service's outage.

    ``status`` is the HTTP status that was answered, if any; ``silent`` is true when nothing was answered at all;
    ``wait`` is how many seconds the service wants to be left alone.
    """

    def __init__(
        self, words: str, fix: str = "", *, status: int | None = None, silent: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(words)
        self.wait = wait
        self.words = words
        self.fix = fix
        self.status = status
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer after ``took`` ms. ``body`` is the parsed JSON, None when there was none and none was needed."""

    status: int
    headers: httpx.Headers
    body: Any = None
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to one service. ``title`` is its name in words; ``refused`` says per HTTP status (words, fix)."""

    tools: Tools
    name: str
    title: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refused: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    reset: str = "epoch"  # what X-RateLimit-Reset counts: "epoch" seconds, or seconds "left"

    async def get(self, path: str, query: Query = (), *, accept: Sequence[int] = (200,)) -> Answer:
        """The JSON at ``path``. Raises Unmeasured for every other outcome than a status in ``accept``."""
        return await self.ask("GET", path, query, accept=accept)

    async def ask(
        self,
        method: str,
        path: str,
        query: Query = (),
        *,
        accept: Sequence[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        empty: bool = False,
    ) -> Answer:
        """``empty``: an answer without JSON is right (HEAD, health pages)."""
        request = self.tools.client.build_request(
            method, self.base.rstrip("/") + path, params=_pairs(query) or None,
            headers={**self.headers, **(headers or {})}, json=body,
        )  # fmt: skip
        async with self.tools.rooms[self.name]:  # what waits here is not the service's slowness
            self._obey()
            began = time.perf_counter()
            status, found, raw = await self._answered(request)
        self._note(status, found)
        if status not in accept:
            raise self._failed(status, found)
        took = (time.perf_counter() - began) * 1000
        return Answer(status, found, None if empty and not raw.strip() else await self._parsed(raw, empty), took)

    async def _answered(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        try:
            async with asyncio.timeout(PER_CALL):
                return await self._sent(request)
        except TimeoutError:
            raise Unmeasured(f"{self.title} did not answer within {PER_CALL:g} s", silent=True) from None
        except httpx.PoolTimeout:
            raise Unmeasured(f"{self.title} was not asked: {CROWDED}") from None
        except httpx.HTTPError as error:
            raise Unmeasured(f"{self.title} cannot be reached ({_kind(error)})", silent=True) from None

    async def _sent(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        answer = await self.tools.client.send(request, stream=True)
        try:
            raw = bytearray()
            async for piece in answer.aiter_bytes(64 * 1024):
                raw += piece
                if len(raw) > CAP:
                    raise Unmeasured(f"{self.title} sent more than {CAP // MIB} MiB")
            return answer.status_code, answer.headers, bytes(raw)
        finally:
            await answer.aclose()

    async def _parsed(self, raw: bytes, empty: bool) -> Any:
        try:
            if len(raw) > IN_THREAD:
                return await asyncio.to_thread(json.loads, raw)
            return json.loads(raw)
        except (ValueError, RecursionError):
            if empty:
                return None
            what = "a web page" if raw.lstrip()[:1] == b"<" else "something that is not JSON"
            raise Unmeasured(f"{self.title} answered with {what}", "check the address: is it the API's?") from None

    def _obey(self) -> None:
        if left := self._left():
            words, fix = f"{self.title} limits how often we may ask", "nothing: it is asked again by itself"
            raise Unmeasured(words, fix, wait=left)

    def _left(self) -> float:
        """Seconds until we may ask again."""
        until = self.tools.until.get(self.name)
        return max(0.0, (until - self.tools.clock()).total_seconds()) if until is not None else 0.0

    def _note(self, status: int, headers: httpx.Headers) -> None:
        """Remembers a limit that is used up, or that a 429 names. Moments are read by the clock of who wrote them."""
        now = self.tools.clock()
        theirs = _moment(headers.get("date", "")) or now
        wait = _retry_after(headers, theirs)
        for prefix in ("x-sentry-rate-limit", "x-ratelimit"):
            if status == 429 or headers.get(f"{prefix}-remaining") == "0":
                wait = wait or _reset(headers.get(f"{prefix}-reset"), self.reset, theirs)
        if status == 429 or wait:
            self.tools.until[self.name] = now + min(wait or timedelta(seconds=60), LONGEST)

    def _failed(self, status: int, headers: httpx.Headers) -> Unmeasured:
        if status in self.refused:
            words, fix = self.refused[status]
            return Unmeasured(f"{self.title} {words} ({status})", fix, status=status)
        if status == 429:
            fix = "nothing: it is asked again by itself"
            return Unmeasured(f"{self.title} limits how often we may ask (429)", fix, status=status, wait=self._left())
        if 300 <= status < 400:
            fix = "check the address in the configuration"
            return Unmeasured(f"{self.title} redirects elsewhere ({status})", fix, status=status)
        return Unmeasured(f"{self.title} answered {status}", status=status)


def _pairs(query: Query) -> list[tuple[str, str | int | float | bool | None]]:
    found = query.items() if isinstance(query, Mapping) else query
    return [
        (name, str(each)) for name, value in found for each in (value if isinstance(value, list | tuple) else [value])
    ]


def _kind(error: httpx.HTTPError) -> str:
    """Why, without the URL: the name of httpx's error, in plain words where it is a common one."""
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "too slow"
    return "a broken answer" if isinstance(error, httpx.RemoteProtocolError) else type(error).__name__


def _retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and len(value) < 7:
        return timedelta(seconds=int(value))
    until = _moment(value)
    return None if until is None else max(timedelta(0), until - now)


def _moment(value: str) -> datetime | None:
    """The moment of a date as HTTP writes it."""
    try:
        found = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _reset(value: str | None, meaning: str, now: datetime) -> timedelta | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    seconds = number - now.timestamp() if meaning == "epoch" and number > 1e6 else number
    return timedelta(seconds=min(max(seconds, 1.0), LONGEST.total_seconds())) if seconds == seconds else None
