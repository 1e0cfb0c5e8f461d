"""Strips and curves: one element each, the right colours in the right places."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Bar, Status
from ui.bars import strip
from ui.sparks import spark


def bars(noon, letters: str) -> list[Bar]:
    states = {"u": Status.UP, "d": Status.DOWN, "?": Status.UNKNOWN}
    return [Bar(noon + timedelta(days=i), states[letter], "") for i, letter in enumerate(letters)]


def test_a_strip_of_one_colour_is_no_gradient(noon) -> None:
    assert "background:var(--up)" in str(strip(bars(noon, "u" * 90), "fine"))


def test_a_change_of_state_is_a_hard_stop(noon) -> None:
    stops = re.findall(r"var\(--(\w+)\) 0 ([\d.]+)%", str(strip(bars(noon, "??du"), "mixed")))
    assert stops == [("unknown", "50"), ("down", "75"), ("up", "100")]


def test_no_bars_say_so() -> None:
    assert "no history yet" in str(strip([], "x"))


@given(st.text(alphabet="ud?", min_size=1, max_size=120))
def test_stops_only_rise_and_end_at_the_end(letters) -> None:
    from datetime import UTC, datetime

    stops = re.findall(r"0 ([\d.]+)%", str(strip(bars(datetime(2026, 1, 1, tzinfo=UTC), letters), "x")))
    numbers = [float(stop) for stop in stops]
    assert numbers == sorted(numbers)
    assert not numbers or numbers[-1] == 100


@pytest.mark.parametrize(
    "values", [(), (1.0,), (None, None, None), (2.0, 2.0, 2.0)], ids=["none", "one", "unknown", "flat"]
)
def test_a_curve_without_a_course_is_a_line(values) -> None:
    assert "wr-none" in str(spark(values, "x"))


@given(st.lists(st.one_of(st.none(), st.floats(0.1, 1e6)), min_size=3, max_size=60))
def test_a_curve_stays_in_its_box(values) -> None:
    heights = re.findall(r"[\d.e+-]+% ([\d.e+-]+)%", str(spark(values, "x")))
    assert all(-0.01 <= float(height) <= 100 for height in heights)
