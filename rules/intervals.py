"""A window covered without hole or overlap by what is known of one series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter

from model import Interval, Maintenance, Standing, Status


def normalised(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Ascending, free of overlap: no second counts twice.

    Overlaps come from a clock that stepped back. The interval with the later start wins as far as it reaches; what it
    lies on goes on behind it, or an hour from a clock that ran ahead would leave the open interval grey for good.
    """
    ordered = sorted((each for each in intervals if each.end > each.start), key=attrgetter("start", "end"))
    if all(before.end <= after.start for before, after in pairwise(ordered)):
        return tuple(ordered)
    return tuple(_swept(ordered))


def _swept(ordered: Sequence[Interval]) -> Iterator[Interval]:
    """From left to right over a stack of those that reach the cursor, the latest start on top."""
    stack: list[Interval] = []
    for each, until in zip(ordered, [after.start for after in ordered[1:]] + [None], strict=True):
        stack.append(each)
        cursor = each.start
        while stack and cursor != until:
            top = stack[-1]
            end = top.end if until is None else min(top.end, until)
            if end > cursor:
                yield _cut(top, cursor, end)
                cursor = end
            if top.end <= cursor:
                stack.pop()


def timeline(
    intervals: Sequence[Interval],
    standing: Standing | None,
    horizon: float,
    created: datetime,
    maintenance: Sequence[Maintenance],
    window_start: datetime,
    window_end: datetime,
    now: datetime,
) -> tuple[Interval, ...]:
    """Contiguous intervals from max(window_start, created) to min(window_end, now); empty when that is nothing.

    Holes are UNKNOWN, announced maintenance lies over everything, the open interval of ``standing`` ends where it was
    last seen, or at ``now`` while that is no more than ``horizon`` seconds ago.
    """
    start, end = max(window_start, created), min(window_end, now)
    if end <= start:
        return ()
    series = standing.series if standing else (intervals[0].series if intervals else "")
    known = normalised((*intervals, *_open(standing, horizon, now)))
    covered = _covered(series, known, start, end)
    return _overlaid(covered, maintenance) if maintenance else covered


def _open(standing: Standing | None, horizon: float, now: datetime) -> tuple[Interval, ...]:
    if standing is None or standing.seen is None:
        return ()
    fresh = now - standing.seen <= timedelta(seconds=horizon)
    end = max(now, standing.seen) if fresh else standing.seen
    return (Interval(standing.series, standing.status, standing.since, end, standing.words),)


def _covered(series: str, known: Sequence[Interval], start: datetime, end: datetime) -> tuple[Interval, ...]:
    made: list[Interval] = []
    cursor = start
    for each in known:
        if each.end <= start or each.start >= end:
            continue
        if each.start > cursor:
            made.append(Interval(series, Status.UNKNOWN, cursor, each.start))
        made.append(_cut(each, max(each.start, cursor), min(each.end, end)))
        cursor = min(each.end, end)
    if cursor < end:
        made.append(Interval(series, Status.UNKNOWN, cursor, end))
    return tuple(made)


def _overlaid(covered: Sequence[Interval], maintenance: Sequence[Maintenance]) -> tuple[Interval, ...]:
    made: list[Interval] = []
    for each in covered:
        made += _split(each, maintenance)
    return tuple(made)


def _split(each: Interval, maintenance: Sequence[Maintenance]) -> list[Interval]:
    """One interval cut at every edge of a maintenance; the stretches inside become MAINTENANCE."""
    edges = {each.start, each.end}
    edges |= {edge for plan in maintenance for edge in (plan.start, plan.end) if each.start < edge < each.end}
    ordered = sorted(edges)
    made = []
    for start, end in pairwise(ordered):
        plan = next((plan for plan in maintenance if plan.start <= start and end <= plan.end), None)
        quiet = Interval(each.series, Status.MAINTENANCE, start, end, plan.title) if plan else None
        made.append(quiet or _cut(each, start, end))
    return made


def _cut(each: Interval, start: datetime, end: datetime) -> Interval:
    if each.start == start and each.end == end:
        return each
    return Interval(each.series, each.status, start, end, each.words)
