"""What is wrong without being an outage: opened when first seen, closed when it is gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from data.moments import micros, moment
from data.tables import FINDINGS
from data.text import kept
from model import Finding, OpenFinding


def put(c: Connection, monitor: str, findings: Iterable[Finding], now: datetime) -> None:
    """All that is wrong with ``monitor`` now: opens what is new, refreshes what stays, closes what is gone.

    One finding of a kind: of several of the same kind the last one counts.
    """
    t = FINDINGS.c
    seen = {kept(finding.kind): finding for finding in findings}
    rows = c.execute(select(t.kind, t.id).where(t.monitor == monitor, t.closed.is_(None)))
    there = dict(rows.all())
    if gone := [number for kind, number in there.items() if kind not in seen]:
        c.execute(update(FINDINGS).where(t.id.in_(gone)).values(closed=micros(now)))
    _refresh(c, [_values(seen[kind], now) | {"number": there[kind]} for kind in seen if kind in there])
    first = {"monitor": monitor, "first": micros(now)}
    new = [_values(seen[kind], now) | first | {"kind": kind} for kind in seen if kind not in there]
    if new:
        c.execute(insert(FINDINGS), new)


def _values(finding: Finding, now: datetime) -> dict[str, Any]:
    return {"words": kept(finding.words), "fix": kept(finding.fix), "last": micros(now)}


def _refresh(c: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        changed: dict[str, Any] = {name: bindparam(name) for name in ("words", "fix", "last")}
        c.execute(update(FINDINGS).where(FINDINGS.c.id == bindparam("number")).values(changed), rows)


def open_now(c: Connection, monitor: str | None = None) -> tuple[OpenFinding, ...]:
    """What is wrong and not mended yet, of one monitor or of all, oldest first."""
    t = FINDINGS.c
    query = select(t.monitor, t.kind, t.words, t.fix, t.first, t.last).where(t.closed.is_(None))
    if monitor is not None:
        query = query.where(t.monitor == monitor)
    rows = c.execute(query.order_by(t.first, t.id))
    return tuple(
        OpenFinding(of, Finding(kind, words, fix), moment(first), moment(last))
        for of, kind, words, fix, first, last in rows
    )
