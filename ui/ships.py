"""Everything about deployments, as the page Deployments shows it: what serves, what came before, how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import data.changes
import data.deployments
import data.findings
import data.issues
import data.rollups
import data.runs
import data.samples
import data.snapshots
import rules.histogram
import rules.releases
from data.store import Connection
from model import Deployment, Issue, OpenFinding, Release, ReportCard, Rollup, Run, Sample, Snapshot
from settings import Settings
from ui.strips import begin
from ui.trends import Points, Trend

READING = "vercel.deployments"
CARDS = 5
KINDS = ("http", "health")
VITALS = ("lcp", "inp", "cls", "fcp", "ttfb")


@dataclass(frozen=True, slots=True)
class Ships:
    """``facts`` are what the reading says now: serving, previous, rollback. ``listed`` is newest first."""

    read: bool
    listed: tuple[Deployment, ...]
    serving: Deployment | None
    facts: Mapping[str, str]
    findings: tuple[OpenFinding, ...]
    cards: tuple[ReportCard, ...]
    trend: Trend
    runs: tuple[Run, ...]  # what the checklists said of the release that serves
    watched: tuple[str, ...]  # names of the monitors that the cards are made from


def read(c: Connection, told: Settings, window: str, now: datetime, done: Mapping[str, ReportCard]) -> Ships:
    """All of it, in one snapshot of the store. ``done`` are cards that can no longer change, by deployment."""
    start = begin(window, now, told.site.timezone)
    kept = data.snapshots.read(c)
    vercel, sentry = (kept[key].good if key in kept else None for key in (READING, "sentry.health"))
    recent = data.deployments.between(c, now - timedelta(days=90), now)
    serving = _serving(vercel, recent)
    keys = watched(told)
    changes = data.changes.between(c, start, now, limit=300)
    return Ships(
        read=any(each.name == "vercel" for each in told.integrations),
        listed=tuple(each for each in recent if each.created >= start),
        serving=serving,
        facts=dict(vercel.result.facts) if vercel else {},
        findings=data.findings.open_now(c, READING),
        cards=_cards(c, keys, recent, sentry.releases if sentry else (), now, done),
        trend=Trend(
            window, start, now, "p95 in ms", (("95 of 100 answers within", _slowness(c, keys, start, now)),),
            tuple(each for each in changes if each.kind in ("deployment", "commit", "issue", "vendor")),
        ),
        runs=data.runs.about(c, serving.commit or serving.id) if serving else (),
        watched=tuple(each.name for each in told.monitors if each.key in keys),
    )  # fmt: skip


def watched(told: Settings) -> tuple[str, ...]:
    """The monitors that tell how a release goes: the critical ones that speak HTTP, all of them when none is."""
    every = [each for each in told.monitors if each.check in KINDS and not each.paused]
    return tuple(each.key for each in every if each.critical) or tuple(each.key for each in every)


def previous(found: Sequence[Deployment], name: str) -> Deployment | None:
    """The deployment that the reading calls so: by the beginning of its commit, or by its id."""
    ready = (each for each in found if each.target == "production" and each.state == "ready" and not each.serving)
    return next((each for each in ready if name in (each.commit[:7], each.id)), None)


def _serving(vercel: Snapshot | None, recent: Sequence[Deployment]) -> Deployment | None:
    newest = next((each for each in vercel.deployments if each.serving), None) if vercel else None
    return newest or next((each for each in recent if each.serving), None)


def _cards(
    c: Connection, keys: Sequence[str], recent: Sequence[Deployment], releases: Sequence[Release], now: datetime,
    done: Mapping[str, ReportCard],
) -> tuple[ReportCard, ...]:  # fmt: skip
    live = [each for each in recent if each.target == "production" and each.state == "ready" and each.ready]
    made = []
    for index, each in enumerate(live[:CARDS]):
        following = live[index - 1].ready if index else None
        before = live[index + 1] if index + 1 < len(live) else None
        made.append(
            replace(done[each.id], deployment=each)
            if each.id in done
            else _card(c, keys, each, before, following, releases, now)
        )
    return tuple(made)


def _card(
    c: Connection, keys: Sequence[str], one: Deployment, before: Deployment | None, following: datetime | None,
    releases: Sequence[Release], now: datetime,
) -> ReportCard:  # fmt: skip
    assert one.ready
    span = rules.releases.stretch(one.ready, following, now)
    samples: list[Sample] = []
    for key in keys:
        samples += data.samples.between(c, key, span[0], span[2])
    issues: tuple[Issue, ...] = data.issues.first_between(c, span[0], span[2])
    samples.sort(key=lambda each: each.at)
    return rules.releases.card(one, span, samples, issues, _vitals(one, before, releases))


def _vitals(
    one: Deployment, before: Deployment | None, releases: Sequence[Release]
) -> dict[str, tuple[float | None, float | None, int, int]]:
    """p75 of the page views of each release itself, where Sentry has both."""
    sides = [_of(each.commit, releases) if each else {} for each in (before, one)]
    old, new = sides
    if not new:
        return {}
    n = [int(side.get("samples", 0)) for side in sides]
    return {
        name: (old.get(f"{name}_p75"), new.get(f"{name}_p75"), n[0], n[1]) for name in VITALS if f"{name}_p75" in new
    }


def _of(commit: str, releases: Sequence[Release]) -> dict[str, float]:
    found = next((each for each in releases if commit and each.version.startswith(commit[:12])), None)
    return {figure.name: figure.value for figure in found.vitals} if found else {}


def _slowness(c: Connection, keys: Sequence[str], start: datetime, now: datetime) -> Points:
    """p95 of every hour, of all watched monitors together."""
    hours: dict[datetime, list[Rollup]] = {}
    for each in data.rollups.between(c, "hour", start, now, list(keys)) if keys else ():
        hours.setdefault(each.start, []).append(each)
    merged = ((at, rules.histogram.merge([each.latency for each in group])) for at, group in sorted(hours.items()))
    quantiles = ((at, rules.histogram.latency(one).p95) for at, one in merged)
    return tuple((at, value) for at, value in quantiles if value is not None)
