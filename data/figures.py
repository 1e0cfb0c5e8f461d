"""Numbers that outside services gave, hour by hour: the last one of each hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from data.moments import micros, moment_s
from data.tables import FIGURES
from data.upsert import put_rows
from model import Figure

HOUR = 3600


def add(c: Connection, key: str, at: datetime, figures: Iterable[Figure]) -> None:
    """Keeps the figures of the reading ``key`` under ``<key>/<name>``; a later one of the same hour replaces them."""
    add_all(c, [(key, at, figures)])


def add_all(c: Connection, found: Iterable[tuple[str, datetime, Iterable[Figure]]]) -> None:
    """The same of many readings, or of many moments: (key, moment, figures); no two of them of one hour."""
    put_rows(
        c,
        FIGURES,
        [
            (f"{key}/{figure.name}", micros(at) // 1_000_000 // HOUR, float(figure.value))
            for key, at, figures in found
            for figure in figures
        ],
    )


def between(
    c: Connection, start: datetime, end: datetime, names: Iterable[str] = ()
) -> Mapping[str, tuple[tuple[datetime, float], ...]]:
    """(start of the hour, value) of each name, oldest first; all names when none is given."""
    t, found = FIGURES.c, dict[str, list[tuple[datetime, float]]]()
    low, high = (micros(at) // 1_000_000 // HOUR for at in (start, end))
    query = select(t.name, t.hour, t.value).where(t.hour >= low, t.hour <= high)
    wanted = list(names)
    for name, hour, value in c.execute((query.where(t.name.in_(wanted)) if wanted else query).order_by(t.hour)):
        found.setdefault(name, []).append((moment_s(hour * HOUR), value))
    return {name: tuple(points) for name, points in found.items()}


def prune(c: Connection, before: datetime, limit: int = 5000) -> int:
    """Deletes at most ``limit`` figures of hours before ``before``; returns how many."""
    t = FIGURES.c
    old = select(t.name, t.hour).where(t.hour < micros(before) // 1_000_000 // HOUR).limit(limit)
    keys = [(name, hour) for name, hour in c.execute(old)]
    if keys:
        c.execute(
            delete(FIGURES).where(t.name == bindparam("n"), t.hour == bindparam("h")),
            [{"n": name, "h": hour} for name, hour in keys],
        )
    return len(keys)
