"""Budgets of time that may be lost: what spends them, what does not, and how what is left is said."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Budget, Uptime
from rules.slo import budget, said, worst

DAY = 86_400.0
MONTH = 30 * DAY


@pytest.mark.parametrize(
    ("target", "u", "window", "allowed", "spent", "left"),
    [
        (99.0, Uptime(up=100 * DAY), 100 * DAY, DAY, 0, 1.0),
        (99.0, Uptime(up=99.5 * DAY, down=DAY / 2), 100 * DAY, DAY, DAY / 2, 0.5),
        (99.0, Uptime(up=99 * DAY, down=DAY), 100 * DAY, DAY, DAY, 0.0),
        (99.0, Uptime(up=90 * DAY, down=10 * DAY), 100 * DAY, DAY, 10 * DAY, 0.0),
        (99.0, Uptime(up=50 * DAY, degraded=50 * DAY), 100 * DAY, DAY, 0, 1.0),
        (99.0, Uptime(up=49.75 * DAY, down=DAY / 4, unknown=25 * DAY, maintenance=25 * DAY), 100 * DAY, DAY / 2,
         DAY / 4, 0.5),
        (99.0, Uptime(up=DAY), 100 * DAY, DAY, 0, 1.0),  # begun yesterday: the promise is for the whole window
        (99.9, Uptime(up=MONTH - 600, down=600), MONTH, 2592, 600, 1992 / 2592),
    ],
)  # fmt: skip
def test_what_is_allowed_spent_and_left(
    target: float, u: Uptime, window: float, allowed: float, spent: float, left: float
) -> None:
    found = budget(target, u, window)
    assert found.allowed == pytest.approx(allowed)
    assert found.spent == spent
    assert found.left == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize(
    "u", [Uptime(), Uptime(unknown=MONTH), Uptime(maintenance=MONTH), Uptime(unknown=1, maintenance=1)]
)
def test_what_was_never_measured_has_no_budget(u: Uptime) -> None:
    assert budget(99.9, u, MONTH).left is None


def test_a_window_that_is_an_hour_longer_is_no_trouble() -> None:
    found = budget(99.0, Uptime(up=7 * DAY + 3600), 7 * DAY)
    assert found.allowed == pytest.approx(0.01 * (7 * DAY + 3600))
    assert budget(99.0, Uptime(up=1.0, unknown=8 * DAY), 7 * DAY).allowed > 0


@pytest.mark.parametrize(
    ("spent", "left", "words"),
    [
        (0.0, 1.0, "100 % left, 0 s of 43 min spent"),
        (600.0, 1992 / 2592, "76.85 % left, 10 min of 43 min spent by web"),
        (2592.0, 0.0, "0 % left, 43 min of 43 min spent by web"),
        (1e-9, math.nextafter(1, 0), "99.99 % left, less than 1 s of 43 min spent by web"),
        (2591.9, 1e-9, "less than 0.01 % left, 43 min of 43 min spent by web"),
        (0.0, None, "no data"),
    ],
)
def test_how_it_is_said(spent: float, left: float | None, words: str) -> None:
    assert said(Budget(2592.0, spent, left, "web")) == words


@given(
    st.floats(50.001, 99.999), st.floats(0, MONTH), st.floats(0, MONTH), st.floats(0, MONTH), st.floats(1, 3 * MONTH)
)
def test_spent_is_never_all_left_and_left_is_never_nothing(
    target: float, up: float, down: float, unknown: float, window: float
) -> None:
    found = budget(target, Uptime(up=up, down=down, unknown=unknown), window)
    if found.left is None:
        assert up + down == 0
        return
    assert 0 <= found.left <= 1
    assert (found.left == 1) is (down == 0)
    assert (found.left == 0) is (found.spent >= found.allowed)
    assert said(found).startswith("100 % left") is (down == 0)
    assert said(found).startswith(("0 % left", "0.00 % left")) is (found.left == 0)


@pytest.mark.parametrize("tiny", [5e-324, 1e-12, 1e-6])
def test_the_least_that_a_float_can_hold_still_shows(tiny: float) -> None:
    barely = budget(99.9, Uptime(up=MONTH, down=tiny), MONTH)
    assert barely.left is not None
    assert 0 < barely.left < 1
    almost = budget(99.9, Uptime(up=MONTH, down=math.nextafter(barely.allowed, 0)), MONTH)
    assert almost.left is not None
    assert 0 < almost.left < 1


def test_the_worst_is_who_was_never_measured_then_who_has_least() -> None:
    full, half, none = (Budget(1, 0, left, of) for left, of in ((1.0, "a"), (0.5, "b"), (None, "c")))
    assert worst([full, half]) is half
    assert worst([full, half, none]) is none
    assert worst([]) is None
