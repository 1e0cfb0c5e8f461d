"""What lies behind the board: bars, shares and curves of all monitors for one window; read at most twice a minute."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import data.days
import data.flips
import data.intervals
import data.rollups
import data.series
import data.standings
import rules.board
import rules.histogram
import rules.intervals
import rules.uptime
import rules.windows
from data.store import Connection
from model import Bar, Day, Flip, Histogram, Interval, Latency, Maintenance, Monitor, Rollup, Standing, Status, Uptime
from settings import Settings

STRETCHES = {"1h": (60, 60.0), "24h": (24, 3600.0), "7d": (28, 21600.0)}  # bars, seconds of each; longer ones are days
FEW = 60  # monitors; above that the curve of all medians costs more than it says
DAYS = {"30d": 30, "90d": 90}
BAD = (Status.DOWN, Status.DEGRADED)


@dataclass(frozen=True, slots=True)
class History:
    """Of one window: bars and seconds by series, curves of the last day, all together, and what went bad."""

    start: datetime
    bars: Mapping[str, tuple[Bar, ...]]
    seconds: Mapping[str, Uptime]
    curves: Mapping[str, tuple[float | None, ...]]
    together: Uptime
    shares: tuple[float | None, ...]
    went_bad: tuple[Flip, ...]
    bad_by_bar: tuple[int, ...]
    answers: Latency
    medians: tuple[float | None, ...]


def read(c: Connection, told: Settings, window: str, now: datetime) -> History:
    """The history of all monitors for ``window`` that ends at ``now``."""
    keys = [monitor.key for monitor in told.monitors]
    start = begin(window, now, told.site.timezone)
    bars = _days(c, told, window, now) if window in DAYS else _stretches(c, told, window, now)
    seconds = {key: rules.uptime.add(*(bar.uptime for bar in strip)) for key, strip in bars.items()}
    flips = data.flips.between(c, start, now, keys)
    bad = tuple(flip for flip in flips if flip.after in BAD and flip.before not in BAD)
    hours = data.rollups.between(c, "hour", now - timedelta(hours=24 if len(keys) <= FEW else 2), now, keys)
    return History(
        start,
        bars,
        seconds,
        _curves(c, now),
        rules.uptime.add(*seconds.values()),
        _shares(list(bars.values())),
        bad,
        _by_bar(bad, next(iter(bars.values()), ())),
        rules.histogram.latency(
            rules.histogram.merge([h.latency for h in hours if h.start > now - timedelta(hours=2)])
        ),
        tuple(rules.histogram.latency(rules.histogram.merge(group)).p50 for group in _by_hour(hours)),
    )


def _by_hour(hours: Sequence[Rollup]) -> list[list[Histogram]]:
    return [[each.latency for each in group] for _, group in groupby(hours, key=lambda each: each.start)]


def _by_bar(bad: Sequence[Flip], strip: Sequence[Bar]) -> tuple[int, ...]:
    """How many flips fall into each bar."""
    counts = Counter(bisect_right(strip, flip.at, key=lambda bar: bar.start) for flip in bad)
    return tuple(counts[number + 1] for number in range(len(strip)))


def begin(window: str, now: datetime, tz: ZoneInfo) -> datetime:
    """When a window begins: short ones to the second, long ones with a calendar day of the site."""
    if window in DAYS:
        return rules.uptime.midnight(_first(window, now, tz), tz)
    return rules.windows.window(window, now).start


def _first(window: str, now: datetime, tz: ZoneInfo) -> date:
    return now.astimezone(tz).date() - timedelta(days=DAYS[window] - 1)


def timeline(
    found: Mapping[str, Sequence[Interval]], standing: Standing | None, monitor: Monitor, created: datetime,
    planned: Sequence[Maintenance], start: datetime, now: datetime,
) -> tuple[Interval, ...]:  # fmt: skip
    """The contiguous cover of ``start`` to ``now`` for one series."""
    quiet = [plan for plan in planned if not plan.monitors or monitor.key.partition("/")[0] in plan.monitors]
    return rules.intervals.timeline(
        found.get(monitor.key, ()), standing, monitor.horizon, created, quiet, start, now, now
    )


def _timelines(c: Connection, told: Settings, start: datetime, now: datetime) -> dict[str, tuple[Interval, ...]]:
    keys = [monitor.key for monitor in told.monitors]
    found, standings, created = (
        data.intervals.between(c, start, now, keys),
        data.standings.read(c),
        data.series.created(c),
    )
    return {
        monitor.key: timeline(
            found, standings.get(monitor.key), monitor, created[monitor.key], told.maintenance, start, now
        )
        for monitor in told.monitors
        if monitor.key in created
    }


def _stretches(c: Connection, told: Settings, window: str, now: datetime) -> dict[str, tuple[Bar, ...]]:
    n, seconds = STRETCHES[window]
    start = now - timedelta(seconds=n * seconds)
    lines = _timelines(c, told, start, now)
    return {key: rules.board.hours(line, start, n, told.site.timezone, seconds) for key, line in lines.items()}


def _days(c: Connection, told: Settings, window: str, now: datetime) -> dict[str, tuple[Bar, ...]]:
    """Days that are over come from their roll-up, today from its intervals: it is not over."""
    tz = told.site.timezone
    first, today = _first(window, now, tz), now.astimezone(tz).date()
    days = data.days.between(c, first, today, [monitor.key for monitor in told.monitors])
    lines = _timelines(c, told, rules.uptime.midnight(today, tz), now)
    return {
        key: rules.board.bars(_with_today(key, days.get(key, ()), today, line), first, today, tz)
        for key, line in lines.items()
    }


def _with_today(key: str, days: Sequence[Day], today: date, line: Sequence[Interval]) -> list[Day]:
    return [*(day for day in days if day.date != today), Day(key, today, rules.uptime.uptime(line))]


def _curves(c: Connection, now: datetime) -> dict[str, tuple[float | None, ...]]:
    """Medians by hour of the last day; by minute of the last hour while the store is too young for that."""
    points = data.rollups.sparklines(c, "hour", now - timedelta(hours=24), now)
    if max(map(len, points.values()), default=0) < 3:
        points = data.rollups.sparklines(c, "minute", now - timedelta(hours=1), now)
    return {key: tuple(value for _, value in line) for key, line in points.items()}


def _shares(strips: Sequence[Sequence[Bar]]) -> tuple[float | None, ...]:
    """The share of all monitors together, bar by bar."""
    columns = zip(*strips, strict=False)
    return tuple(rules.uptime.share(rules.uptime.add(*(bar.uptime for bar in column))) for column in columns)
