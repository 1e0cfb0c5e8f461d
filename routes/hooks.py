"""Vercel tells of deployments here, signed: each event counts once and triggers looks; and drains Speed Insights."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import settings
from data import hooks, store
from data import vitals as kept
from model import Hook, Vital
from routes import _store
from routes._account import book
from routes._answers import NO_STORE, wrong
from routes.vitals import Doors, known
from rules import drains, vitals

WINDOW = timedelta(minutes=5)  # the signature holds no time of its own: what is older may be a replay
KIND = re.compile(r"[a-z][a-z.-]{0,59}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def drain(request: Request) -> Response:
    """Vercel's Speed Insights drain: JSON or NDJSON, plain or gzip; 204 when what could be used is committed."""
    secret = _secret("drain_secret")
    if not secret:
        return wrong(404, "there is nothing here")
    raw, signature = await request.body(), request.headers.get("x-vercel-signature", "")
    gzipped = request.headers.get("content-encoding", "").strip().lower() == "gzip"
    if not signed(raw, signature, secret):
        return wrong(401, "the signature is not right")
    shipped = await Doors.releases.known()
    try:  # eight megabytes to unpack and thousands of items to hash: pages are served by this loop
        found, many = await run_in_threadpool(_drained, raw, gzipped, shipped.of)
        await _store.write(partial(_measured, found, many - len(found)))
    except vitals.Unfit as reason:
        return wrong(400, reason.words)
    except store.StoreError:
        return wrong(503, "could not be kept; send it again")
    return Response(status_code=204, headers=NO_STORE)


def _drained(raw: bytes, gzipped: bool, commits: Mapping[str, str]) -> tuple[list[Vital], int]:
    """What could be used of a body, and how many items it had."""
    told, now = settings.current(), datetime.now(UTC)
    rows = drains.rows(raw, gzipped=gzipped)
    read = (drains.read(row, known(), now, told.site.environment, commits) for row in rows)
    return [each for each in read if each is not None], len(rows)


def _measured(found: list[Vital], dropped: int, c: Any) -> None:
    kept.add(c, found, vitals.bucket, vitals.rating, partial(vitals.folded, known()))
    book(c, datetime.now(UTC), Counter(drained=len(found), dropped=dropped))


async def vercel(request: Request) -> Response:
    """204 once it is committed, also for one that is known; 404 while no secret is configured, 401 for a forged one."""
    secret = _secret("hook_secret")
    if not secret:
        return wrong(404, "there is nothing here")
    raw = await request.body()  # the guard has cut longer ones
    if not signed(raw, request.headers.get("x-vercel-signature", ""), secret):
        return wrong(401, "the signature is not right")
    hook = _read(raw)
    if hook is None:
        return wrong(400, "expected an event of Vercel with id, type and createdAt")
    if abs(datetime.now(UTC) - hook.at) > WINDOW:
        return wrong(401, "the event is too old, or a clock is wrong")
    try:
        await _store.write(partial(_kept, hook))
    except store.StoreError:
        return wrong(503, "could not be kept; send it again")
    return Response(status_code=204, headers=NO_STORE)


def _kept(hook: Hook, c: Any) -> None:
    hooks.add(c, hook)


def signed(raw: bytes, signature: str, secret: str) -> bool:
    """Vercel signs the raw body: HMAC-SHA1 with the webhook's secret, in small hexadecimal digits."""
    wanted = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def _secret(name: str) -> str:
    for integration in settings.current().integrations:
        if integration.name == "vercel":
            secret = getattr(integration.options, name, None)
            return secret.get_secret_value() if isinstance(secret, SecretStr) else ""
    return ""


def _read(raw: bytes) -> Hook | None:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    said = body if isinstance(body, dict) else {}
    event, kind, at = said.get("id"), said.get("type"), said.get("createdAt")
    if not (_fits(NAME, event) and _fits(KIND, kind) and isinstance(at, int) and 0 < at < 1 << 43):
        return None
    payload = said.get("payload")
    deployment = payload.get("deployment") if isinstance(payload, dict) else None
    subject = deployment.get("id") if isinstance(deployment, dict) else None
    made = datetime.fromtimestamp(at / 1000, UTC)
    return Hook(str(event), str(kind), made, str(subject) if _fits(NAME, subject) else "")


def _fits(shape: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


ROUTES = [
    Route("/api/hooks/vercel", vercel, methods=["POST"]),
    Route("/api/hooks/vercel-drain", drain, methods=["POST"]),
]
