"""Downtime beside vendors' trouble: it says what coincided and excuses nothing; uptime counts every second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from model import Blame, Interval, Status

TROUBLE = (Status.DOWN, Status.DEGRADED)


def split(timeline: Iterable[Interval], vendors: Mapping[str, Sequence[Interval]]) -> Blame:
    """Splits the seconds that ``timeline`` was down.

    ``vendors`` are the timelines of what each vendor says of itself. A second is the vendor's while at least one was in
    trouble, unknown while none was and one of them could not be read, else ours. Without vendors all is unknown.
    """
    sums = {"ours": 0.0, "vendor": 0.0, "unknown": 0.0}
    beside: dict[str, None] = {}
    for down in timeline:
        if down.status is Status.DOWN:
            for start, end in pairwise(_edges(down, vendors)):
                states = {name: _at(line, start) for name, line in vendors.items()}
                troubled = [name for name, state in states.items() if state in TROUBLE]
                beside |= dict.fromkeys(troubled)
                blind = not states or Status.UNKNOWN in states.values()
                whose = "vendor" if troubled else "unknown" if blind else "ours"
                sums[whose] += (end - start).total_seconds()
    return Blame(**sums, vendors=tuple(sorted(beside)))


def _edges(down: Interval, vendors: Mapping[str, Sequence[Interval]]) -> list[datetime]:
    """Where anything changes inside an interval, its ends included."""
    inside = {
        edge
        for line in vendors.values()
        for each in line
        for edge in (each.start, each.end)
        if down.start < edge < down.end
    }
    return sorted(inside | {down.start, down.end})


def _at(line: Sequence[Interval], moment: datetime) -> Status:
    """The state at a moment; planned work of a vendor counts as its trouble."""
    for each in line:
        if each.start <= moment < each.end:
            return Status.DEGRADED if each.status is Status.MAINTENANCE else each.status
    return Status.UNKNOWN
