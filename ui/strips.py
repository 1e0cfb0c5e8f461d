"""How the bars of a window come out of the store: days, or equal stretches of a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import data.days
import data.intervals
import data.series
import data.standings
import rules.board
import rules.intervals
import rules.uptime
import rules.windows
from data.store import Connection
from model import Bar, Day, Interval, Maintenance, Monitor, Standing
from settings import Settings
from ui import shelf

STRETCHES = {"1h": (60, 60.0), "24h": (24, 3600.0), "7d": (28, 21600.0)}  # bars, seconds of each; longer ones are days
DAYS = {"30d": 30, "90d": 90}
OVER = 600.0  # seconds


def read(c: Connection, told: Settings, window: str, now: datetime) -> dict[str, tuple[Bar, ...]]:
    """The bars of every monitor for ``window``, oldest first: days for long windows, equal stretches for short ones."""
    return _days(c, told, window, now) if window in DAYS else _stretches(c, told, window, now)


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
    """Days long over come from their roll-up; yesterday and today from intervals, as they may not be rolled up yet."""
    tz = told.site.timezone
    today = now.astimezone(tz).date()
    yesterday = today - timedelta(days=1)
    over = shelf.kept(("over", window), (today, told.monitors), OVER, lambda: _over(c, told, window, yesterday))
    made = {}
    for key, line in _timelines(c, told, rules.uptime.midnight(yesterday, tz), now).items():
        fresh = [Day(key, day, seconds) for day, seconds in rules.uptime.by_day(line, tz)]
        made[key] = over.get(key, ()) + rules.board.bars(fresh, yesterday, today, tz)
    return made


def _over(c: Connection, told: Settings, window: str, end: date) -> dict[str, tuple[Bar, ...]]:
    """The bars of all days of a window before ``end``: they change no more, so they are made six times an hour."""
    keys, tz = [monitor.key for monitor in told.monitors], told.site.timezone
    first, last = end - timedelta(days=DAYS[window] - 2), end - timedelta(days=1)
    days = data.days.between(c, first, last, keys)
    return {key: rules.board.bars(days.get(key, ()), first, last, tz) for key in keys}
