"""The report card of a release: what was measured before and after it, how sure that is, and what to do.

Intervals are made by the bootstrap: the measurements are drawn again and again, and the middle 95 % of the differences
is what may be believed. The draws are seeded, so that the same measurements give the same card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from model import Comparison, Deployment, Issue, ReportCard, Sample, Status

DRAWS, SEED = 400, 20_261_124
ENOUGH = 30  # measurements on each side from which a difference is judged
MOST = 2000  # newest measurements of each side that are drawn from
LONGEST, SHORTEST = timedelta(hours=2), timedelta(minutes=30)
BAD_SHARE = 0.01  # share of failed probes that a release may not add
SLOWER, MUCH_SLOWER = 0.10, 0.50  # parts of the latency before
WORSE_VITAL = 0.20
MEASURED = (Status.UP, Status.DEGRADED, Status.DOWN)


def stretch(went: datetime, following: datetime | None, now: datetime) -> tuple[datetime, datetime, datetime]:
    """(start, at, end): equally long stretches before and after, ended by the next release; at most two hours each."""
    end = min(each for each in (now, following, went + LONGEST) if each is not None)
    return went - max(end - went, SHORTEST), went, end


def card(
    deployment: Deployment,
    span: tuple[datetime, datetime, datetime],
    samples: Sequence[Sample],
    issues: Sequence[Issue] | None,
    vitals: Mapping[str, tuple[float | None, float | None, int, int]],
) -> ReportCard:
    """``samples`` and ``issues`` of both stretches, None where nobody told of issues.

    ``vitals`` are name -> (p75 before, after, n before, n after).
    """
    start, at, end = span
    before = [each for each in samples if start <= each.at < at and each.status in MEASURED]
    after = [each for each in samples if at <= each.at < end and each.status in MEASURED]
    rows = (
        latency(before, after),
        failures(before, after),
        _new(issues, span),
        *(_vital(*pair) for pair in vitals.items()),
    )
    advice, reasons = judged(rows, [each for each in issues or () if at <= each.first < end])
    return ReportCard(deployment, start, at, end, rows, advice, reasons)


def latency(before: Sequence[Sample], after: Sequence[Sample]) -> Comparison:
    """p95 of the latency in ms."""
    old, new = (np.array([s.latency for s in side if s.latency is not None][-MOST:]) for side in (before, after))
    if len(old) < 1 or len(new) < 1:
        return Comparison("latency p95", "ms", _p95(old), _p95(new), len(old), len(new))
    draws = np.random.default_rng(SEED)
    many = _drawn(draws, new) - _drawn(draws, old)
    low, high = (float(each) for each in np.percentile(many, (2.5, 97.5)))
    made = Comparison("latency p95", "ms", _p95(old), _p95(new), len(old), len(new), low, high)
    floor = SLOWER * (made.before or 0.0)
    return _verdict(made, worse=low > floor, better=high < -floor)


def _p95(values: np.ndarray) -> float | None:
    return float(np.percentile(values, 95)) if len(values) else None


def _drawn(draws: np.random.Generator, values: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.percentile(draws.choice(values, (DRAWS, len(values))), 95, axis=1)
    return found


def failures(before: Sequence[Sample], after: Sequence[Sample]) -> Comparison:
    """The share of probes that failed, in per cent."""
    sides = [(sum(s.status is Status.DOWN for s in side), len(side)) for side in (before, after)]
    (bad_old, old), (bad_new, new) = sides
    if not old or not new:
        shares = [100 * bad / n if n else None for bad, n in sides]
        return Comparison("failed probes", "%", shares[0], shares[1], old, new)
    draws = np.random.default_rng(SEED)
    many = draws.binomial(new, bad_new / new, DRAWS) / new - draws.binomial(old, bad_old / old, DRAWS) / old
    low, high = (100 * float(each) for each in np.percentile(many, (2.5, 97.5)))
    made = Comparison("failed probes", "%", 100 * bad_old / old, 100 * bad_new / new, old, new, low, high)
    return _verdict(made, worse=low > 100 * BAD_SHARE, better=high < 0)


def _verdict(row: Comparison, *, worse: bool, better: bool) -> Comparison:
    said = "worse" if worse else "better" if better else "same"
    return replace(row, verdict=said if min(row.n_before, row.n_after) >= ENOUGH else "unsure")


def _new(issues: Sequence[Issue] | None, span: tuple[datetime, datetime, datetime]) -> Comparison:
    """How many were seen first; fewer in a shorter stretch prove nothing, more do."""
    start, at, end = span
    if issues is None:
        return Comparison("new issues", "", None, None, 0, 0)
    before = sum(start <= each.first < at for each in issues)
    after = sum(at <= each.first < end for each in issues)
    said = "worse" if after > before else "same" if end - at >= at - start else "unsure"
    return Comparison("new issues", "", before, after, before, after, verdict=said)


def _vital(name: str, sides: tuple[float | None, float | None, int, int]) -> Comparison:
    """Only p75 are known of them, not the single values: there is no interval, and few are not judged."""
    before, after, old, new = sides
    unit = "" if name == "cls" else "ms"
    row = Comparison(f"{name.upper()} p75", unit, before, after, old, new)
    if before is None or after is None or min(old, new) < 100:
        return row
    return _verdict(row, worse=after > before * (1 + WORSE_VITAL), better=after < before * (1 - WORSE_VITAL))


def judged(rows: Sequence[Comparison], new: Sequence[Issue]) -> tuple[str, tuple[str, ...]]:
    """(advice, reasons): roll back when it surely does harm, watch while anything is worse or unsure, else keep."""
    by = {row.name: row for row in rows}
    slow, failed = by["latency p95"], by["failed probes"]
    grave = []
    if failed.verdict == "worse":
        grave.append("more probes fail")
    if slow.verdict == "worse" and slow.low is not None and slow.low > MUCH_SLOWER * (slow.before or 0.0):
        grave.append("answers take much longer")
    if any(each.level == "fatal" for each in new):
        grave.append("a fatal issue is new")
    worse = [f"{row.name}: worse" for row in rows if row.verdict == "worse" and row is not failed]
    unsure = [row.name for row in (slow, failed) if row.verdict == "unsure"]
    if grave:
        return "roll back", tuple(grave)
    if worse or unsure:
        return "watch", (*worse, *(f"{name}: not enough data" for name in unsure))
    untold = ("new issues: not enough data",) if by["new issues"].verdict == "unsure" else ()
    return "keep", ("nothing measured is worse than before", *untold)
