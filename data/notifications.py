"""The outbox: what must be told is kept until sent; leased, sent, then marked, so that a crash loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from data.moments import maybe_moment, micros, moment
from data.tables import NOTIFICATIONS
from data.text import kept
from data.upsert import insert_once
from model import Notice, Notification

T = NOTIFICATIONS.c
BODY = 4000


def owe(c: Connection, notices: Sequence[tuple[str, Notice]], now: datetime, due: datetime) -> int:
    """Writes down one message for each (channel key, notice); returns how many are new.

    The same notice key is owed to a channel once for ever, however often it is asked for.
    """
    statement = insert_once(c, NOTIFICATIONS).returning(T.id)
    return sum(len(c.execute(statement, _owed(channel, notice, now, due)).all()) for channel, notice in notices)


def _owed(channel: str, notice: Notice, now: datetime, due: datetime) -> dict[str, Any]:
    return {
        "channel": channel,
        "key": notice.key,
        "kind": notice.kind,
        "title": kept(notice.title),
        "body": kept(notice.body, BODY),
        "monitor": notice.monitor,
        "created": micros(now),
        "due": micros(due),
        "attempts": 0,
        "dead": 0,
        "error": "",
    }


def _ready(channel: str, now: datetime) -> ColumnElement[bool]:
    """Owed to ``channel``, due, and leased by nobody."""
    free = or_(T.leased.is_(None), T.leased <= micros(now))
    return and_(T.channel == channel, T.sent.is_(None), T.dead == 0, T.due <= micros(now), free)


def claim(c: Connection, channel: str, holder: str, now: datetime, lease_s: float) -> tuple[Notification, ...]:
    """Leases what is due on ``channel`` for ``lease_s`` seconds; empty when nothing is, or another holds it.

    One batch a call: first the oldest that was claimed before and never marked, with the same messages under the same
    batch id, so that the receiver can tell a repetition; else all that is new. Counts one attempt.
    """
    again = select(T.batch).where(_ready(channel, now), T.batch.is_not(None)).order_by(T.created, T.id).limit(1)
    batch = c.execute(again).scalar()
    same = T.batch.is_(None) if batch is None else T.batch == batch
    values = {
        "batch": batch or uuid4().hex,
        "holder": holder,
        "leased": micros(now + timedelta(seconds=lease_s)),
        "attempts": T.attempts + 1,
    }
    # The condition is asked again under the row lock: of two claimers the second finds nothing free.
    statement = update(NOTIFICATIONS).where(_ready(channel, now), same).values(values).returning(T.id)
    return _read(c, T.id.in_(list(c.execute(statement).scalars())))


def sent(c: Connection, ids: Collection[int], now: datetime) -> None:
    """Marks messages as delivered."""
    if ids:
        done = {"sent": micros(now), "leased": None, "holder": None, "error": ""}
        c.execute(update(NOTIFICATIONS).where(T.id.in_(list(ids)), T.sent.is_(None)).values(done))


def failed(c: Connection, ids: Collection[int], error: str, due: datetime, dead: bool) -> None:
    """Keeps why messages were not delivered; they are due again at ``due``, or ``dead``: given up, and shown in red."""
    if ids:
        again = {"error": kept(error), "due": micros(due), "dead": int(dead), "leased": None, "holder": None}
        c.execute(update(NOTIFICATIONS).where(T.id.in_(list(ids)), T.sent.is_(None)).values(again))


def waiting(c: Connection) -> tuple[int, datetime | None]:
    """How many messages are owed still, and when the oldest of them was written down."""
    owed = and_(T.sent.is_(None), T.dead == 0)
    count, oldest = c.execute(select(func.count(), func.min(T.created)).where(owed)).one()
    return count, maybe_moment(oldest)


def recent(c: Connection, limit: int = 50) -> tuple[Notification, ...]:
    """The newest ``limit`` messages, sent or not, newest first."""
    return tuple(reversed(_read(c, T.id.in_(select(T.id).order_by(T.id.desc()).limit(limit)))))


def dead(c: Connection) -> tuple[Notification, ...]:
    """The messages that were given up, oldest first."""
    return _read(c, T.dead == 1)


def last_sent(c: Connection, channel: str) -> datetime | None:
    """When a message last went out on ``channel``."""
    return maybe_moment(c.execute(select(func.max(T.sent)).where(T.channel == channel)).scalar())


def _read(c: Connection, which: ColumnElement[bool]) -> tuple[Notification, ...]:
    return tuple(_notification(row) for row in c.execute(select(NOTIFICATIONS).where(which).order_by(T.id)))


def _notification(row: Any) -> Notification:
    return Notification(
        row.id,
        row.channel,
        Notice(row.key, row.kind, row.title, row.body, row.monitor),
        moment(row.created),
        moment(row.due),
        row.attempts,
        row.batch,
        maybe_moment(row.sent),
        bool(row.dead),
        row.error,
    )
