"""The board as the doors need it: without curves and strips, kept for as long as the store's revision stays."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import settings
from data import days, revision, standings
from model import Board, Uptime
from routes import _store
from rules import board as rules_board
from rules import uptime

FRESH = 5.0  # seconds
_making = asyncio.Lock()
_kept: dict[str, tuple[int, float, Board]] = {}


async def current() -> Board:
    """All tiles with 90 days of uptime. Raises data.store.StoreError."""
    url = settings.current().store.url
    number = await _store.read(revision.read)
    async with _making:  # of many who ask at the same moment one makes it
        found = _kept.get(url)
        if found and found[0] == number and time.monotonic() - found[1] < FRESH:
            return found[2]
        board = await _store.read(_made)
        _kept[url] = (number, time.monotonic(), board)
        return board


def _made(c: Any) -> Board:
    known, now = settings.current(), datetime.now(UTC)
    today = now.astimezone(known.site.timezone).date()
    monitors = {monitor.key: monitor for monitor in known.monitors}
    stood, spent = standings.read(c), days.between(c, today - timedelta(days=89), today, list(monitors))
    totals = {key: uptime.add(*(day.uptime for day in each)) for key, each in spent.items()}
    tiles = [
        rules_board.tile(m, stood.get(key), now, monitors, stood, known.maintenance, total=totals.get(key, Uptime()))
        for key, m in monitors.items()
    ]
    return rules_board.board(tiles, known.monitors, now)
