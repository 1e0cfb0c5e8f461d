"""Closed runs of one confirmed status: the only source of uptime, kept for seven years."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from data.moments import CODE, STATUSES, micros, moment
from data.series import chosen
from data.tables import INTERVALS
from data.text import kept
from model import Interval


def add(c: Connection, ids: Mapping[str, int], intervals: Iterable[Interval]) -> None:
    """Writes intervals that have just closed."""
    rows = [
        {
            "series": ids[interval.series],
            "status": CODE[interval.status],
            "start_at": micros(interval.start),
            "end_at": micros(interval.end),
            "words": kept(interval.words),
        }
        for interval in intervals
    ]
    if rows:
        c.execute(insert(INTERVALS), rows)


def between(
    c: Connection, start: datetime, end: datetime, series: str | Collection[str] | None = None
) -> dict[str, tuple[Interval, ...]]:
    """The intervals of each series that touch ``start`` to ``end``, uncut, in the order they began.

    Series without any are left out. What is open still is not here but in the standing.
    """
    names = chosen(c, series)
    t = INTERVALS.c
    query = select(t.series, t.status, t.start_at, t.end_at, t.words).where(
        t.end_at > micros(start), t.start_at < micros(end)
    )
    if series is not None:
        query = query.where(t.series.in_(names))
    found: dict[int, list[Interval]] = {number: [] for number in names}
    ends: dict[int, datetime] = {}  # most intervals begin where another ended
    for number, code, began, ended, words in c.execute(query.order_by(t.start_at, t.id)).all():
        if number in found:
            end = ends[ended] = moment(ended)
            found[number].append(Interval(names[number], STATUSES[code], ends.get(began) or moment(began), end, words))
    return {names[number]: tuple(intervals) for number, intervals in found.items() if intervals}
