"""What lies behind the board: bars, shares and curves of all monitors for one window; read at most twice a minute."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import data.flips
import data.rollups
import rules.histogram
import rules.uptime
from data.store import Connection
from model import Bar, Flip, Histogram, Latency, Rollup, Status, Uptime
from settings import Settings
from ui import strips

FEW = 60  # monitors; above that the curve of all medians costs more than it says
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
    start = strips.begin(window, now, told.site.timezone)
    bars = strips.read(c, told, window, now)
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
