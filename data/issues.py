"""Every Sentry issue that was ever seen, as it was seen last; what was not known before is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from data.moments import micros, moment
from data.plain import text_of, value_of
from data.tables import ISSUES
from data.upsert import upsert
from model import Issue


def put(c: Connection, found: Iterable[Issue]) -> None:
    """Writes each over what was known of it; a list that does not say release or environment takes neither away."""
    fresh = list(found)
    before = by_id(c, [each.id for each in fresh])
    merged = (_merged(before.get(each.id), each) for each in fresh)
    rows = [
        {"id": each.id, "first": micros(each.first), "last": micros(each.last), "body": text_of(each)}
        for each in merged
        if each != before.get(each.id)
    ]
    if rows:
        c.execute(upsert(c, ISSUES), rows)


def _merged(before: Issue | None, now: Issue) -> Issue:
    if before is None:
        return now
    return replace(
        now, release=now.release or before.release, environment=now.environment or before.environment,
        hourly=now.hourly or before.hourly,
    )  # fmt: skip


def by_id(c: Connection, ids: Collection[str]) -> dict[str, Issue]:
    """Those of ``ids`` that were seen before, as they were seen last."""
    rows = c.execute(select(ISSUES.c.body).where(ISSUES.c.id.in_(list(ids)))).scalars() if ids else ()
    return {each.id: each for each in (value_of(Issue, body) for body in rows)}


def known(c: Connection, ids: Collection[str]) -> frozenset[str]:
    """Those of ``ids`` that were seen before."""
    return frozenset(c.execute(select(ISSUES.c.id).where(ISSUES.c.id.in_(list(ids)))).scalars())


def newest(c: Connection) -> datetime | None:
    """When the newest event of any issue was; None when there is no issue."""
    last = c.execute(select(func.max(ISSUES.c.last))).scalar()
    return None if last is None else moment(last)


def first_between(c: Connection, start: datetime, end: datetime, limit: int = 500) -> tuple[Issue, ...]:
    """Those first seen from ``start`` up to ``end`` (exclusive), newest first."""
    t = ISSUES.c
    query = select(t.body).where(t.first >= micros(start), t.first < micros(end))
    rows = c.execute(query.order_by(t.first.desc(), t.id).limit(limit)).scalars()
    return tuple(value_of(Issue, body) for body in rows)
