"""What is kept how long, and a prune that goes in small steps so that nobody waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Table, delete, select

from data import figures, rollups, samples, vitals
from data.days import FIRST
from data.moments import micros
from data.series import BITS
from data.tables import (
    CHANGES,
    DAYS,
    DEPLOYMENTS,
    DRILLS,
    FINDINGS,
    FLIPS,
    HOOKS,
    INTERVALS,
    ISSUES,
    NOTIFICATIONS,
    RUNS,
)

MINUTES = timedelta(hours=48)
HISTORY_DAYS = 2557  # any seven calendar years hold 2556 or 2557 days
# An open finding has no end yet, NULL, and NULL is never before anything.
ENDS: tuple[tuple[Table, Column[int]], ...] = (
    (INTERVALS, INTERVALS.c.end_at),
    (FLIPS, FLIPS.c.at),
    (CHANGES, CHANGES.c.at),
    (DRILLS, DRILLS.c.at),
    (RUNS, RUNS.c.at),
    (FINDINGS, FINDINGS.c.closed),
    (NOTIFICATIONS, NOTIFICATIONS.c.created),
    (DEPLOYMENTS, DEPLOYMENTS.c.created),
    (ISSUES, ISSUES.c.last),
    (HOOKS, HOOKS.c.at),
)


def prune(c: Connection, now: datetime, raw_days: int, history_days: int = HISTORY_DAYS, limit: int = 5000) -> int:
    """Deletes at most ``limit`` rows whose time is over; returns how many: call again, each time in a new transaction.

    Samples go after ``raw_days``, minute roll-ups after 48 hours, everything else after ``history_days``.
    """
    ends = now - timedelta(days=history_days)
    gone = samples.prune(c, now - timedelta(days=raw_days), limit)
    gone += rollups.prune(c, "minute", now - MINUTES, limit - gone)
    for level in ("hour", "day"):
        gone += rollups.prune(c, level, ends, limit - gone)
    gone += _oldest(c, DAYS, DAYS.c.key, ends.date().toordinal() - FIRST << BITS, limit - gone)
    gone += figures.prune(c, ends, limit - gone)
    single = max(vitals.LEAST, min(vitals.RAW, timedelta(days=history_days)))
    gone += vitals.prune(c, now - single, limit - gone)
    gone += vitals.prune_days(c, ends, limit - gone)
    for table, column in ENDS:
        gone += _oldest(c, table, column, micros(ends), limit - gone)
    return gone


def _oldest(c: Connection, table: Table, column: Column[int], before: int, limit: int) -> int:
    (key,) = table.primary_key.columns
    oldest = select(key).where(column < before).order_by(column).limit(limit)
    return c.execute(delete(table).where(key.in_(oldest.scalar_subquery()))).rowcount
