"""Prometheus text of the monitors and of ourselves, for whoever holds the token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import settings
from data import notifications, store, watch
from model import Board, Status, WatchReport
from routes import _board, _store
from routes._answers import NO_STORE, wrong
from rules import uptime

Row = tuple[str, str, float]
VALUE = {Status.UP: 1.0, Status.DEGRADED: 0.5, Status.DOWN: 0.0}


def bearer(request: Request) -> str:
    """The token of the Authorization header; empty when there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def same(given: str, wanted: str) -> bool:
    """Compared in constant time, whether there is a secret or not; an empty one is never right."""
    equal = hmac.compare_digest(given.encode(), (wanted or secrets.token_hex()).encode())
    return equal and bool(wanted)


async def metrics(request: Request) -> Response:
    """404 while no token is configured, 401 for a wrong one."""
    token = settings.current().server.metrics_token
    if token is None:
        return wrong(404, "there is nothing here")
    if not same(bearer(request), token.reveal()):
        return wrong(401, "a bearer token is needed")
    try:
        board, (report, waiting) = await _board.current(), await _store.read(_ourselves)
    except store.StoreError:
        return wrong(503, "the store cannot be read")
    text = "".join(_lines(board, report, waiting))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4", headers=NO_STORE)


def _ourselves(c: Any) -> tuple[WatchReport | None, int]:
    return watch.read(c), notifications.waiting(c)[0]


def _lines(board: Board, report: WatchReport | None, waiting: int) -> Iterable[str]:
    now = datetime.now(UTC)
    yield from _family("wardround_monitor_up", "1 up, 0.5 degraded, 0 down; absent: unknown", _states(board))
    yield from _family(
        "wardround_monitor_latency_seconds",
        "Latency of the newest answer",
        [("", t.key, t.latency / 1000) for t in board.tiles if t.latency is not None],
    )
    shares = [("", t.key, uptime.share(t.uptime)) for t in board.tiles]
    yield from _family(
        "wardround_monitor_uptime_ratio", "Uptime of 90 days", [(a, k, s) for a, k, s in shares if s is not None]
    )
    ages = [("", t.key, (now - t.seen).total_seconds()) for t in board.tiles if t.seen]
    yield from _family("wardround_monitor_last_sample_age_seconds", "Age of the newest sample", ages)
    yield from _family("wardround_outbox_waiting", "Messages owed", [("", "", float(waiting))])
    if report is not None:
        yield from _family(
            "wardround_poller_age_seconds", "Age of the poller's report", [("", "", (now - report.at).total_seconds())]
        )
        yield from _family(
            "wardround_poller_late_p99_seconds", "Lateness of probes", [("", "", report.late_p99 / 1000)]
        )
        yield from _family("wardround_poller_missed_total", "Turns that were skipped", [("", "", float(report.missed))])


def _states(board: Board) -> list[Row]:
    return [("", t.key, VALUE[t.status]) for t in board.tiles if t.status in VALUE and not board.stale]


def _family(name: str, words: str, rows: Iterable[Row]) -> Iterable[str]:
    yield f"# HELP {name} {words}\n# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}\n"
    for _, key, value in rows:
        yield f'{name}{{monitor="{key}"}} {value:g}\n' if key else f"{name} {value:g}\n"


ROUTES = [Route("/metrics", metrics)]
