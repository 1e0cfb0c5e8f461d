"""A badge for a README: the state of one public monitor as SVG; internal ones do not exist here."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data import store
from model import Status
from routes import _board
from routes._answers import wrong
from rules.public import WORD

COLOUR = {
    Status.UP: "#1a7f4b",
    Status.DEGRADED: "#8a5a00",
    Status.DOWN: "#c01f33",
    Status.MAINTENANCE: "#2457a6",
    Status.UNKNOWN: "#5b6472",
}
SHAPE = {Status.UP: "✓", Status.DEGRADED: "▲", Status.DOWN: "✕", Status.MAINTENANCE: "⚒", Status.UNKNOWN: "?"}


async def badge(request: Request) -> Response:
    """404 for what is unknown and for what is internal: nobody can tell them apart."""
    key = request.path_params["key"]
    try:
        board = await _board.current()
    except store.StoreError:
        return wrong(503, "the store cannot be read")
    tile = next((tile for tile in board.tiles if tile.key == key and tile.public), None)
    if tile is None:
        return wrong(404, "there is no such badge")
    state = Status.UNKNOWN if board.stale else tile.status
    return Response(
        drawn(tile.public or "", state), media_type="image/svg+xml", headers={"Cache-Control": "max-age=30"}
    )


def drawn(name: str, state: Status) -> str:
    """The picture: name left, shape and word right; widths are estimated, as no font is asked."""
    name, word = name[:60], f"{SHAPE[state]} {WORD[state]}"
    left, right = 14 + round(6.6 * len(name)), 14 + round(6.4 * len(word))
    said = escape(f"{name}: {WORD[state]}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect width="{left + right}" height="20" rx="4" fill="#2b323c"/>'
        f'<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{right - 4}z" fill="{COLOUR[state]}"/>'
        '<g fill="#fff" font-family="Inter,Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{escape(name)}</text><text x="{left + right / 2}" y="14">{escape(word)}</text>'
        "</g></svg>"
    )


ROUTES = [Route("/badge/{key}.svg", badge)]
