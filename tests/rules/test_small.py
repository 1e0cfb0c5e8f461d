"""The small rules: when a monitor is due, whether it is us, what changed, which points a window gets."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Phases, Result, Status
from rules import blind, changes, schedule, windows


@given(st.text(min_size=1, max_size=30), st.floats(1, 3600))
def test_a_phase_lies_inside_its_interval_and_stays(key: str, every: float) -> None:
    assert 0 <= schedule.phase(key, every) < every
    assert schedule.phase(key, every) == schedule.phase(key, every)


def test_five_hundred_phases_spread_evenly() -> None:
    slots = [int(schedule.phase(f"monitor-{i}", 20)) for i in range(500)]

    assert max(slots.count(second) for second in range(20)) < 60


@pytest.mark.parametrize(
    ("due", "now", "unsure", "wanted"),
    [
        pytest.param(100, 100.2, False, 130, id="absolute: no drift by how long it took"),
        pytest.param(100, 195, False, 220, id="missed turns are skipped, not made up for"),
        pytest.param(100, 700, False, 730, id="after ten minutes asleep one probe, not twenty"),
        pytest.param(100, 101, True, 104, id="in doubt a second look follows soon"),
        pytest.param(100, 129, True, 130, id="but never later than its turn"),
    ],
)
def test_due_times(due: float, now: float, unsure: bool, wanted: float) -> None:
    assert schedule.next_due(due, 30, now, unsure) == wanted


@given(st.floats(0, 1e6), st.floats(1, 3600), st.floats(0, 1e5), st.booleans())
def test_the_next_turn_is_always_ahead(due: float, every: float, late: float, unsure: bool) -> None:
    found = schedule.next_due(due, every, due + late, unsure)

    assert due + late <= found <= due + late + every + 1e-6


@pytest.mark.parametrize(
    ("recent", "wanted"),
    [
        ([("a", True), ("b", True)], True),
        ([("a", True), ("a", True)], False),
        ([("a", True), ("b", False)], False),
        ([], False),
    ],
    ids=["all of several failed", "one alone proves nothing", "one that answers clears us", "nothing was looked at"],
)
def test_is_it_us(recent: list[tuple[str, bool]], wanted: bool) -> None:
    assert blind.suspect(recent) is wanted


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (Result(Status.UP, phases=Phases(total=3.0)), True),
        (Result(Status.DOWN, network=True), True),
        (Result(Status.UP, "last ping 3 min ago"), False),
        (Result(Status.UNKNOWN, "our own check broke (KeyError)"), False),
    ],
    ids=["one that answered", "one that did not", "one that sent nothing", "one that broke"],
)
def test_who_speaks_for_our_line(result: Result, wanted: bool) -> None:
    assert blind.tells(result) is wanted


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        ({"uptime": "5000"}, {"uptime": "12"}, ["restart"]),
        ({"uptime": "5000"}, {"uptime": "5030"}, []),
        ({"uptime": "5000.0"}, {"uptime": "4998.0"}, []),
        ({"pid": "17"}, {"pid": "18"}, ["restart"]),
        ({"commit": "aaa"}, {"commit": "bbb"}, ["commit"]),
        ({"commit": "aaa"}, {}, []),
        ({"version": "unknown"}, {"version": "1.2"}, []),
        ({"deployment_id": "dpl_1"}, {"deployment_id": "dpl_2"}, ["commit"]),
        ({"commit": "a", "uptime": "900"}, {"commit": "b", "uptime": "3"}, ["commit", "restart"]),
        ({"expires": "2026-12-01"}, {"expires": "2027-03-01"}, ["certificate"]),
        ({"uptime": "often"}, {"uptime": "12"}, []),
    ],
)
def test_what_changed(noon: datetime, before: dict[str, str], now: dict[str, str], kinds: list[str]) -> None:
    assert [change.kind for change in changes.seen("m", before, now, noon)] == kinds


@pytest.mark.parametrize("key", windows.WINDOWS)
def test_a_chart_never_has_more_than_five_hundred_points(noon: datetime, key: str) -> None:
    window = windows.window(key, noon)
    _, seconds = windows.step(window)

    assert (window.end - window.start).total_seconds() / seconds <= 500
