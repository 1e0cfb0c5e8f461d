"""Everything that browsers measured, as the page Vitals shows it: for one window, of all devices or of one class."""

from __future__ import annotations

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
from model import Change, Deployment, VitalRollup
from rules.vitals import ENOUGH, Summary
from settings import Settings
from ui.reference import Reference, reference
from ui.strips import begin

NAMES = ("LCP", "INP", "CLS", "FCP", "TTFB", "FID")
CORE = ("LCP", "INP", "CLS")
LEVELS = {"24h": "hour", "7d": "hour", "30d": "day", "90d": "day"}
POINTS = 24  # of a card's curve
VERCEL = "vercel.deployments"


@dataclass(frozen=True, slots=True)
class Card:
    """One vital: now, in the window before, of the release that serves and of the one before, and its course.

    Each point of ``curve`` is the p75 of at least a hundred measurements, however long they took to come.
    """

    name: str
    now: Summary
    before: Summary
    release: Summary | None
    previous: Summary | None
    phones: Summary
    desktops: Summary
    curve: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One template with its vitals, and how many page views it had at least, and how many of these had a poor one.

    A view tells each vital once, and nothing says which belong together: the most of one vital is what is certain.
    """

    route: str
    views: int
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
    """``sources`` are all that told in this window, with how many; what is shown is of ``source`` alone.

    The same visit may come by several ways, so they are never added up. ``newest`` is of all of them.
    """

    window: str
    device: str | None
    source: str
    sources: Mapping[str, int]
    start: datetime
    end: datetime
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]
    metrics: tuple[Summary, ...]
    points: Mapping[str, tuple[Point, ...]]
    changes: tuple[Change, ...]
    crux: Reference
    sentry: Reference
    newest: datetime | None
    counts: Mapping[str, int]
    n: int


def read(
    c: Connection, told: Settings, window: str, device: str | None, now: datetime, source: str | None = None
) -> Vitals:
    """All of it, in one snapshot of the store. ``device``: phone or desktop; None means all.

    ``source``: the way by which they came; None means the one that told most.
    """
    level, start = LEVELS[window], begin(window, now, told.site.timezone)
    every = data.vitals.between(c, level, start - (now - start), now)
    fit = [each for each in every if device is None or each.device == device]
    first = start if level == "hour" else start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    recent = [each for each in fit if each.start >= first]
    sources = rules.vitals.sources(each for each in recent if each.name in NAMES)
    chosen = source if source and source in sources else next(iter(sources), "")
    mine = [each for each in recent if each.source == chosen and each.name in NAMES]
    names = rules.vitals.grouped(mine, lambda each: each.name)
    old = rules.vitals.grouped(
        (each for each in fit if each.start < first and each.source == chosen), lambda each: each.name
    )
    kept = data.snapshots.read(c)
    commits = _commits(kept.get(VERCEL), data.deployments.between(c, now - timedelta(days=90), now))
    points = {name: _points(name, names.get(name, [])) for name in NAMES}
    changes = data.changes.between(c, start, now, limit=300)
    return Vitals(
        window=window,
        device=device,
        source=chosen,
        sources=sources,
        start=start,
        end=now,
        cards=tuple(_card(name, names.get(name, []), old.get(name, []), commits) for name in NAMES),
        routes=_routes(mine),
        metrics=_metrics([each for each in recent if each.name not in NAMES], chosen),
        points=points,
        changes=tuple(each for each in changes if each.kind in ("deployment", "commit")),
        crux=reference(kept, "crux.record", now),
        sentry=reference(kept, "sentry.vitals", now),
        newest=data.vitals.newest(c),
        counts=data.watch.counted(c, data.watch.BEACONS, now),
        n=sum(each.n for each in recent),
    )


def _commits(vercel: data.snapshots.Kept | None, recent: Sequence[Deployment]) -> tuple[str, ...]:
    """The commit that serves, and the one that served before. ``recent`` is newest first.

    What was rolled back is newer than what serves, and served until then.
    """
    live = [each for each in recent if each.target == "production" and each.state == "ready" and each.commit]
    said = vercel.good.deployments if vercel and vercel.good else ()
    now = next((each for each in (*said, *live) if each.serving and each.commit), live[0] if live else None)
    if now is None:
        return ()
    others = [each for each in live if each.commit != now.commit]
    back = [each for each in others if each.created > now.created and each.candidate]
    older = [each for each in others if each.created < now.created]
    served = [each for each in older if each.candidate]
    return tuple(each.commit for each in (now, *(back or served or older)[:1]))


def _card(name: str, mine: Sequence[VitalRollup], before: Sequence[VitalRollup], commits: Sequence[str]) -> Card:
    def of(commit: int) -> Summary | None:
        found = [each for each in (*mine, *before) if commit < len(commits) and each.release == commits[commit]]
        return rules.vitals.summed(name, found) if found else None

    def by(device: str) -> Summary:
        return rules.vitals.summed(name, [each for each in mine if each.device == device])

    whole, old = rules.vitals.summed(name, mine), rules.vitals.summed(name, before)
    return Card(name, whole, old, of(0), of(1), by("phone"), by("desktop"), _curve(name, mine))


def _curve(name: str, mine: Sequence[VitalRollup]) -> tuple[float, ...]:
    """The window in stretches of about as many measurements each, never of too few to say a p75."""
    least = max(ENOUGH, sum(each.n for each in mine) // POINTS)
    found, waiting = [], list[VitalRollup]()
    for _, some in sorted(rules.vitals.grouped(mine, lambda each: each.start).items(), key=lambda pair: str(pair[0])):
        waiting += some
        if sum(each.n for each in waiting) >= least:
            p75 = rules.vitals.summed(name, waiting).p75
            found += [] if p75 is None else [p75]
            waiting = []
    return tuple(found)


def _points(name: str, mine: Sequence[VitalRollup]) -> tuple[Point, ...]:
    found = []
    for at, some in sorted(rules.vitals.grouped(mine, lambda each: each.start).items(), key=lambda pair: str(pair[0])):
        assert isinstance(at, datetime)
        sides = [[each for each in some if each.device == device] for device in ("phone", "desktop")]
        found.append(Point(at, *(rules.vitals.summed(name, side) for side in (*sides, some))))
    return tuple(found)


def _routes(mine: Sequence[VitalRollup]) -> tuple[Route, ...]:
    """Worst first, by how many page views had a poor core vital: that is how many times somebody waited."""
    made = []
    for route, some in rules.vitals.grouped(mine, lambda each: each.route).items():
        by = rules.vitals.grouped(some, lambda each: each.name)
        vitals = {str(name): rules.vitals.summed(str(name), each) for name, each in by.items()}
        poor = max((vitals[name].poor for name in CORE if name in vitals), default=0)
        made.append(Route(str(route), max(each.n for each in vitals.values()), poor, vitals))
    return tuple(sorted(made, key=lambda each: (-each.poor, -each.views, each.route)))


def _metrics(recent: Sequence[VitalRollup], source: str) -> tuple[Summary, ...]:
    """The platform's own; by another way than the vitals where that one tells none."""
    sources = rules.vitals.sources(recent)
    chosen = source if source in sources else next(iter(sources), "")
    names = rules.vitals.grouped([each for each in recent if each.source == chosen], lambda each: each.name)
    return tuple(
        rules.vitals.summed(str(name), some) for name, some in sorted(names.items(), key=lambda pair: str(pair[0]))
    )
