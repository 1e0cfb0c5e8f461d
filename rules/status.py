"""When a series passes from one status to another: confirm before a flip, date it back, never call a gap up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import words
from model import Doubt, Flip, Interval, Judgement, Result, Sample, Standing, Status

BAD = frozenset({Status.DOWN, Status.DEGRADED})


def first(series: str, now: datetime) -> Standing:
    """A series that nobody has measured yet."""
    return Standing(series, Status.UNKNOWN, now)


def graded(result: Result, slow: float | None) -> Result:
    """An answer slower than ``slow`` seconds turns up into degraded, with words."""
    if slow is None or result.status is not Status.UP or result.latency is None or result.latency <= slow * 1000:
        return result
    said = f"answered in {words.ms(result.latency)}, slower than {words.ms(slow * 1000)}"
    return replace(result, status=Status.DEGRADED, words=said)


def judge(standing: Standing, sample: Sample, confirm: int, horizon: float) -> Judgement:
    """What one sample changes.

    Bad (down or degraded) needs ``confirm`` samples in a row to open and good ones as many to close; the flip is dated
    back to the first of them. Between down and degraded it passes at once. A sample that measured nothing changes only
    ``blind``. More than ``horizon`` seconds without a sample is an interval of UNKNOWN; the status from before goes on.
    """
    if sample.status is Status.UNKNOWN:
        return Judgement(replace(standing, blind=sample.words or "could not be measured"))
    standing, closed = _resumed(standing, sample, horizon)
    seen = replace(standing, seen=sample.at, latency=sample.latency, blind="")
    if sample.status is standing.status:
        return _continued(seen, sample, closed)
    doubts = (*_kept_doubts(standing, sample), Doubt(sample.at, sample.status, sample.words))
    if len(doubts) < _needed(standing, sample, confirm):
        return Judgement(replace(seen, doubts=doubts), closed)
    return _flipped(seen, doubts, sample, closed)


def current(standing: Standing, horizon: float, now: datetime) -> tuple[Status, datetime, str]:
    """Status, since when, and the words of it at ``now``: unknown once the last sample is older than ``horizon`` s."""
    if standing.seen is None:
        return Status.UNKNOWN, standing.since, standing.blind or "not measured yet"
    if (now - standing.seen).total_seconds() > horizon:
        said = standing.blind or f"no sample for {words.lasted((now - standing.seen).total_seconds())}"
        return Status.UNKNOWN, standing.seen, said
    return standing.status, standing.since, standing.words


def _resumed(standing: Standing, sample: Sample, horizon: float) -> tuple[Standing, tuple[Interval, ...]]:
    """After a gap or a clock that stepped back the interval is closed where it was last seen, and begins anew."""
    seen = standing.seen
    if seen is None or seen < sample.at <= seen + timedelta(seconds=horizon):
        return standing, ()
    old = _interval(standing, seen)
    gap = (Interval(standing.series, Status.UNKNOWN, seen, sample.at, standing.blind),) if sample.at > seen else ()
    return replace(standing, since=sample.at, doubts=()), (*old, *gap)


def _kept_doubts(standing: Standing, sample: Sample) -> tuple[Doubt, ...]:
    """Doubts count in a row: a good sample among bad ones, or the other way round, starts afresh."""
    same = all((doubt.status in BAD) == (sample.status in BAD) for doubt in standing.doubts)
    return standing.doubts if same else ()


def _needed(standing: Standing, sample: Sample, confirm: int) -> int:
    """How many samples in a row this passage needs."""
    if standing.status in BAD and sample.status in BAD:
        return 1
    return 1 if standing.status is Status.UNKNOWN and sample.status is Status.UP else max(1, confirm)


def _continued(seen: Standing, sample: Sample, closed: tuple[Interval, ...]) -> Judgement:
    """The confirmed status was seen again: doubts fall; a reason that became more exact is kept."""
    said = sample.words or seen.words if sample.status in BAD else ""
    return Judgement(replace(seen, doubts=(), words=said) if seen.doubts or said != seen.words else seen, closed)


def _flipped(seen: Standing, doubts: tuple[Doubt, ...], sample: Sample, closed: tuple[Interval, ...]) -> Judgement:
    """Every stretch of equal status among the doubts becomes an interval of its own; the last one stays open."""
    at = seen
    made: list[Interval] = []
    for doubt in doubts:
        if doubt.status is not at.status:
            made += _interval(at, doubt.at)
            at = replace(at, status=doubt.status, since=doubt.at)
        at = replace(at, words=doubt.words)
    flip = Flip(seen.series, seen.status, at.status, doubts[0].at, sample.at, at.words)
    return Judgement(replace(at, doubts=()), (*closed, *made), (flip,))


def _interval(standing: Standing, end: datetime) -> tuple[Interval, ...]:
    if end <= standing.since:
        return ()
    return (Interval(standing.series, standing.status, standing.since, end, standing.words),)
