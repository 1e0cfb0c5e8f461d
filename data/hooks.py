"""What came in by signed webhooks: every event once, so that one that is sent again is known."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from data.moments import micros, moment
from data.tables import HOOKS
from data.text import kept
from data.upsert import insert_once
from model import Hook


def add(c: Connection, hook: Hook) -> bool:
    """Keeps it; False when the event is there already."""
    row = {"event": kept(hook.event), "kind": kept(hook.kind), "at": micros(hook.at), "subject": kept(hook.subject)}
    return c.execute(insert_once(c, HOOKS), row).rowcount == 1


def newest(c: Connection) -> int:
    """The number of the newest; 0 when there is none."""
    return int(c.execute(select(func.max(HOOKS.c.id))).scalar() or 0)


def after(c: Connection, number: int, limit: int = 100) -> tuple[tuple[int, Hook], ...]:
    """Those that came after ``number``, oldest first, each with its own number."""
    t = HOOKS.c
    query = select(t.id, t.event, t.kind, t.at, t.subject).where(t.id > number).order_by(t.id).limit(limit)
    return tuple((id_, Hook(event, kind, moment(at), subject)) for id_, event, kind, at, subject in c.execute(query))
