"""Our own health, in the shape that we understand ourselves: the whole, ready, live."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import settings
import words
from data import notifications, standings, store, watch
from model import Monitor, Standing, Status, WatchReport
from routes import _store
from routes._answers import answer
from rules.status import current

LATE, GONE = 15.0, 45.0  # seconds since the poller's last report: warn, fail
BEGUN = 60.0  # seconds after a start in which a reading may not have been made yet
OWED, STUCK = 120.0, 600.0  # seconds the oldest message is owed: warn, fail
_STARTED = time.monotonic()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says of us."""

    report: WatchReport | None
    waiting: int
    oldest: datetime | None
    standings: Mapping[str, Standing]


def _facts(c: Any) -> Facts:
    return Facts(watch.read(c), *notifications.waiting(c), standings.read(c))


async def whole(_request: Request) -> Response:
    """The aggregate: 200 when healthy or degraded, 503 when unhealthy."""
    began, now = time.perf_counter(), datetime.now(UTC)
    try:
        facts: Facts | None = await _store.read(_facts)
    except store.StoreError:  # its words may name a path: they are for the page about the watch, not for strangers
        facts = None
    took = round((time.perf_counter() - began) * 1000)
    checks = {
        "store": _part("fail", "the store cannot be read") if facts is None else _part("pass", "", responseTime=took),
        "poller": _poller(facts, now),
        "outbox": _outbox(facts, now),
        "integrations": _integrations(facts, now),
    }
    states = {check["status"] for check in checks.values()}
    state = "unhealthy" if "fail" in states else "degraded" if "warn" in states else "healthy"
    body = {
        "status": state,
        "timestamp": now.isoformat(),
        "version": facts.report.version if facts and facts.report else "unknown",
        "environment": settings.current().site.environment,
        "checks": checks,
    }
    return answer(body, 503 if state == "unhealthy" else 200, X_Response_Time=f"{took}ms")


def _part(status: str, message: str, **more: Any) -> dict[str, Any]:
    return {"status": status, **({"message": message} if message else {}), **more}


def _graded(age: float, limits: tuple[float, float], words_of: Callable[[str], str]) -> dict[str, Any]:
    status = "fail" if age > limits[1] else "warn" if age > limits[0] else "pass"
    return _part(status, words_of(words.lasted(age)) if status != "pass" else "")


def _poller(facts: Facts | None, now: datetime) -> dict[str, Any]:
    if facts is None or facts.report is None:
        return _part("fail", "no poller has reported yet")
    report = facts.report
    part = _graded((now - report.at).total_seconds(), (LATE, GONE), lambda age: f"last heard of {age} ago")
    if part["status"] == "pass" and report.blind:
        return _part("warn", "its own network is cut")
    return {
        **part,
        "details": {"late_p99_ms": round(report.late_p99, 1), "missed": report.missed, "queued": report.queued},
    }


def _outbox(facts: Facts | None, now: datetime) -> dict[str, Any]:
    if facts is None:
        return _part("fail", "the store cannot be read")
    if facts.oldest is None:
        return _part("pass", "")
    age = (now - facts.oldest).total_seconds()
    return _graded(
        age, (OWED, STUCK), lambda said: f"{words.count(facts.waiting, 'message')} owed, the oldest since {said}"
    )


def _integrations(facts: Facts | None, now: datetime) -> dict[str, Any]:
    """Whether outside services can be read; how they are is another question. Strangers hear numbers, not names."""
    readings = [each for known in settings.current().integrations for each in known.readings]
    if not readings:
        return _part("pass", "none are configured")
    if facts is None:
        return _part("fail", "the store cannot be read")
    blind = sum(_blind(facts, each, now) for each in readings)
    if not blind:
        return _part("pass", "")
    return _part("warn", f"{blind} of {words.count(len(readings), 'reading')} cannot be made")


def _blind(facts: Facts, reading: Monitor, now: datetime) -> bool:
    standing = facts.standings.get(reading.key)
    if standing is None or standing.seen is None:
        began = facts.report.started if facts.report else now
        return standing is not None or (now - began).total_seconds() > reading.timeout + BEGUN
    return current(standing, reading.horizon, now)[0] is Status.UNKNOWN


async def ready(_request: Request) -> Response:
    """200 when a new connection to the store works and the poller lives; else 503 with the reason."""
    now = datetime.now(UTC)
    try:
        facts: Facts | None = await _store.fresh(_facts)
    except store.StoreError:
        facts = None
    poller = _poller(facts, now)
    checks = [
        {"component": "store", "ready": facts is not None, "message": "" if facts else "the store cannot be opened"},
        {"component": "poller", "ready": poller["status"] != "fail", "message": poller.get("message", "")},
    ]
    fine = all(check["ready"] for check in checks)
    body = {"status": "ready" if fine else "not ready", "timestamp": now.isoformat(), "checks": checks}
    return answer(body, 200 if fine else 503)


async def live(_request: Request) -> Response:
    """200 while this process answers at all."""
    now = datetime.now(UTC).isoformat()
    return answer(
        {"status": "alive", "timestamp": now, "pid": os.getpid(), "uptime": round(time.monotonic() - _STARTED, 1)}
    )


ROUTES = [Route("/api/health", whole), Route("/api/health/ready", ready), Route("/api/health/live", live)]
