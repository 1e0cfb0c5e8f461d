"""Latencies in log buckets of ratio 1.02: small, mergeable, every quantile within one per cent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from model import Histogram, Latency

RATIO = 1.02
_SCALE = 1 / math.log(RATIO)
_FLOOR = 0.001  # ms: a microsecond; nothing is faster
_MIDDLE = 2 * RATIO / (1 + RATIO) / RATIO  # of a bucket (lower, upper], so that both ends err alike


def bucket(ms: float) -> int:
    """The bucket of a latency: b holds RATIO**(b-1) < ms <= RATIO**b; a microsecond and less share one."""
    return math.ceil(math.log(max(ms, _FLOOR)) * _SCALE - 1e-9)


def value(number: int) -> float:
    """The latency in ms that stands for a bucket: at most 0.99 % from any in it."""
    return float(RATIO**number * _MIDDLE)


def of(latencies: Iterable[float]) -> Histogram:
    """The histogram of latencies in ms."""
    counts: dict[int, int] = {}
    get = counts.get
    for ms in latencies:
        number = bucket(ms)
        counts[number] = get(number, 0) + 1
    return Histogram(tuple(sorted(counts.items())))


def merge(histograms: Sequence[Histogram]) -> Histogram:
    """All of them in one."""
    if len(histograms) == 1:
        return histograms[0]
    different, times = {id(each): each for each in histograms}, Counter(map(id, histograms))
    counts: dict[int, int] = {}
    get = counts.get
    for key, histogram in different.items():
        often = times[key]
        for number, n in histogram.counts:
            counts[number] = get(number, 0) + n * often
    return Histogram(tuple(sorted(counts.items())))


def quantile(histogram: Histogram, q: float) -> float | None:
    """The nearest-rank quantile in ms, within one per cent; None when empty."""
    total = sum([n for _, n in histogram.counts])
    return _ranked(histogram, total, (q,))[0] if total else None


def latency(histogram: Histogram) -> Latency:
    """n, p50, p95, p99."""
    total = sum([n for _, n in histogram.counts])
    return Latency(total, *_ranked(histogram, total, (0.5, 0.95, 0.99))) if total else Latency()


def _ranked(histogram: Histogram, total: int, wanted: Sequence[float]) -> list[float]:
    """The quantiles ``wanted``, which rise, in one pass."""
    found, passed, number, buckets = [], 0, 0, iter(histogram.counts)
    for q in wanted:
        rank = max(1, math.ceil(q * total - 1e-9))
        while passed < rank:
            number, n = next(buckets)
            passed += n
        found.append(value(number))
    return found
