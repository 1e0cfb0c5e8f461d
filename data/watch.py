"""What the poller says of itself, once a second, and small notes that outlast a restart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select

from data.moments import micros, moment
from data.tables import NOTES, WATCH
from data.text import kept
from data.upsert import put_rows, upsert
from model import WatchReport

MOMENTS = ("at", "started")
BEACONS = "beacons"  # the note that counts what came in today and what was turned away
FILLING = "demo"  # the note that says how far the history of the demo is written; gone when it is whole


def report(c: Connection, watched: WatchReport) -> None:
    """Writes the newest report over the older one."""
    moments = {name: micros(getattr(watched, name)) for name in MOMENTS}
    value = asdict(watched) | moments | {"words": kept(watched.words)}
    put_rows(c, WATCH, [(1, json.dumps(value))])


def read(c: Connection) -> WatchReport | None:
    """The newest report; None when no poller ever ran on this store."""
    body = c.execute(select(WATCH.c.body)).scalar()
    if body is None:
        return None
    value = json.loads(body)
    return WatchReport(**value | {name: moment(value[name]) for name in MOMENTS})


def note(c: Connection, key: str, value: str | None) -> None:
    """Keeps a small text under ``key``; None takes it away."""
    if value is None:
        c.execute(delete(NOTES).where(NOTES.c.key == key))
    else:
        c.execute(upsert(c, NOTES), {"key": key, "value": kept(value, 64 * 1024)})


def noted(c: Connection) -> dict[str, str]:
    """All notes. "quarantined" names a damaged store that was put aside before this one was begun."""
    return dict(c.execute(select(NOTES.c.key, NOTES.c.value)).all())


def counted(c: Connection, key: str, now: datetime) -> Counter[str]:
    """The counts that are noted of this day in UTC; of what cannot be read, and of another day, none."""
    try:
        known = json.loads(noted(c).get(key) or "{}")
    except ValueError:
        return Counter()
    if not isinstance(known, dict) or known.get("day") != _today(now):
        return Counter()
    return Counter({name: many for name, many in known.items() if type(many) is int and many >= 0})


def count(c: Connection, key: str, now: datetime, more: Counter[str]) -> None:
    """Adds to the counts of the day; they begin anew with each day in UTC."""
    before = counted(c, key, now)
    note(c, key, json.dumps({"day": _today(now)} | {name: before[name] + more[name] for name in before | more}))


def _today(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
