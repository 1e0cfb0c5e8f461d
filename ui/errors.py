"""Everything that Sentry says, as the page Errors shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import data.changes
import data.figures
import data.findings
import data.issues
import data.snapshots
from data.snapshots import Kept
from data.store import Connection
from model import Issue, Leak, OpenFinding, Release
from settings import Settings
from ui import outside
from ui.outside import Number, Service
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
    """``figures`` and ``curves`` by the name of the figure; ``readings`` by their keys.

    ``audited`` is when events were looked through last.
    """

    read: bool
    readings: Mapping[str, Service]
    issues: tuple[Issue, ...]
    releases: tuple[Release, ...]
    figures: Mapping[str, Number]
    curves: Mapping[str, Points]
    trend: Trend
    findings: tuple[OpenFinding, ...]
    privacy: tuple[OpenFinding, ...]
    leaks: tuple[Leak, ...]
    audited: datetime | None


def read(c: Connection, told: Settings, services: Iterable[Service], window: str, now: datetime) -> Errors:
    """All of it, in one snapshot of the store; ``services`` is what else is known of its readings."""
    asked = {each.tile.key: each for each in services if each.tile.key in READINGS}
    start = begin(window, now, told.site.timezone)
    kept = {key: each for key, each in data.snapshots.read(c).items() if key in READINGS}
    found = {key: data.findings.open_now(c, key) for key in READINGS}
    names = [f"sentry.issues/{name}" for name in NAMES] + ["sentry.health/crash_free"]
    points = {name.partition("/")[2]: each for name, each in data.figures.between(c, start, now, names).items()}
    changes = data.changes.between(c, start, now)
    line = (("events", points.get("events_per_hour", ())),)
    privacy, known = kept.get("sentry.privacy"), _releases(kept.get("sentry.health"))
    return Errors(
        read=any(each.name == "sentry" for each in told.integrations),
        readings=asked,
        issues=_issues(c, kept.get("sentry.issues"), known),
        releases=known,
        figures=outside.numbers(kept, asked.values()),
        curves=points,
        trend=Trend(window, start, now, "events an hour", line, changes, bars=True),
        findings=tuple(each for key in READINGS[:3] for each in found[key]),
        privacy=found["sentry.privacy"],
        leaks=privacy.good.leaks if privacy and privacy.good else (),
        audited=privacy.good_at if privacy else None,
    )


def _releases(kept: Kept | None) -> tuple[Release, ...]:
    return kept.good.releases if kept and kept.good else ()


def _issues(c: Connection, kept: Kept | None, releases: Sequence[Release]) -> tuple[Issue, ...]:
    """Those that are unresolved, with the release and environment that other readings know of; worst first."""
    if kept is None or kept.good is None:
        return ()
    known = data.issues.by_id(c, [each.id for each in kept.good.issues])
    merged = (
        placed(replace(each, release=each.release or known[each.id].release) if each.id in known else each, releases)
        for each in kept.good.issues
    )
    order = ("escalating", "regressed", "new")
    return tuple(sorted(merged, key=lambda e: (order.index(e.state) if e.state in order else 9, -e.last.timestamp())))


def placed(issue: Issue, releases: Sequence[Release]) -> Issue:
    """With the release that was the newest of its project when it was first seen, where Sentry names none."""
    ours = [each for each in releases if not each.projects or issue.project in each.projects]
    older = (each for each in ours if (each.deployed or each.created) <= issue.first)
    newest = max(older, key=lambda each: each.deployed or each.created, default=None)
    release = issue.release or (newest.version if newest else "")
    of = next((each.environment for each in ours if each.version == release), "")
    return replace(issue, release=release, environment=issue.environment or of)


def releases(found: Errors) -> list[str]:
    """Every release that one can choose, newest first: one that brought no issue is an answer too."""
    return list(dict.fromkeys([*(e.version for e in found.releases), *(e.release for e in found.issues if e.release)]))


def environments(found: Errors) -> list[str]:
    """Every environment that one can choose."""
    named = [name for each in found.issues for name in each.environment.split(", ")]
    return sorted({name for name in (*named, *(each.environment for each in found.releases)) if name})


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
