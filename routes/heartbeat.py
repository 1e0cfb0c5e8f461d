"""Jobs and restore drills report here: `POST /api/heartbeat/{key}` with their token, `/start` and `/fail` beside ok."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import settings
import words
from data import pings, store
from duration import parse
from model import Ping
from routes import _store
from routes._answers import NO_STORE, wrong
from routes.metrics import bearer, same

LONGEST = 10 * 366 * 86_400.0
PUSHED = ("heartbeat", "drill")
KINDS = {"ok": "ok", "success": "ok", "start": "start", "fail": "fail", "failed": "fail"}


async def push(request: Request) -> Response:
    """204 once it is committed. An unknown key and a wrong token get the same 401."""
    key = request.path_params["key"]
    if not same(bearer(request), _token(key)):
        return wrong(401, "an unknown heartbeat, or the wrong token")
    body = await _body(request)
    kind = KINDS.get(request.path_params.get("kind") or _status(body))
    if body is None or kind is None:
        return wrong(400, f'expected nothing, or JSON such as {{"status": "ok"}}; status is one of {", ".join(KINDS)}')
    try:
        reached = [_lasted(body.get(name)) for name in ("rpo", "rto")]
    except ValueError:
        return wrong(400, 'expected rpo and rto as durations such as 90 or "15m"')
    ping = Ping(key, datetime.now(UTC), kind, words.excerpt(str(body.get("message", ""))), *reached)
    try:
        await _store.write(partial(_kept, ping))
    except store.StoreError:
        return wrong(503, "could not be kept; push again")
    return Response(status_code=204, headers=NO_STORE)


def _lasted(value: object) -> float | None:
    """Seconds; None when nothing is said. ValueError for what is no duration, or longer than a drill can be."""
    if value is None:
        return None
    if (seconds := parse(value)) > LONGEST:
        raise ValueError("too long")
    return seconds


def _kept(ping: Ping, c: Any) -> None:
    pings.add(c, ping, drill=_check(ping.key) == "drill")


def _token(key: str) -> str:
    for monitor in settings.current().monitors:
        if monitor.key == key and monitor.check in PUSHED:
            token = getattr(monitor.options, "token", None)
            return token.get_secret_value() if isinstance(token, SecretStr) else ""
    return ""


def _check(key: str) -> str:
    return next((each.check for each in settings.current().monitors if each.key == key), "")


async def _body(request: Request) -> dict[str, Any] | None:
    """The JSON object of the body, {} for none; None for anything else."""
    raw = await request.body()  # the guard has cut longer ones
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _status(body: dict[str, Any] | None) -> str:
    return str((body or {}).get("status", "ok"))


ROUTES = [
    Route("/api/heartbeat/{key}", push, methods=["POST"]),
    Route("/api/heartbeat/{key}/{kind}", push, methods=["POST"]),
]
