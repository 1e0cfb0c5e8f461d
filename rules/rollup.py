"""Samples added up into minutes, those and hours into days: counts, sums, and a histogram that merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from model import Rollup, Sample, Status
from rules import histogram


def fold(series: str, level: str, start: datetime, samples: Sequence[Sample]) -> Rollup:
    """The samples of one bucket of one series added up; failed probes have no latency."""
    seen = [sample.status for sample in samples].count
    latencies = [sample.latency for sample in samples if sample.latency is not None]
    phases = [sample.phases for sample in samples if sample.latency is not None]
    buckets = histogram.of(latencies)
    found = histogram.latency(buckets)
    return Rollup(
        series, level, start, seen(Status.UP), seen(Status.DEGRADED), seen(Status.DOWN), seen(Status.UNKNOWN),
        buckets, sum(latencies), found.p50, found.p95, found.p99,
        sum([p.dns or 0 for p in phases]), sum([p.connect or 0 for p in phases]),
        sum([p.tls or 0 for p in phases]), sum([p.first_byte or 0 for p in phases]),
    )  # fmt: skip


def merge(series: str, level: str, start: datetime, rollups: Sequence[Rollup]) -> Rollup:
    """Roll-ups of shorter buckets added up into one longer."""
    buckets = histogram.merge([r.latency for r in rollups])
    found = histogram.latency(buckets)
    return Rollup(
        series, level, start, sum([r.up for r in rollups]), sum([r.degraded for r in rollups]),
        sum([r.down for r in rollups]), sum([r.unknown for r in rollups]),
        buckets, sum([r.latency_sum for r in rollups]), found.p50, found.p95, found.p99,
        sum([r.dns for r in rollups]), sum([r.connect for r in rollups]),
        sum([r.tls for r in rollups]), sum([r.first_byte for r in rollups]),
    )  # fmt: skip


def grown(made: Iterable[Rollup], known: Mapping[tuple[str, datetime], int]) -> list[Rollup]:
    """Those that hold more than what is ``known`` of their bucket, by series and start.

    What was packed away since is not to be subtracted.
    """
    return [each for each in made if each.samples + each.unknown > known.get((each.series, each.start), 0)]


def mean(rollup: Rollup, step: str) -> float | None:
    """Mean ms that an answer spent in ``step`` (dns, connect, tls, first_byte; any other is the rest); None without."""
    answers = sum(n for _, n in rollup.latency.counts)
    known = {"dns": rollup.dns, "connect": rollup.connect, "tls": rollup.tls, "first_byte": rollup.first_byte}
    spent = known.get(step, max(0.0, rollup.latency_sum - sum(known.values())))
    return spent / answers if answers else None
