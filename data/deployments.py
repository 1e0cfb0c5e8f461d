"""Every deployment that was ever seen, as it was seen last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from data.moments import micros
from data.plain import text_of, value_of
from data.tables import DEPLOYMENTS
from data.upsert import upsert
from model import Deployment

SERVES = '%"serving":true%'  # as data.plain writes it


def put(c: Connection, found: Iterable[Deployment]) -> None:
    """Writes each over what was known of it. What served the same before, and is not listed, serves no more."""
    listed = tuple(found)
    serving = [each for each in listed if each.serving]
    before = _bodies(c, [each.id for each in serving])
    for each in serving:
        if each.id not in before or not before[each.id].serving:
            _retire(c, each)
    rows = [_row(each) for each in listed]
    if rows:
        c.execute(upsert(c, DEPLOYMENTS), rows)


def _row(each: Deployment) -> dict[str, Any]:
    return {"id": each.id, "created": micros(each.created), "body": text_of(each)}


def _bodies(c: Connection, ids: list[str]) -> dict[str, Deployment]:
    t = DEPLOYMENTS.c
    rows = c.execute(select(t.id, t.body).where(t.id.in_(ids))) if ids else ()
    return {uid: value_of(Deployment, body) for uid, body in rows}


def _retire(c: Connection, now: Deployment) -> None:
    """Looks through all of them: done only when something serves that did not."""
    t = DEPLOYMENTS.c
    found = c.execute(select(t.body).where(t.body.like(SERVES), t.id != now.id)).scalars()
    old = (value_of(Deployment, body) for body in found)
    rows = [
        _row(replace(each, serving=False))
        for each in old
        if each.serving and (each.project, each.target) == (now.project, now.target)
    ]
    if rows:
        c.execute(upsert(c, DEPLOYMENTS), rows)


def between(c: Connection, start: datetime, end: datetime, limit: int = 500) -> tuple[Deployment, ...]:
    """The newest ``limit`` created from ``start`` up to ``end`` (exclusive), newest first."""
    t = DEPLOYMENTS.c
    query = select(t.body).where(t.created >= micros(start), t.created < micros(end))
    rows = c.execute(query.order_by(t.created.desc(), t.id).limit(limit)).scalars()
    return tuple(value_of(Deployment, body) for body in rows)
