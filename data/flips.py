"""Passages from one status to another, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from data.moments import CODE, STATUSES, micros, moment
from data.series import chosen
from data.tables import FLIPS
from data.text import kept
from model import Flip


def add(c: Connection, ids: Mapping[str, int], flips: Iterable[Flip]) -> None:
    """Writes flips that have just been decided."""
    rows = [
        {
            "series": ids[flip.series],
            "before": CODE[flip.before],
            "after": CODE[flip.after],
            "at": micros(flip.at),
            "seen": micros(flip.seen),
            "words": kept(flip.words),
        }
        for flip in flips
    ]
    if rows:
        c.execute(insert(FLIPS), rows)


def between(
    c: Connection, start: datetime, end: datetime, series: str | Collection[str] | None = None, limit: int = 500
) -> tuple[Flip, ...]:
    """The newest ``limit`` flips dated from ``start`` up to ``end`` (exclusive), newest first."""
    names = chosen(c, series)
    t = FLIPS.c
    query = select(t.series, t.before, t.after, t.at, t.seen, t.words).where(t.at >= micros(start), t.at < micros(end))
    if series is not None:
        query = query.where(t.series.in_(names))
    rows = c.execute(query.order_by(t.at.desc(), t.id.desc()).limit(limit))
    return tuple(
        Flip(names[number], STATUSES[before], STATUSES[after], moment(at), moment(seen), words)
        for number, before, after, at, seen, words in rows
        if number in names
    )
