"""Everything about deployments, as the page Deployments shows it: what serves, what came before, how it went."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
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
import rules.served
from data.store import Connection
from model import Deployment, Issue, OpenFinding, Release, ReportCard, Rollup, Run, Sample
from rules.served import Spell
from settings import Settings
from ui.strips import begin
from ui.trends import Points, Trend

READING = "vercel.deployments"
CARDS = 5
LATE = timedelta(minutes=5)  # by which Sentry's newest answer may miss the end of a stretch
AGE = timedelta(days=90)  # how far back it is asked what served
KINDS = ("http", "health")
VITALS = ("lcp", "inp", "cls", "fcp", "ttfb")


@dataclass(frozen=True, slots=True)
class Ships:
    """``facts`` are what the reading says now: serving, previous, rollback. ``listed`` is newest first.

    ``card`` is of what serves, where it is known ``since`` when; ``older`` are of what served before, newest first.
    """

    read: bool
    listed: tuple[Deployment, ...]
    serving: Deployment | None
    since: datetime | None
    facts: Mapping[str, str]
    findings: tuple[OpenFinding, ...]
    card: ReportCard | None
    older: tuple[ReportCard, ...]
    trend: Trend
    runs: tuple[Run, ...]  # what the checklists said of the release that serves
    watched: tuple[str, ...]  # names of the monitors that the cards are made from


def read(c: Connection, told: Settings, window: str, now: datetime, done: Mapping[Hashable, ReportCard]) -> Ships:
    """All of it, in one snapshot of the store. ``done`` are cards that can no longer change, by ``name_of`` each."""
    start = begin(window, now, told.site.timezone)
    kept = data.snapshots.read(c)
    vercel, sentry = (kept[key].good if key in kept else None for key in (READING, "sentry.health"))
    recent = data.deployments.between(c, now - AGE, now)
    serving = next((each for each in vercel.deployments if each.serving), None) if vercel else None
    spells, newest = rules.served.spells(recent, data.changes.between(c, now - AGE, now, kind="deployment"), serving)
    keys = watched(told)
    heard = kept["sentry.issues"].good_at if "sentry.issues" in kept else None
    cards = _cards(c, keys, spells, sentry.releases if sentry else (), heard, now, done)
    return Ships(
        read=any(each.name == "vercel" for each in told.integrations),
        listed=tuple(replace(e, serving=e.id == (serving and serving.id)) for e in recent if e.created >= start),
        serving=serving,
        since=newest.start if newest else None,
        facts=dict(vercel.result.facts) if vercel else {},
        findings=data.findings.open_now(c, READING),
        card=cards[0] if newest else None,
        older=cards[1:] if newest else cards,
        trend=Trend(
            window, start, now, "p95 in ms", (("95 of 100 answers within", _slowness(c, keys, start, now)),),
            data.changes.between(c, start, now),
        ),
        runs=data.runs.about(c, serving.commit or serving.id) if serving else (),
        watched=tuple(each.name for each in told.monitors if each.key in keys),
    )  # fmt: skip


def watched(told: Settings) -> tuple[str, ...]:
    """The monitors that tell how a release goes: the critical ones that speak HTTP, all of them when none is."""
    every = [each for each in told.monitors if each.check in KINDS and not each.paused]
    return tuple(each.key for each in every if each.critical) or tuple(each.key for each in every)


def name_of(card: ReportCard) -> Hashable:
    """What tells one card from another: a deployment may serve twice."""
    return card.deployment.id, card.at


def previous(found: Sequence[Deployment], name: str) -> Deployment | None:
    """The deployment that the reading calls so: by the beginning of its commit, or by its id."""
    ready = (each for each in found if each.target == "production" and each.state == "ready" and not each.serving)
    return next((each for each in ready if name in (each.commit[:7], each.id)), None)


def _cards(
    c: Connection, keys: Sequence[str], spells: Sequence[Spell], releases: Sequence[Release], told: datetime | None,
    now: datetime, done: Mapping[Hashable, ReportCard],
) -> tuple[ReportCard, ...]:  # fmt: skip
    made = []
    for spell, before in zip(spells[:CARDS], [*spells[1:], None], strict=False):
        kept = done.get((spell.deployment.id, spell.start))
        made.append(
            replace(kept, deployment=spell.deployment)
            if kept
            else _card(c, keys, spell, before.deployment if before else None, releases, told, now)
        )
    return tuple(made)


def _card(
    c: Connection, keys: Sequence[str], spell: Spell, before: Deployment | None, releases: Sequence[Release],
    told: datetime | None, now: datetime,
) -> ReportCard:  # fmt: skip
    span = rules.releases.stretch(spell.start, spell.end, now)
    samples: list[Sample] = []
    for key in keys:
        samples += data.samples.between(c, key, span[0], span[2])
    heard = told is not None and told >= span[2] - LATE
    issues: tuple[Issue, ...] | None = data.issues.first_between(c, span[0], span[2]) if heard else None
    samples.sort(key=lambda each: each.at)
    one = spell.deployment
    return rules.releases.card(one, span, samples, issues, _vitals(one, before, releases))


def _vitals(
    one: Deployment, before: Deployment | None, releases: Sequence[Release]
) -> dict[str, tuple[float | None, float | None, int, int]]:
    """p75 of the page views of each release itself, where Sentry has both."""
    sides = [_of(each.commit, releases) if each else {} for each in (before, one)]
    old, new = sides
    if not new:
        return {}
    return {
        name: (old.get(f"{name}_p75"), new.get(f"{name}_p75"), _many(old, name), _many(new, name))
        for name in VITALS
        if f"{name}_p75" in new
    }


def _many(side: Mapping[str, float], name: str) -> int:
    """How many measurements a p75 is made from."""
    return int(side.get(f"{name}_samples", side.get("samples", 0)))


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
