"""Everything that browsers measured, as the page Vitals shows it: for one window, of all devices or of one class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import data.changes
import data.deployments
import data.snapshots
import data.vitals
import data.watch
import rules.vitals
from data.store import Connection
from model import Change, VitalRollup
from rules.vitals import Summary
from settings import Settings
from ui.strips import begin

NAMES = ("LCP", "INP", "CLS", "FCP", "TTFB", "FID")
CORE = ("LCP", "INP", "CLS")
LEVELS = {"24h": "hour", "7d": "hour", "30d": "day", "90d": "day"}
NOTE = "beacons"
POINTS = 24  # of a card's curve


@dataclass(frozen=True, slots=True)
class Card:
    """One vital: now, in the window before, of the release that serves and of the one before, and its course."""

    name: str
    now: Summary
    before: Summary
    release: Summary | None
    previous: Summary | None
    phones: Summary
    desktops: Summary
    curve: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One template: how many measurements were poor, and the p75 of each vital."""

    route: str
    n: int
    poor: int
    vitals: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class Point:
    """One hour or day of one vital."""

    at: datetime
    phones: Summary
    desktops: Summary
    together: Summary


@dataclass(frozen=True, slots=True)
class Vitals:
    """``crux`` and ``sentry`` are reference values by the name of the figure, such as ``lcp_all``."""

    window: str
    start: datetime
    end: datetime
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]
    metrics: tuple[Summary, ...]
    points: Mapping[str, tuple[Point, ...]]
    changes: tuple[Change, ...]
    crux: Mapping[str, float]
    sentry: Mapping[str, float]
    counts: Mapping[str, int]
    n: int


def read(c: Connection, told: Settings, window: str, device: str | None, now: datetime) -> Vitals:
    """All of it, in one snapshot of the store. ``device``: phone or desktop; None means all."""
    level, start = LEVELS[window], begin(window, now, told.site.timezone)
    every = data.vitals.between(c, level, start - (now - start), now)
    fit = [each for each in every if device is None or each.device == device]
    first = start if level == "hour" else start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = [each for each in fit if each.start >= first]
    before = [each for each in fit if each.start < first]
    kept = data.snapshots.read(c)
    commits = _commits(c, now)
    names = rules.vitals.grouped(mine, lambda each: each.name)
    old = rules.vitals.grouped(before, lambda each: each.name)
    points = {name: _points(name, names.get(name, [])) for name in NAMES}
    changes = data.changes.between(c, start, now, limit=300)
    return Vitals(
        window=window,
        start=start,
        end=now,
        cards=tuple(_card(name, names.get(name, []), old.get(name, []), commits, points[name]) for name in NAMES),
        routes=_routes([each for each in mine if each.name in NAMES]),
        metrics=_metrics(mine),
        points=points,
        changes=tuple(each for each in changes if each.kind in ("deployment", "commit")),
        crux=_figures(kept.get("crux.record")),
        sentry=_figures(kept.get("sentry.vitals")),
        counts=_counts(c, now),
        n=sum(each.n for each in mine),
    )


def _figures(kept: data.snapshots.Kept | None) -> Mapping[str, float]:
    return {figure.name: figure.value for figure in kept.good.figures} if kept and kept.good else {}


def _counts(c: Connection, now: datetime) -> Mapping[str, int]:
    """What came in today and what was turned away."""
    said = json.loads(data.watch.noted(c).get(NOTE) or "{}")
    fresh = said.get("day") == now.astimezone(UTC).date().isoformat()
    return {name: int(many) for name, many in said.items() if name != "day"} if fresh else {}


def _commits(c: Connection, now: datetime) -> tuple[str, ...]:
    """The commit that serves, and the one that served before."""
    recent = data.deployments.between(c, now - timedelta(days=90), now)
    live = [each for each in recent if each.target == "production" and each.state == "ready" and each.commit]
    return tuple(dict.fromkeys(each.commit for each in live))[:2]


def _card(
    name: str,
    mine: Sequence[VitalRollup],
    before: Sequence[VitalRollup],
    commits: Sequence[str],
    points: Sequence[Point],
) -> Card:
    def of(commit: int) -> Summary | None:
        found = [each for each in (*mine, *before) if commit < len(commits) and each.release == commits[commit]]
        return rules.vitals.summed(name, found) if found else None

    def by(device: str) -> Summary:
        return rules.vitals.summed(name, [each for each in mine if each.device == device])

    curve = tuple(point.together.p75 for point in points[-POINTS:])
    whole, old = rules.vitals.summed(name, mine), rules.vitals.summed(name, before)
    return Card(name, whole, old, of(0), of(1), by("phone"), by("desktop"), curve)


def _points(name: str, mine: Sequence[VitalRollup]) -> tuple[Point, ...]:
    found = []
    for at, some in sorted(rules.vitals.grouped(mine, lambda each: each.start).items(), key=lambda pair: str(pair[0])):
        assert isinstance(at, datetime)
        sides = [[each for each in some if each.device == device] for device in ("phone", "desktop")]
        found.append(Point(at, *(rules.vitals.summed(name, side) for side in (*sides, some))))
    return tuple(found)


def _routes(mine: Sequence[VitalRollup]) -> tuple[Route, ...]:
    """Worst first, by how many measurements were poor: that is how many people waited."""
    made = []
    for route, some in rules.vitals.grouped(mine, lambda each: each.route).items():
        by = rules.vitals.grouped(some, lambda each: each.name)
        vitals = {str(name): rules.vitals.summed(str(name), each) for name, each in by.items()}
        made.append(Route(str(route), sum(each.n for each in some), sum(each.poor for each in some), vitals))
    return tuple(sorted(made, key=lambda each: (-each.poor, -each.n, each.route)))


def _metrics(mine: Sequence[VitalRollup]) -> tuple[Summary, ...]:
    names = rules.vitals.grouped([each for each in mine if each.name not in NAMES], lambda each: each.name)
    return tuple(
        rules.vitals.summed(str(name), some) for name, some in sorted(names.items(), key=lambda pair: str(pair[0]))
    )
