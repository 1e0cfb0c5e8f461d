"""Samples added up into minutes, those and hours into days: counts, sums, and a histogram that merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from model import Histogram, Rollup, Sample, Status
from rules import histogram


def fold(series: str, level: str, start: datetime, samples: Sequence[Sample]) -> Rollup:
    """The samples of one bucket of one series added up; failed probes have no latency."""
    counts = Counter(sample.status for sample in samples)
    measured = [sample for sample in samples if sample.latency is not None]
    latencies = [sample.latency for sample in measured if sample.latency is not None]
    phases = [sample.phases for sample in measured]
    return _finished(
        Rollup(
            series,
            level,
            start,
            up=counts[Status.UP],
            degraded=counts[Status.DEGRADED],
            down=counts[Status.DOWN],
            unknown=counts[Status.UNKNOWN],
            latency_sum=sum(latencies),
            dns=sum(p.dns or 0 for p in phases),
            connect=sum(p.connect or 0 for p in phases),
            tls=sum(p.tls or 0 for p in phases),
            first_byte=sum(p.first_byte or 0 for p in phases),
        ),
        histogram.of(latencies),
    )


def merge(series: str, level: str, start: datetime, rollups: Sequence[Rollup]) -> Rollup:
    """Roll-ups of shorter buckets added up into one longer."""
    return _finished(
        Rollup(
            series,
            level,
            start,
            up=sum(r.up for r in rollups),
            degraded=sum(r.degraded for r in rollups),
            down=sum(r.down for r in rollups),
            unknown=sum(r.unknown for r in rollups),
            latency_sum=sum(r.latency_sum for r in rollups),
            dns=sum(r.dns for r in rollups),
            connect=sum(r.connect for r in rollups),
            tls=sum(r.tls for r in rollups),
            first_byte=sum(r.first_byte for r in rollups),
        ),
        histogram.merge([r.latency for r in rollups]),
    )


def grown(made: Iterable[Rollup], known: Iterable[Rollup]) -> list[Rollup]:
    """Those that hold more than what is known of their bucket: what was packed away since is not to be subtracted."""
    counts = {(each.series, each.level, each.start): _all(each) for each in known}
    return [each for each in made if _all(each) > counts.get((each.series, each.level, each.start), 0)]


def _all(rollup: Rollup) -> int:
    return rollup.samples + rollup.unknown


def mean(rollup: Rollup, step: str) -> float | None:
    """Mean ms that an answer spent in ``step`` (dns, connect, tls, first_byte; any other is the rest); None without."""
    answers = sum(n for _, n in rollup.latency.counts)
    known = {"dns": rollup.dns, "connect": rollup.connect, "tls": rollup.tls, "first_byte": rollup.first_byte}
    spent = known.get(step, max(0.0, rollup.latency_sum - sum(known.values())))
    return spent / answers if answers else None


def _finished(rollup: Rollup, latencies: Histogram) -> Rollup:
    found = histogram.latency(latencies)
    return replace(rollup, latency=latencies, p50=found.p50, p95=found.p95, p99=found.p99)
