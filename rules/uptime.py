"""Uptime from confirmed intervals, in seconds: shares, coverage, bounds, calendar days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from model import Interval, Status, Uptime


def uptime(timeline: Iterable[Interval]) -> Uptime:
    """Seconds of each status in a timeline (see rules.intervals.timeline)."""
    spent = dict.fromkeys(Status, timedelta())
    for each in timeline:
        spent[each.status] += each.end - each.start
    return Uptime(**{status.value: length.total_seconds() for status, length in spent.items()})


def known(u: Uptime) -> float:
    """Seconds in which it was up, degraded or down: what a share is made from."""
    return u.up + u.degraded + u.down


def share(u: Uptime) -> float | None:
    """Up (degraded included) of what is known, 0 to 1; None when nothing is known."""
    return (u.up + u.degraded) / known(u) if known(u) > 0 else None


def coverage(u: Uptime) -> float | None:
    """Known of what was to be watched (maintenance aside), 0 to 1; None when nothing was."""
    asked = known(u) + u.unknown
    return known(u) / asked if asked > 0 else None


def bounds(u: Uptime) -> tuple[float, float] | None:
    """The share if all unknown time was down, and if all of it was up."""
    asked = known(u) + u.unknown
    return ((u.up + u.degraded) / asked, (u.up + u.degraded + u.unknown) / asked) if asked > 0 else None


def add(*parts: Uptime) -> Uptime:
    """Seconds added up: numerators and denominators are added, percentages never averaged."""
    return Uptime(
        sum(p.up for p in parts),
        sum(p.degraded for p in parts),
        sum(p.down for p in parts),
        sum(p.maintenance for p in parts),
        sum(p.unknown for p in parts),
    )


def midnight(day: date, tz: ZoneInfo) -> datetime:
    """When a calendar day begins in ``tz``, in UTC: the first of two midnights, the step itself where there is none."""
    return datetime.combine(day, time(), tz).astimezone(UTC)


def by_day(timeline: Sequence[Interval], tz: ZoneInfo) -> tuple[tuple[date, Uptime], ...]:
    """The seconds of every calendar day in ``tz`` that the timeline touches; a day may have 23 or 25 hours.

    ``timeline`` is ascending and free of overlap, as rules.intervals.timeline gives it.
    """
    days: list[tuple[date, list[Interval]]] = []
    day, edge = date.min, datetime.min.replace(tzinfo=UTC)  # zones are asked once a day, not once an interval
    for each in timeline:
        start = each.start
        while start < each.end:
            if start >= edge:
                day, edge = _day_of(start, tz)
                days.append((day, []))
            end = min(each.end, edge)
            whole = start == each.start and end == each.end
            days[-1][1].append(each if whole else Interval(each.series, each.status, start, end))
            start = end
    return tuple((day, uptime(pieces)) for day, pieces in days)


def _day_of(at: datetime, tz: ZoneInfo) -> tuple[date, datetime]:
    """The calendar day of a moment, and when the next one begins."""
    day = at.astimezone(tz).date()
    edge = midnight(day + timedelta(days=1), tz)
    # a step back just after midnight brings yesterday back for a while: it then ends at its second midnight
    return day, edge if edge > at else datetime.combine(day + timedelta(days=1), time(), tz).replace(fold=1).astimezone(
        UTC
    )
