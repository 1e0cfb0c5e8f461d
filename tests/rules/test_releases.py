"""A release is judged by what was measured, with how sure that is; too little is never a verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from model import Deployment, Issue, Sample, Status
from rules import releases

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPAN = (NOON - timedelta(hours=1), NOON, NOON + timedelta(hours=1))
DEPLOYMENT = Deployment("dpl_2", "web", "production", "ready", NOON, NOON, "3f2c", serving=True)


def side(n: int, start: datetime, ms: float, bad: int = 0, spread: float = 0.2, seed: int = 1) -> list[Sample]:
    draws = np.random.default_rng(seed)
    step = timedelta(hours=1) / max(n, 1)
    return [
        Sample(
            "m",
            start + k * step,
            Status.DOWN if k < bad else Status.UP,
            None if k < bad else ms * draws.lognormal(0, spread),
        )
        for k in range(n)
    ]


def card(n=120, ms=(100, 100), bad=(0, 0), issues=(), vitals=None):
    samples = side(n, SPAN[0], ms[0], bad[0]) + side(n, NOON, ms[1], bad[1], seed=5)
    return releases.card(DEPLOYMENT, SPAN, samples, issues, vitals or {})


def row(found, name):
    return next(each for each in found.rows if each.name == name)


def issue(minutes, level="error"):
    at = NOON + timedelta(minutes=minutes)
    return Issue("1", "W-1", "T", "web", level, "new", 1, 1, at, at)


def test_nothing_worse_is_kept() -> None:
    found = card()
    assert found.advice == "keep"
    slow = row(found, "latency p95")
    assert slow.verdict == "same"
    assert slow.low < 0 < slow.high
    assert (slow.n_before, slow.n_after) == (120, 120)


@pytest.mark.parametrize(
    ("ms", "bad", "advice", "reason"),
    [
        ((100, 130), (0, 0), "watch", "latency p95: worse"),
        ((100, 250), (0, 0), "roll back", "answers take much longer"),
        ((100, 100), (0, 12), "roll back", "more probes fail"),
        ((100, 100), (12, 12), "keep", "nothing measured is worse than before"),
        ((250, 100), (12, 0), "keep", "nothing measured is worse than before"),
    ],
)
def test_the_advice_follows_what_is_sure(ms, bad, advice, reason) -> None:
    found = card(ms=ms, bad=bad)
    assert found.advice == advice
    assert reason in found.reasons


def test_few_measurements_are_not_enough_whatever_they_say() -> None:
    found = card(n=29, ms=(100, 900), bad=(0, 20))
    assert found.advice == "watch"
    assert {each.verdict for each in found.rows[:2]} == {"unsure"}
    assert "latency p95: not enough data" in found.reasons


def test_nothing_measured_at_all_is_no_number() -> None:
    found = releases.card(DEPLOYMENT, SPAN, [], [], {})
    assert [(each.before, each.after, each.low) for each in found.rows[:2]] == [(None, None, None)] * 2
    assert found.advice == "watch"


def test_a_single_failed_probe_of_many_is_no_reason_to_go_back() -> None:
    assert card(bad=(0, 1)).advice == "keep"


@pytest.mark.parametrize(
    ("issues", "advice"),
    [([issue(5)], "watch"), ([issue(5, "fatal")], "roll back"), ([issue(-5), issue(5)], "keep"), ([issue(-5)], "keep")],
)
def test_new_issues_count(issues, advice) -> None:
    assert card(issues=issues).advice == advice


def test_where_nobody_told_of_issues_there_is_not_enough_data() -> None:
    found = card(issues=None)
    new = row(found, "new issues")

    assert (new.before, new.after, new.verdict) == (None, None, "unsure")
    assert (found.advice, found.reasons[1:]) == ("keep", ("new issues: not enough data",))


@pytest.mark.parametrize(
    ("issues", "verdict"), [([], "unsure"), ([issue(-5)], "unsure"), ([issue(1)], "worse")], ids=["none", "old", "new"]
)
def test_few_issues_in_a_short_stretch_prove_nothing_but_more_do(issues, verdict) -> None:
    span = (NOON - timedelta(minutes=30), NOON, NOON + timedelta(minutes=3))
    new = row(releases.card(DEPLOYMENT, span, [], issues, {}), "new issues")

    assert new.verdict == verdict
    assert (new.n_before, new.n_after) == (new.before, new.after)


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        ((2000.0, 2500.0, 400, 400), "worse"),
        ((2000.0, 2300.0, 400, 400), "same"),
        ((2000.0, 1500.0, 400, 400), "better"),
        ((2000.0, 2500.0, 400, 99), "unsure"),
        ((None, 2500.0, 0, 400), "unsure"),
    ],
)
def test_vitals_are_judged_without_an_interval(sides, verdict) -> None:
    found = row(card(vitals={"lcp": sides}), "LCP p75")
    assert (found.verdict, found.low, found.unit) == (verdict, None, "ms")


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """40 pairs of the same distribution: about 2 of them may seem different."""
    outside = 0
    for seed in range(40):
        before, after = side(200, SPAN[0], 100, seed=seed), side(200, NOON, 100, seed=seed + 1000)
        found = releases.latency(before, after)
        outside += not found.low <= 0 <= found.high
    assert outside <= 6


def test_the_same_measurements_give_the_same_card() -> None:
    assert card(ms=(100, 130)) == card(ms=(100, 130))


@pytest.mark.parametrize(
    ("following", "now", "before", "after"),
    [(None, 300, 120, 120), (45, 300, 45, 45), (None, 10, 30, 10), (5, 300, 30, 5)],
)
def test_stretches_are_equally_long_and_end_with_the_next_release(following, now, before, after) -> None:
    def at(minutes):
        return NOON + timedelta(minutes=minutes)

    start, went, end = releases.stretch(NOON, None if following is None else at(following), at(now))

    assert (start, went, end) == (at(-before), NOON, at(after))
