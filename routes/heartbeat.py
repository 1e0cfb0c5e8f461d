"""Jobs report here: `POST /api/heartbeat/{key}` with their token, `/start` and `/fail` beside the plain ok."""

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
from model import Ping
from routes import _store
from routes._answers import NO_STORE, wrong
from routes.metrics import bearer, same

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
    ping = Ping(key, datetime.now(UTC), kind, words.excerpt(str(body.get("message", ""))))
    try:
        await _store.write(partial(_kept, ping))
    except store.StoreError:
        return wrong(503, "could not be kept; push again")
    return Response(status_code=204, headers=NO_STORE)


def _kept(ping: Ping, c: Any) -> None:
    pings.add(c, ping)


def _token(key: str) -> str:
    for monitor in settings.current().monitors:
        if monitor.key == key and monitor.check == "heartbeat":
            token = getattr(monitor.options, "token", None)
            return token.get_secret_value() if isinstance(token, SecretStr) else ""
    return ""


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
