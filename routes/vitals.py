"""Browsers tell here how fast they were: `POST /api/vitals`, one measurement or a list, from the platform's pages."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import settings
from data import store
from data import vitals as kept
from model import Vital
from routes import _store
from routes._account import book
from routes._answers import NO_STORE, wrong
from routes._door import Door
from routes._peer import address
from routes._shipped import Releases
from routes._throttle import Throttle
from rules import vitals

log = logging.getLogger("wardround.server")
KINDS = ("", "text/plain", "application/json", "application/octet-stream")
PER_ADDRESS, BURST = 5.0, 120.0  # measurements a second of one address in the long run, and at once
ALL, ALL_BURST = 1000.0, 1000.0  # of everybody: pages are served by the same process
WAITING = 6000  # measurements that may wait for their commit
BATCH = 3000  # of one commit
PAUSE = 0.2  # seconds between two commits
REST = 2.0  # after one that failed
PROCESS = secrets.token_hex(8)  # with a number it stands for the id of what has none
_number = count()
KEPT = Response(status_code=204, headers=NO_STORE)
Waiting = tuple[list[Vital], asyncio.Future[bool]]


class Intake:
    """Measurements wait here for their commit; whoever sent them is answered when it is done."""

    def __init__(self) -> None:
        self.waiting: deque[Waiting] = deque()
        self.size = 0
        self.turned_away: Counter[str] = Counter()  # shed and refused, not yet written
        self._running: asyncio.Task[None] | None = None

    def offer(self, found: list[Vital]) -> asyncio.Future[bool] | None:
        """A future that tells whether they are safe; None when there is no room: shed them."""
        if self.size + len(found) > WAITING:
            return None
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append((found, future))
        self.size += len(found)
        self._run()
        return future

    def turn_away(self, why: str, many: int = 1) -> None:
        """Counts what was shed or refused; the count is written with the next commit."""
        self.turned_away[why] += many
        self._run()

    def _run(self) -> None:
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._commit())

    async def _commit(self) -> None:
        """Commits what waits, batch by batch, until nothing does and every count is written."""
        safe = True
        while self.waiting or +self.turned_away:
            await asyncio.sleep(PAUSE if safe else REST)
            batch, many = self._batch()
            away = Counter(self.turned_away)
            safe = await self._safe(batch, away)
            if safe:
                self.turned_away -= away
            else:
                self.turned_away["shed"] += many
            for _, future in batch:
                if not future.done():
                    future.set_result(safe)

    async def _safe(self, batch: list[Waiting], away: Counter[str]) -> bool:
        """Whether the batch is committed. Whatever breaks: who waits for it must be answered."""
        try:
            await _store.write(partial(self._written, batch, away))
        except store.StoreError:
            return False
        except Exception:
            log.exception("beacons could not be kept")
            return False
        return True

    def _batch(self) -> tuple[list[Waiting], int]:
        batch: list[Waiting] = []
        many = 0
        while self.waiting and many < BATCH:
            batch.append(self.waiting.popleft())
            many += len(batch[-1][0])
        self.size -= many
        return batch, many

    def _written(self, batch: list[Waiting], away: Counter[str], c: Any) -> None:
        every = [each for found, _ in batch for each in found]
        kept.add(c, every, vitals.bucket, vitals.rating, partial(vitals.folded, known()))
        many = sum(len(found) for found, _ in batch)
        book(c, datetime.now(UTC), away + Counter(accepted=many))


class Doors:
    """What lives as long as the process does: made anew by tests."""

    intake = Intake()
    releases = Releases()
    throttle = Throttle(PER_ADDRESS, BURST, ALL, ALL_BURST)


class Beacon(Door):
    """204 once it is committed; 429 and 503 when it was shed, which is counted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _answer(scope, receive)
        await answer(scope, receive, send)

    def refused(self) -> None:
        """A body too long or too slow is counted as well."""
        Doors.intake.turn_away("refused")


async def _answer(scope: Scope, receive: Receive) -> Response:
    said = _said(scope)
    if not _allowed(said):
        Doors.intake.turn_away("refused")
        return wrong(403, "pages of other sites may not send here; [vitals] origins lists those that may")
    whose = address(scope)
    if not Doors.throttle.lets(whose):  # before anything is read; what was in it is charged then
        Doors.intake.turn_away("shed")
        return _shed(429, "too many at once")
    kind = said.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS or said.get("content-encoding", "identity") != "identity":
        Doors.intake.turn_away("refused")
        return wrong(415, "expected JSON as text/plain or application/json")
    try:
        found, unfit = vitals.read(
            json.loads(await _body(receive)), known((await Doors.releases.known()).commits), at=datetime.now(UTC),
            device=_device(said), nonce=f"{PROCESS}-{next(_number)}-",
        )  # fmt: skip
    except (ValueError, RecursionError):
        Doors.intake.turn_away("refused")
        return wrong(400, "expected JSON")
    except vitals.Unfit as reason:
        Doors.intake.turn_away("refused", reason.many)
        return wrong(400, reason.words)
    if unfit:
        Doors.intake.turn_away("refused", unfit)
    if len(found) > 1 and not Doors.throttle.lets(whose, len(found) - 1):
        Doors.intake.turn_away("shed", len(found))
        return _shed(429, "too many at once")
    return await _kept(found)


async def _kept(found: list[Vital]) -> Response:
    safe = Doors.intake.offer(found)
    if safe is None:
        Doors.intake.turn_away("shed", len(found))
        return _shed(503, "too many wait already")
    return KEPT if await safe else _shed(503, "could not be kept")


async def _body(receive: Receive) -> bytes:
    """The guard has it whole already; what breaks off is no JSON."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body", False))
    return body


def _shed(status: int, words: str) -> Response:
    answer = wrong(status, words)
    answer.headers["Retry-After"] = "10"
    return answer


def known(releases: frozenset[str] = frozenset()) -> vitals.Known:
    """What names may be kept, for beacons and drains alike."""
    told = settings.current().vitals
    return vitals.Known(told.routes, told.metrics, releases)


def _allowed(said: Mapping[str, str]) -> bool:
    """Whether the pages of its Origin may send here; that they may read the answer is said by routes/_policy.py."""
    return said.get("origin", "").lower() in settings.current().vitals.origins


def _said(scope: Scope) -> Mapping[str, str]:
    """The headers, the first one of each name: Starlette's own look goes through all of them for each."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _device(said: Mapping[str, str]) -> str:
    """The class alone; what the browser says of itself goes no further than here."""
    mobile, agent = said.get("sec-ch-ua-mobile", ""), said.get("user-agent", "")
    phone = mobile == "?1" or "Mobi" in agent
    # an iPad of today says that it is a Mac, and no header tells otherwise: it counts as a desktop
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and not phone):
        return "tablet"
    return "phone" if phone else "desktop"


async def preflight(request: Request) -> Response:
    """What a browser asks before it sends application/json from another origin."""
    if not _allowed(_said(request.scope)):
        return wrong(403, "pages of other sites may not send here")
    said = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=NO_STORE | said)


ROUTES = [
    Route("/api/vitals", Beacon(), methods=["POST"]),
    Route("/api/vitals", preflight, methods=["OPTIONS"]),
]
