"""Everything that is known of one monitor in one window: what the Monitor page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import data.changes
import data.findings
import data.flips
import data.intervals
import data.rollups
import data.samples
import data.series
import data.standings
import rules.blame
import rules.board
import rules.histogram
import rules.rollup
import rules.uptime
import rules.windows
from data.store import Connection
from model import (
    Bar,
    Blame,
    Change,
    Day,
    Flip,
    Interval,
    Latency,
    Monitor,
    OpenFinding,
    Result,
    Rollup,
    Sample,
    Status,
    Tile,
    Uptime,
)
from settings import Settings
from ui.strips import DAYS, STRETCHES, begin, timeline

SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Detail:
    """One monitor in one window. ``points`` are at most 500, their ``step`` in seconds."""

    monitor: Monitor
    tile: Tile
    window: str
    start: datetime
    end: datetime
    timeline: tuple[Interval, ...]
    uptime: Uptime
    coverage: float | None
    bounds: tuple[float, float] | None
    latency: Latency
    step: int
    points: tuple[Rollup, ...]
    changes: tuple[Change, ...]
    flips: tuple[Flip, ...]
    newest: tuple[datetime, Result] | None
    parts: tuple[Tile, ...]
    samples: tuple[Sample, ...]
    findings: tuple[OpenFinding, ...]
    blame: Blame | None  # None: nothing was down, or no vendor's page is read


def read(c: Connection, told: Settings, tile: Tile, monitor: Monitor, window: str, now: datetime) -> Detail:
    """All of it, in one snapshot of the store. ``tile`` is the monitor's own on the board."""
    start = begin(window, now, told.site.timezone)
    line = _line(c, told, monitor, start, now)
    seconds, points = rules.uptime.uptime(line), _points(c, monitor.key, window, start, now)
    return Detail(
        monitor=monitor,
        tile=tile,
        window=window,
        start=start,
        end=now,
        timeline=line,
        uptime=seconds,
        coverage=rules.uptime.coverage(seconds),
        bounds=rules.uptime.bounds(seconds),
        latency=rules.histogram.latency(rules.histogram.merge([point.latency for point in points])),
        step=rules.windows.step(rules.windows.window(window, now))[1],
        points=points,
        changes=data.changes.between(c, start, now, monitor.key, limit=200),
        flips=data.flips.between(c, start, now, monitor.key, limit=200),
        newest=data.standings.results(c).get(monitor.key),
        parts=tuple(_parts(c, told, monitor, window, start, now)),
        samples=tuple(reversed(data.samples.recent(c, monitor.key, SAMPLES))),
        findings=data.findings.open_now(c, monitor.key),
        blame=_blame(c, told, line, start, now),
    )


def _blame(
    c: Connection, told: Settings, line: tuple[Interval, ...], start: datetime, now: datetime
) -> Blame | None:  # fmt: skip
    """Its downtime beside what the vendors said of themselves at the time."""
    reading = next((each for i in told.integrations if i.name == "vendors" for each in i.readings), None)
    if reading is None or not any(each.status is Status.DOWN for each in line):
        return None
    names = [key for key in data.series.parts(c, reading.key) if "." not in key.partition("/")[2]]
    said = {key.partition("/")[2]: _line(c, told, replace(reading, key=key), start, now) for key in names}
    return rules.blame.split(line, said)


def _line(c: Connection, told: Settings, monitor: Monitor, start: datetime, now: datetime) -> tuple[Interval, ...]:
    created = data.series.created(c).get(monitor.key)
    if created is None:
        return ()
    found = data.intervals.between(c, start, now, monitor.key)
    return timeline(found, data.standings.read(c).get(monitor.key), monitor, created, told.maintenance, start, now)


def _points(c: Connection, key: str, window: str, start: datetime, now: datetime) -> tuple[Rollup, ...]:
    """Roll-ups of the window's level, and minutes for the hour that is not rolled up yet, in equal steps."""
    level, seconds = rules.windows.step(rules.windows.window(window, now))
    found = list(data.rollups.between(c, level, start, now, key))
    if level == "hour":
        newest = found[-1].start + timedelta(hours=1) if found else now - timedelta(hours=2)
        found += data.rollups.between(c, "minute", newest, now, key)
    return tuple(_merged(key, level, seconds, found))


def _merged(key: str, level: str, seconds: int, found: Sequence[Rollup]) -> list[Rollup]:
    steps = groupby(found, key=lambda each: int(each.start.timestamp()) // seconds)
    made = []
    for number, group in steps:
        at = datetime.fromtimestamp(number * seconds, tz=found[0].start.tzinfo)
        made.append(rules.rollup.merge(key, level, at, tuple(group)))
    return made


def _parts(c: Connection, told: Settings, monitor: Monitor, window: str, start: datetime, now: datetime) -> list[Tile]:
    """The components inside a health document, each with a history of its own; names as the document says them."""
    standings, made = data.standings.read(c), []
    for key in data.series.parts(c, monitor.key):
        series = replace(monitor, key=key, name=key.partition("/")[2], depends_on=(), runbook=None)
        line = _line(c, told, series, start, now)
        seconds = rules.uptime.uptime(line)
        bars = _bars(line, window, start, now, told)
        made.append(rules.board.tile(series, standings.get(key), now, {}, {}, bars=bars, total=seconds))
    return made


def _bars(line: Sequence[Interval], window: str, start: datetime, now: datetime, told: Settings) -> tuple[Bar, ...]:
    tz = told.site.timezone
    if window in DAYS:
        days = [Day("", day, seconds) for day, seconds in rules.uptime.by_day(line, tz)]
        return rules.board.bars(days, start.astimezone(tz).date(), now.astimezone(tz).date(), tz)
    n, seconds = STRETCHES[window]
    return rules.board.hours(line, start, n, tz, seconds)
