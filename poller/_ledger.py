"""One decision, one transaction: samples, flips, findings, changes and the messages owed, or none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from data import (
    changes,
    deployments,
    figures,
    findings,
    flips,
    intervals,
    issues,
    lease,
    notifications,
    revision,
    samples,
    series,
    snapshots,
    standings,
    store,
    told,
    vitals,
    watch,
)
from data.store import Connection, Engine
from model import (
    Change,
    Figure,
    Finding,
    Judgement,
    Monitor,
    Notice,
    Part,
    Result,
    Sample,
    Snapshot,
    Standing,
    Status,
    Told,
    WatchReport,
)
from rules import alerting, status
from rules import changes as what_changed
from rules import partial as in_part
from rules import vitals as measured
from settings import Settings

LEASE = "poller"


@dataclass(frozen=True, slots=True)
class Seen:
    """One result of one monitor, and when its probe began."""

    monitor: Monitor
    at: datetime
    result: Result
    snapshot: Snapshot | None = None  # of a reading of an outside service; its result is ``result``


@dataclass(slots=True)
class Draft:
    """What one transaction is about to change; it becomes memory only when it is committed."""

    standings: dict[str, Standing] = field(default_factory=dict)
    results: dict[str, tuple[datetime, Result]] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    judged: list[Judgement] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    snapshots: dict[str, tuple[datetime, Snapshot]] = field(default_factory=dict)
    good: dict[str, tuple[datetime, Snapshot]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


class Ledger:
    """Remembers where every series stands; used by one thread at a time."""

    def __init__(self, engine: Engine, settings: Settings, holder: str, ttl: float) -> None:
        self.engine, self.settings, self.holder, self.ttl = engine, settings, holder, ttl
        self.epoch = 0
        self.ids: dict[str, int] = {}
        self.standings: dict[str, Standing] = {}
        self.results: dict[str, tuple[datetime, Result]] = {}
        self.told: dict[str, Told] = {}
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self.good: dict[str, tuple[datetime, Snapshot]] = {}  # what is known of each reading, and of when that is
        alarming = frozenset[str]().union(*(each.alarms for each in settings.integrations))
        self._alarming = settings.monitors + tuple(
            reading for each in settings.integrations for reading in each.readings if reading.key in alarming
        )
        self._known = measured.Known(settings.vitals.routes, settings.vitals.metrics)
        self._troubled: set[str] = set()  # series that are down or degraded: without any there is nothing to weigh
        self._on = frozenset(state for channel in settings.channels for state in channel.on) or {Status.DOWN}

    def last(self, key: str) -> Result:
        """What the newest probe of a monitor saw."""
        found = self.results.get(key)
        return found[1] if found else Result(Status.UNKNOWN)

    def take(self, now: datetime) -> bool:
        """Takes the lease if it is free, and reads where things stand. False while another poller has it."""
        with store.writing(self.engine) as c:
            epoch = lease.take(c, LEASE, self.holder, now, self.ttl)
            if epoch is None:
                return False
            self.epoch = epoch
            self.ids = series.ensure(c, [monitor.key for monitor in self.settings.monitors], now)
            self.standings, self.told = standings.read(c), told.read(c)
            self.results = standings.results(c)
            self.good = {
                key: (kept.good_at, kept.good)
                for key, kept in snapshots.read(c).items()
                if kept.good is not None and kept.good_at is not None
            }
            self._findings = {}
            self._troubled = {key for key, standing in self.standings.items() if standing.status in status.BAD}
        return True

    def give_up(self) -> None:
        """Lets another poller take over at once."""
        with store.writing(self.engine) as c:
            lease.drop(c, LEASE, self.holder, self.epoch)

    def keep(
        self,
        seen: Sequence[Seen],
        now: datetime,
        report: WatchReport,
        more: Sequence[Change] = (),
        news: Sequence[Notice] = (),
    ) -> frozenset[str]:
        """Keeps a second's worth; returns the monitors that are in doubt. Raises Fenced, Full (after one retry)."""
        try:
            draft = self._keep(seen, now, report, more, news)
        except store.Full:
            draft = self._keep(seen, now, report, more, news)  # the ballast was given up: there is room once more
        self.standings |= draft.standings
        self.results |= draft.results
        self.good |= draft.good
        return frozenset(key for key, standing in draft.standings.items() if standing.unsure and "/" not in key)

    def _keep(
        self, seen: Sequence[Seen], now: datetime, report: WatchReport, more: Sequence[Change], news: Sequence[Notice]
    ) -> Draft:
        draft = Draft(changes=list(more), ids=dict(self.ids))
        for each in seen:
            self._judge(draft, each, now)
        with store.writing(self.engine) as c:
            lease.renew(c, LEASE, self.holder, self.epoch, now, self.ttl)
            if draft.samples:
                self._write(c, draft, now)
            changes.add(c, draft.changes)
            tolds, cleared = self._owe(c, draft, now, news)
            watch.report(c, report)
            if draft.samples or draft.changes or news:
                revision.bump(c)
        self.ids = draft.ids
        self.told = {key: value for key, value in (self.told | tolds).items() if key not in cleared}
        self._findings |= {key: result.findings for key, (_, result) in draft.results.items()}
        return draft

    def _judge(self, draft: Draft, seen: Seen, now: datetime) -> None:
        if seen.snapshot is not None:
            seen = self._read(draft, seen, seen.snapshot)
        monitor, result = seen.monitor, seen.result
        for sample in (sampled(monitor.key, seen), *(parted(monitor.key, part, seen) for part in result.parts)):
            before = draft.standings.get(sample.series) or self.standings.get(sample.series)
            judged = status.judge(
                before or status.first(sample.series, seen.at), sample, monitor.confirm, monitor.horizon
            )
            draft.standings[sample.series] = judged.standing
            draft.samples.append(sample)
            draft.judged.append(judged)
        _, old = draft.results.get(monitor.key) or self.results.get(monitor.key) or (None, None)
        facts = dict(result.facts)
        if old is not None and old.facts:
            draft.changes += what_changed.seen(monitor.key, dict(old.facts), facts, seen.at)
        if old is not None and not facts and result.status not in (Status.UP, Status.DEGRADED):
            result = replace(result, facts=old.facts)  # an answer that failed says nothing of the commit
        draft.results[monitor.key] = (seen.at, result)

    def _read(self, draft: Draft, seen: Seen, snapshot: Snapshot) -> Seen:
        """What an outside service said beside what was known, and what of it is news. Our own cut line says nothing."""
        key, at, snapshot = seen.monitor.key, seen.at, replace(snapshot, result=seen.result)
        old_at, old = draft.good.get(key) or self.good.get(key) or (at, None)
        if in_part.told(snapshot):
            before = old.incidents if old else ()
            snapshot = in_part.judged(old, snapshot)
            incidents = what_changed.standing(before, snapshot.incidents, snapshot.unread)
            snapshot = replace(snapshot, incidents=incidents)
            known = replace(in_part.together(old, old_at, snapshot), sent=())
            draft.changes += what_changed.deployments(old.deployments if old else (), known.deployments, at)
            draft.changes += what_changed.vendors(before, incidents, at)
            draft.good[key] = (at, known)
            seen = replace(seen, result=snapshot.result)
        draft.snapshots[key] = (at, snapshot)
        return seen

    def _write(self, c: Connection, draft: Draft, now: datetime) -> None:
        new = [key for key in draft.standings if key not in draft.ids]
        if new:
            draft.ids |= series.ensure(c, new, now)
        samples.add(c, draft.ids, draft.samples)
        standings.keep(c, draft.ids, draft.standings.values())
        standings.keep_results(c, draft.results)
        for _, found in draft.snapshots.values():
            if found.sent:
                fit, fold = measured.fit(found.sent, self._known, now), partial(measured.folded, self._known)
                vitals.add(c, fit, measured.bucket, measured.rating, fold)
        for key, (at, result) in draft.results.items():
            figures.add(c, key, at, _scores(result))
        plain = {key: (at, replace(found, sent=())) for key, (at, found) in draft.snapshots.items()}
        snapshots.put(c, plain, {key: found for key, (_, found) in draft.good.items()})
        for key, (at, found) in draft.snapshots.items():
            figures.add(c, key, at, found.figures)
            deployments.put(c, found.deployments)
            known = issues.known(c, [each.id for each in found.issues])
            draft.changes += what_changed.issues(known, found.issues, at)
            issues.put(c, found.issues)
        intervals.add(c, draft.ids, [each for judged in draft.judged for each in judged.closed])
        flips.add(c, draft.ids, [each for judged in draft.judged for each in judged.flips])
        for key, (_, result) in draft.results.items():
            if result.status is Status.UNKNOWN and not result.findings and key not in draft.good:
                continue  # who could not look closes nothing
            if result.findings or key not in self._findings or self._findings[key]:
                findings.put(c, key, result.findings, now)

    def _owe(
        self, c: Connection, draft: Draft, now: datetime, news: Sequence[Notice]
    ) -> tuple[dict[str, Told], frozenset[str]]:
        known = {**self.standings, **draft.standings}
        self._troubled -= draft.standings.keys()
        self._troubled |= {key for key, standing in draft.standings.items() if standing.status in status.BAD}
        if not (self._troubled or self.told or news):
            return {}, frozenset()
        site = self.settings.site
        notices, tolds, cleared = alerting.owed(
            now, self._alarming, known, self.told, self.settings.maintenance, site.timezone, self._on
        )
        rows = [
            (channel.key, notice)
            for notice in (*notices, *news)
            for channel in alerting.recipients(notice, self.settings.channels)
        ]
        notifications.owe(c, rows, now, now + timedelta(seconds=self.settings.watch.group_wait))
        told.put(c, tolds)
        told.clear(c, cleared)
        return {each.monitor: each for each in tolds}, frozenset(cleared)


def sampled(key: str, seen: Seen) -> Sample:
    """The sample of the monitor itself."""
    result = seen.result
    return Sample(key, seen.at, result.status, result.latency, result.words, result.phases)


def parted(key: str, part: Part, seen: Seen) -> Sample:
    """The sample of one part of its document."""
    return Sample(f"{key}/{part.name}", seen.at, part.status, part.latency, part.words)


def _scores(result: Result) -> list[Figure]:
    """What a check gives marks for, such as headers: kept hour by hour, so that a page can draw it."""
    return [Figure(name, float(said)) for name, said in result.facts if name == "score" and said.isdecimal()]
