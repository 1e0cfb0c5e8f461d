"""Anything that can explain trouble: restarts, new commits, certificates, configuration, maintenance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from data.moments import micros, moment
from data.tables import CHANGES
from data.text import kept
from model import Change


def add(c: Connection, changes: Iterable[Change]) -> None:
    """Writes changes that have just been seen."""
    rows = [
        {"at": micros(change.at), "kind": kept(change.kind), "words": kept(change.words), "monitor": change.monitor}
        for change in changes
    ]
    if rows:
        c.execute(insert(CHANGES), rows)


def between(
    c: Connection, start: datetime, end: datetime, monitor: str | None = None, limit: int = 1000, kind: str = ""
) -> tuple[Change, ...]:
    """The newest ``limit`` changes from ``start`` up to ``end`` (exclusive), newest first; all kinds or one.

    With ``monitor``: those of this monitor, and those that belong to none and so concern all.
    """
    t = CHANGES.c
    query = select(t.at, t.kind, t.words, t.monitor).where(t.at >= micros(start), t.at < micros(end))
    if monitor is not None:
        query = query.where((t.monitor == monitor) | t.monitor.is_(None))
    if kind:
        query = query.where(t.kind == kind)
    rows = c.execute(query.order_by(t.at.desc(), t.id.desc()).limit(limit))
    return tuple(Change(moment(at), kind, words, of) for at, kind, words, of in rows)


def last(c: Connection) -> dict[str, Change]:
    """The newest change of every monitor that has one."""
    t = CHANGES.c
    newest = select(t.monitor, func.max(t.at).label("at")).where(t.monitor.is_not(None)).group_by(t.monitor).subquery()
    both = (t.monitor == newest.c.monitor) & (t.at == newest.c.at)
    rows = c.execute(select(t.at, t.kind, t.words, t.monitor).join(newest, both).order_by(t.id))
    return {monitor: Change(moment(at), kind, words, monitor) for at, kind, words, monitor in rows}
