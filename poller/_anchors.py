"""Tells hourly where the audit trail ends, to channels that ask for it: only a head kept elsewhere shows a cut."""

from __future__ import annotations

from datetime import datetime, timedelta

from data import audit, notifications, store, watch
from data.store import Connection, Engine
from model import Notice
from rules import messages
from settings import Settings

EVERY = timedelta(hours=1)
NOTE = "anchor"  # when a head was last told, and which


def step(engine: Engine, known: Settings, now: datetime) -> None:
    """One look: a head that is new for an hour is owed and noted at once."""
    channels = [channel.key for channel in known.channels if channel.anchor]
    if not channels or known.server.audit_key is None:
        return
    with store.reading(engine) as c:  # most looks find nothing, and need not hold up who writes
        if _due(c, now) is None:
            return
    with store.writing(engine) as c:
        if (due := _due(c, now)) is not None:
            head, before = due
            watch.note(c, NOTE, f"{now.isoformat()} {head}")
            notifications.owe(c, [(key, _notice(head, before)) for key in channels], now, now)


def _due(c: Connection, now: datetime) -> tuple[str, str] | None:
    """(the head that is to be told, the note of the one before); None when there is nothing to tell yet."""
    number, seal = audit.head(c)
    head, before = f"{number}:{seal}", watch.noted(c).get(NOTE, "")
    at, _, told = before.partition(" ")
    if number == 0 or head == told:
        return None
    # A moment that is still to come was written by a clock that was wrong: it holds nothing up.
    recent = bool(at) and timedelta() <= now - datetime.fromisoformat(at) < EVERY
    return None if recent else (head, before)


def _notice(head: str, before: str) -> Notice:
    """The head stands in the title too: of messages that go out together only the titles are left."""
    lines = [
        f"The audit trail ends at {head}",
        f"Keep this; later it proves that nothing was cut: python wardround.py audit verify --anchor {head}",
    ]
    # With the one before, so that a head that comes back is told again, and two pollers still tell it once.
    return Notice(f"anchor:{head}:{before}", "watch", messages.inert(f"Audit anchor {head}", 120), messages.body(lines))
