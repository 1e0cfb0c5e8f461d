"""Seconds of each status by calendar day of the site: what the strips of 90 days are drawn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from data.series import BITS, MOST, chosen
from data.tables import DAYS
from data.upsert import upsert
from model import Day, Uptime

STATUSES = ("up", "degraded", "down", "maintenance", "unknown")
FIRST = date(1970, 1, 1).toordinal()


def put(c: Connection, ids: Mapping[str, int], days: Iterable[Day]) -> None:
    """Writes days over older ones of the same series and date; seconds are kept to the millisecond."""
    rows = [_row(ids[day.series], day) for day in days]
    if rows:
        c.execute(upsert(c, DAYS), rows)


def _row(number: int, day: Day) -> dict[str, Any]:
    seconds = {status: round(getattr(day.uptime, status) * 1000) for status in STATUSES}
    return {"key": day.date.toordinal() - FIRST << BITS | number, **seconds}


def between(
    c: Connection, first: date, last: date, series: str | Collection[str] | None = None
) -> dict[str, tuple[Day, ...]]:
    """The days of each series from ``first`` to ``last`` (inclusive), oldest first; series without any are left out."""
    names = chosen(c, series)
    low, high = first.toordinal() - FIRST, last.toordinal() - FIRST + 1
    key = DAYS.c.key
    query = select(DAYS).where(key >= low << BITS, key < high << BITS)
    if series is not None:
        query = query.where(key.op("&")(MOST).in_(names))
    dates = {n: date.fromordinal(FIRST + n) for n in range(low, high)}
    found: dict[int, list[Day]] = {number: [] for number in names}
    # Spelled out: a board of 100 monitors makes 9,000 of these, and a loop over the columns doubles the time.
    for at, up, degraded, down, maintenance, unknown in c.execute(query.order_by(key)).all():
        number = at & MOST
        if number in found:
            uptime = Uptime(up / 1000, degraded / 1000, down / 1000, maintenance / 1000, unknown / 1000)
            found[number].append(Day(names[number], dates[at >> BITS], uptime))
    return {names[number]: tuple(days) for number, days in found.items() if days}
