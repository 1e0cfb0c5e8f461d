"""The public status in the shape of Statuspage v2, from an allow-list: summary and status."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import settings
from data import store
from model import Board
from routes import _board
from routes._answers import answer
from rules import public

ANYBODY = "*"  # whose pages may read it: it is public, and holds nothing that is not


async def _status() -> dict[str, object]:
    known, now = settings.current(), datetime.now(UTC)
    try:
        board = await _board.current()
    except store.StoreError:
        board = Board(now, None, True)
    return public.summary(public.public(known.site.name, board, known.maintenance, now))


async def summary(_request: Request) -> Response:
    """Everything that is public."""
    return answer(await _status(), Access_Control_Allow_Origin=ANYBODY)


async def status(_request: Request) -> Response:
    """The page and its one word."""
    whole = await _status()
    return answer({key: whole[key] for key in ("page", "status", "stale")}, Access_Control_Allow_Origin=ANYBODY)


ROUTES = [Route("/api/v2/summary.json", summary), Route("/api/v2/status.json", status)]
