"""May it be released? `GET /api/gate/{checklist}` with the bearer token: the verdict with its evidence."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import gate
import settings
from data import revision, store
from data.store import Connection
from model import Checklist, Ruling, Verdict
from routes import _store
from routes._answers import NO_STORE, answer, wrong
from routes.metrics import bearer, same


async def ask(request: Request) -> Response:
    """200 with the verdict, as text/plain two lines; 404 without a token or such a list, 401 for a wrong token."""
    known = settings.current()
    if known.server.metrics_token is None:
        return wrong(404, "there is nothing here")
    if not same(bearer(request), known.server.metrics_token.reveal()):
        return wrong(401, "a bearer token is needed")
    checklist = gate.of(known, request.path_params["name"])
    release = request.query_params.get("release", "")
    if checklist is None:
        return wrong(404, "there is no checklist of that key")
    if release and not gate.SHAPE.fullmatch(release):
        return wrong(400, "expected a release such as a commit")
    try:
        verdict, unknown = await _store.read(partial(_judged, checklist, release))
        if unknown:
            await _noted(release)
    except store.StoreError:
        return wrong(503, "the store cannot be read")
    if request.headers.get("accept", "").strip().startswith("text/plain"):
        return PlainTextResponse(f"{verdict.state}\n{' '.join(verdict.words.split())}\n", headers=NO_STORE)
    return answer(shown(verdict))


def _judged(checklist: Checklist, release: str, c: Connection) -> tuple[Verdict, bool]:
    """The verdict, and whether people must be told that somebody waits for this release."""
    now = datetime.now(UTC)
    verdict, _ = gate.answer(c, settings.current(), checklist, release, now)
    return verdict, checklist.per_release and gate.news(c, release, now)


async def _noted(release: str) -> None:
    """That somebody asked is worth less than the answer: where it cannot be written it is written next time."""
    with suppress(store.StoreError):
        await _store.write(partial(_note, release))


def _note(release: str, c: Connection) -> None:
    gate.ask(c, release, datetime.now(UTC))
    revision.bump(c)


def shown(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON; people stay pseudonyms."""
    return {
        "checklist": verdict.checklist,
        "release": verdict.release,
        "verdict": verdict.state,
        "words": verdict.words,
        "at": verdict.at.isoformat(timespec="seconds"),
        "waivers": verdict.waivers,
        "items": [_item(each) for each in verdict.rulings],
    }


def _item(each: Ruling) -> dict[str, Any]:
    return {
        "key": each.item.key,
        "title": each.item.title,
        "group": each.item.group,
        "state": each.state,
        "words": each.words,
        "blocking": each.item.blocking,
        "automatic": bool(each.item.gate),
        "owner": each.item.owner,
        "seen": each.at.isoformat(timespec="seconds") if each.at else None,
        "of": each.of,
        "until": each.until.isoformat(timespec="seconds") if each.until else None,
    }


ROUTES = [Route("/api/gate/{name}", ask, methods=["GET"])]
