"""What each reading of an outside service said last, and what it said when it last measured something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from data.moments import maybe_moment, micros, moment
from data.plain import text_of, value_of
from data.tables import SNAPSHOTS
from data.upsert import upsert
from model import Snapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest snapshot of a reading, and the newest that measured something with its moment."""

    at: datetime
    newest: Snapshot
    good_at: datetime | None
    good: Snapshot | None


def put(
    c: Connection, found: Mapping[str, tuple[datetime, Snapshot]], good: Mapping[str, Snapshot] | None = None
) -> None:
    """Writes the newest snapshot of each reading; one that measured nothing leaves the last good one as it is.

    ``good`` is what is known of a reading in all, where that is more than its newest snapshot: a part of that could not
    be read.
    """
    if not found:
        return
    before = _rows(c, set(found))
    rows = []
    for key, (at, snapshot) in found.items():
        body = text_of(snapshot)
        good_at, kept = before.get(key, (None, None))
        if good and key in good:
            good_at, kept = micros(at), text_of(good[key])
        elif snapshot.measured:
            good_at, kept = micros(at), body
        rows.append({"key": key, "at": micros(at), "body": body, "good_at": good_at, "good": kept})
    c.execute(upsert(c, SNAPSHOTS), rows)


def _rows(c: Connection, keys: set[str]) -> dict[str, tuple[int | None, str | None]]:
    t = SNAPSHOTS.c
    return {key: (at, good) for key, at, good in c.execute(select(t.key, t.good_at, t.good).where(t.key.in_(keys)))}


def read(c: Connection) -> dict[str, Kept]:
    """Every reading that ever answered, by its key."""
    t = SNAPSHOTS.c
    return {
        key: Kept(
            moment(at), value_of(Snapshot, body), maybe_moment(good_at), value_of(Snapshot, good) if good else None
        )
        for key, at, body, good_at, good in c.execute(select(t.key, t.at, t.body, t.good_at, t.good))
    }
