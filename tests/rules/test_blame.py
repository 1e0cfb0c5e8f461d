"""Downtime is split by what vendors said at the time, to the second, and nothing is lost or excused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Blame, Interval, Status
from rules import blame

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


def line(*pieces: tuple[int, int, Status]) -> list[Interval]:
    return [Interval("x", s, NOON + timedelta(minutes=a), NOON + timedelta(minutes=b)) for a, b, s in pieces]


@pytest.mark.parametrize(
    ("down", "vendors", "wanted"),
    [
        ([(0, 10, DOWN)], {"v": [(-9, 99, UP)]}, Blame(600, 0, 0)),
        ([(0, 10, DOWN)], {"v": [(-9, 4, UP), (4, 99, DEGRADED)]}, Blame(240, 360, 0, ("v",))),
        ([(0, 10, DOWN)], {"v": [(-9, 4, UP), (4, 7, UNKNOWN), (7, 99, UP)]}, Blame(420, 0, 180)),
        ([(0, 10, DOWN)], {"v": [(5, 99, UP)]}, Blame(300, 0, 300)),
        ([(0, 10, DOWN)], {}, Blame(0, 0, 600)),
        ([(0, 10, DOWN)], {"v": [(-9, 99, UNKNOWN)], "w": [(-9, 2, DOWN), (2, 99, UP)]}, Blame(0, 120, 480, ("w",))),
        ([(0, 10, DOWN)], {"v": [(-9, 99, Status.MAINTENANCE)]}, Blame(0, 600, 0, ("v",))),
        ([(0, 10, UP), (10, 20, DEGRADED), (20, 30, UNKNOWN)], {"v": [(-9, 99, DOWN)]}, Blame()),
        (
            [(0, 1, DOWN), (5, 6, DOWN)],
            {"a": [(-9, 2, DOWN), (2, 99, UP)], "b": [(-9, 99, UP)]},
            Blame(60, 60, 0, ("a",)),
        ),
    ],
)
def test_each_second_is_counted_where_it_belongs(down, vendors, wanted) -> None:
    assert blame.split(line(*down), {name: line(*each) for name, each in vendors.items()}) == wanted


pieces = st.lists(st.tuples(st.integers(-50, 150), st.integers(1, 60), st.sampled_from(list(Status))), max_size=8)


def laid(found) -> list[Interval]:
    at, made = -60, []
    for gap, length, state in found:
        start = at + abs(gap) % 7
        made.append((start, start + length, state))
        at = start + length
    return line(*made)


@given(pieces, st.dictionaries(st.sampled_from(["a", "b", "c"]), pieces, max_size=3))
def test_nothing_is_lost(down, vendors) -> None:
    timeline = laid(down)
    found = blame.split(timeline, {name: laid(each) for name, each in vendors.items()})
    assert found.total == sum((e.end - e.start).total_seconds() for e in timeline if e.status is DOWN)
    assert min(found.ours, found.vendor, found.unknown) >= 0
    assert bool(found.vendors) == (found.vendor > 0)
