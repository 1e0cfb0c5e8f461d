"""The demo's own store: continued when it is of today, begun anew when it is older; the essentials go in first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from data import store, watch
from data.store import Engine
from demo import essentials
from demo.schedule import Schedule

STALE = timedelta(days=1)
OPENED = "demo opened"


def url(var: Path) -> str:
    """The address of the demo's store: never that of a real one."""
    return f"sqlite:///{var / 'demo.db'}"


def opened(var: Path, now: datetime | None = None) -> tuple[Engine, Schedule, bool]:
    """The store, the schedule it was begun with, and whether history is missing still."""
    at = now or datetime.now(UTC)
    engine = _readable(var)
    with store.reading(engine) as c:
        notes = watch.noted(c)
    since = datetime.fromisoformat(notes[OPENED]) if OPENED in notes else None
    if since and timedelta(0) <= at - since < STALE:
        return engine, Schedule(since), watch.FILLING in notes
    if since:
        engine.dispose()
        _forget(var)
        engine = store.open(url(var))
    schedule = Schedule(at)
    with store.writing(engine) as c:
        essentials.write(c, schedule)
        watch.note(c, OPENED, at.isoformat())
        watch.note(c, watch.FILLING, "The demo's history is being written.")
    return engine, schedule, True


def _readable(var: Path) -> Engine:
    """The store as it is; a new one when this program cannot read it. Nothing of value is lost: it is the demo's."""
    try:
        return store.open(url(var))
    except (store.Corrupt, store.TooNew):
        _forget(var)
        return store.open(url(var))


def _forget(var: Path) -> None:
    for path in var.glob("demo.db*"):
        path.unlink()
