"""Browsers tell here how fast they were: `POST /api/vitals`, one measurement or a list, from the platform's pages."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import Counter, deque
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import settings
from data import store
from data import vitals as kept
from model import Vital
from routes import _store
from routes._account import book
from routes._answers import NO_STORE, wrong
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


async def beacon(request: Request) -> Response:
    """204 once it is committed; 429 and 503 when it was shed, which is counted."""
    if not _allowed(request):
        Doors.intake.turn_away("refused")
        return wrong(403, "pages of other sites may not send here; [vitals] origins lists those that may")
    return await _taken(request)


async def _taken(request: Request) -> Response:
    whose = address(request)
    if not Doors.throttle.lets(whose):  # before anything is read; what was in it is charged then
        Doors.intake.turn_away("shed")
        return _shed(429, "too many at once")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS or request.headers.get("content-encoding", "identity") != "identity":
        Doors.intake.turn_away("refused")
        return wrong(415, "expected JSON as text/plain or application/json")
    try:
        releases = (await Doors.releases.known()).commits
        found, unfit = vitals.read(
            json.loads(await request.body()), known(releases), at=datetime.now(UTC), device=_device(request),
            nonce=secrets.token_hex(8),
        )  # fmt: skip
    except (ValueError, RecursionError):
        Doors.intake.turn_away("refused")
        return wrong(400, "expected JSON")
    except vitals.Unfit as reason:
        Doors.intake.turn_away("refused", reason.many)
        return wrong(400, reason.words)
    if unfit:
        Doors.intake.turn_away("refused", unfit)
    if not Doors.throttle.lets(whose, len(found) - 1):
        Doors.intake.turn_away("shed", len(found))
        return _shed(429, "too many at once")
    safe = Doors.intake.offer(found)
    if safe is None:
        Doors.intake.turn_away("shed", len(found))
        return _shed(503, "too many wait already")
    if not await safe:
        return _shed(503, "could not be kept")
    return Response(status_code=204, headers=NO_STORE)


def _shed(status: int, words: str) -> Response:
    answer = wrong(status, words)
    answer.headers["Retry-After"] = "10"
    return answer


def known(releases: frozenset[str] = frozenset()) -> vitals.Known:
    """What names may be kept, for beacons and drains alike."""
    told = settings.current().vitals
    return vitals.Known(told.routes, told.metrics, releases)


def _allowed(request: Request) -> bool:
    """Whether the pages of its Origin may send here; that they may read the answer is said by routes/_policy.py."""
    return request.headers.get("origin", "").lower() in settings.current().vitals.origins


def _device(request: Request) -> str:
    """The class alone; what the browser says of itself goes no further than here."""
    mobile, agent = request.headers.get("sec-ch-ua-mobile", ""), request.headers.get("user-agent", "")
    phone = mobile == "?1" or "Mobi" in agent
    # an iPad of today says that it is a Mac, and no header tells otherwise: it counts as a desktop
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and not phone):
        return "tablet"
    return "phone" if phone else "desktop"


async def preflight(request: Request) -> Response:
    """What a browser asks before it sends application/json from another origin."""
    if not _allowed(request):
        return wrong(403, "pages of other sites may not send here")
    said = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=NO_STORE | said)


ROUTES = [
    Route("/api/vitals", beacon, methods=["POST"]),
    Route("/api/vitals", preflight, methods=["OPTIONS"]),
]
