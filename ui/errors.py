"""Everything that Sentry says, as the page Errors shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import data.changes
import data.figures
import data.findings
import data.issues
import data.snapshots
from data.snapshots import Kept
from data.store import Connection
from model import Figure, Issue, Leak, OpenFinding, Release
from settings import Settings
from ui.strips import begin
from ui.trends import Points, Trend

READINGS = ("sentry.issues", "sentry.health", "sentry.vitals", "sentry.privacy")
NAMES = ("issues_unresolved", "issues_new_24h", "events_per_hour", "users_hit")
SINCE = {
    "any time": None,
    "last hour": timedelta(hours=1),
    "last day": timedelta(days=1),
    "last week": timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Errors:
    """``figures`` and ``curves`` by the name of the figure; ``audited`` is when events were looked through last."""

    read: bool
    issues: tuple[Issue, ...]
    releases: tuple[Release, ...]
    figures: Mapping[str, Figure]
    curves: Mapping[str, Points]
    trend: Trend
    findings: tuple[OpenFinding, ...]
    privacy: tuple[OpenFinding, ...]
    leaks: tuple[Leak, ...]
    audited: datetime | None


def read(c: Connection, told: Settings, window: str, now: datetime) -> Errors:
    """All of it, in one snapshot of the store."""
    start = begin(window, now, told.site.timezone)
    kept = {key: each for key, each in data.snapshots.read(c).items() if key in READINGS}
    found = {key: data.findings.open_now(c, key) for key in READINGS}
    names = [f"sentry.issues/{name}" for name in NAMES] + ["sentry.health/crash_free"]
    points = {name.partition("/")[2]: each for name, each in data.figures.between(c, start, now, names).items()}
    changes = data.changes.between(c, start, now, limit=300)
    shown = tuple(each for each in changes if each.monitor is None)
    line = (("events", points.get("events_per_hour", ())),)
    privacy = kept.get("sentry.privacy")
    return Errors(
        read=any(each.name == "sentry" for each in told.integrations),
        issues=_issues(c, kept.get("sentry.issues")),
        releases=_releases(kept.get("sentry.health")),
        figures={figure.name: figure for each in kept.values() if each.good for figure in each.good.figures},
        curves=points,
        trend=Trend(window, start, now, "events an hour", line, shown, bars=True),
        findings=tuple(each for key in READINGS[:3] for each in found[key]),
        privacy=found["sentry.privacy"],
        leaks=privacy.good.leaks if privacy and privacy.good else (),
        audited=privacy.good_at if privacy else None,
    )


def _releases(kept: Kept | None) -> tuple[Release, ...]:
    return kept.good.releases if kept and kept.good else ()


def _issues(c: Connection, kept: Kept | None) -> tuple[Issue, ...]:
    """Those that are unresolved, with the release that another reading knows of; worst first."""
    if kept is None or kept.good is None:
        return ()
    known = data.issues.by_id(c, [each.id for each in kept.good.issues])
    merged = (
        replace(each, release=each.release or known[each.id].release) if each.id in known else each
        for each in kept.good.issues
    )
    order = ("escalating", "regressed", "new")
    return tuple(sorted(merged, key=lambda e: (order.index(e.state) if e.state in order else 9, -e.last.timestamp())))


def chosen(
    found: Iterable[Issue], now: datetime, project: str | None, environment: str | None, release: str | None, since: str
) -> tuple[Issue, ...]:
    """Those that fit what a viewer chose; None means all."""
    young = SINCE.get(since)
    return tuple(
        each
        for each in found
        if (project is None or each.project == project)
        and (environment is None or environment in each.environment.split(", "))
        and (release is None or each.release == release)
        and (young is None or each.first >= now - young)
    )
