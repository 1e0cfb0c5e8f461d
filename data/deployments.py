"""Every deployment that was ever seen, as it was seen last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from data.moments import micros
from data.plain import text_of, value_of
from data.tables import DEPLOYMENTS
from data.upsert import upsert
from model import Deployment


def put(c: Connection, found: Iterable[Deployment]) -> None:
    """Writes each over what was known of it."""
    rows = [{"id": each.id, "created": micros(each.created), "body": text_of(each)} for each in found]
    if rows:
        c.execute(upsert(c, DEPLOYMENTS), rows)


def between(c: Connection, start: datetime, end: datetime, limit: int = 500) -> tuple[Deployment, ...]:
    """The newest ``limit`` created from ``start`` up to ``end`` (exclusive), newest first."""
    t = DEPLOYMENTS.c
    query = select(t.body).where(t.created >= micros(start), t.created < micros(end))
    rows = c.execute(query.order_by(t.created.desc(), t.id).limit(limit)).scalars()
    return tuple(value_of(Deployment, body) for body in rows)
