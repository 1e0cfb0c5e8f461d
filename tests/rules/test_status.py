"""When a status passes to another: streaming judgement against an oracle that looks at the whole list at once."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Flip, Interval, Result, Sample, Standing, Status
from rules import status

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
SIGN = {"u": UP, "d": DOWN, "s": DEGRADED, "?": UNKNOWN}
EVERY, HORIZON = 30, 70.0


def run(noon: datetime, signs: str, confirm: int = 2, gaps: dict[int, int] | None = None):
    """(standing, closed intervals, flips) after samples every 30 s; ``gaps`` adds seconds before the n-th sample."""
    standing, at = status.first("m", noon), noon
    closed: list[Interval] = []
    flips: list[Flip] = []
    for i, sign in enumerate(signs):
        at += timedelta(seconds=EVERY + (gaps or {}).get(i, 0))
        judged = status.judge(standing, Sample("m", at, SIGN[sign], words=sign), confirm, HORIZON)
        standing = judged.standing
        closed += judged.closed
        flips += judged.flips
    return standing, closed, flips


@pytest.mark.parametrize(
    ("signs", "confirm", "wanted"),
    [
        pytest.param("uuu", 2, [(UNKNOWN, UP, 1)], id="the first good sample is believed at once"),
        pytest.param("udu", 2, [(UNKNOWN, UP, 1)], id="one bad sample is noise"),
        pytest.param("uddu", 2, [(UNKNOWN, UP, 1), (UP, DOWN, 2)], id="two are not, dated back to the first"),
        pytest.param("udududu", 2, [(UNKNOWN, UP, 1)], id="bad ones that never follow one another are noise"),
        pytest.param("udduu", 2, [(UNKNOWN, UP, 1), (UP, DOWN, 2), (DOWN, UP, 4)], id="as many good ones close"),
        pytest.param("udduduu", 2, [(UNKNOWN, UP, 1), (UP, DOWN, 2), (DOWN, UP, 6)], id="one good sample is noise too"),
        pytest.param("uud", 1, [(UNKNOWN, UP, 1), (UP, DOWN, 3)], id="confirm 1 believes at once"),
        pytest.param("uddsd", 2, [(UNKNOWN, UP, 1), (UP, DOWN, 2), (DOWN, DEGRADED, 4), (DEGRADED, DOWN, 5)],
                     id="down and degraded pass into each other at once"),
        pytest.param("d", 2, [], id="a first bad sample proves nothing"),
        pytest.param("dd", 2, [(UNKNOWN, DOWN, 1)], id="a second one does"),
        pytest.param("ud?d", 2, [(UNKNOWN, UP, 1), (UP, DOWN, 2)], id="what measured nothing does not break a row"),
    ],
)  # fmt: skip
def test_flips(noon: datetime, signs: str, confirm: int, wanted: list[tuple[Status, Status, int]]) -> None:
    _, _, flips = run(noon, signs, confirm)

    assert [(f.before, f.after, (f.at - noon).total_seconds() / EVERY) for f in flips] == wanted


def test_a_run_of_degraded_and_down_keeps_each_stretch_its_own_status(noon: datetime) -> None:
    standing, closed, flips = run(noon, "uusd")

    second = timedelta(seconds=EVERY)
    assert [(i.status, i.start, i.end) for i in closed][-2:] == [
        (UP, noon + second, noon + 3 * second),
        (DEGRADED, noon + 3 * second, noon + 4 * second),
    ]
    assert (standing.status, standing.since) == (DOWN, noon + 4 * second)
    assert (flips[-1].at, flips[-1].seen) == (noon + 3 * second, noon + 4 * second)


def test_a_gap_is_unknown_and_what_was_before_goes_on(noon: datetime) -> None:
    standing, closed, flips = run(noon, "uuuu", gaps={2: 600})

    assert [i.status for i in closed] == [UNKNOWN, UP, UNKNOWN]
    assert (closed[-1].end - closed[-1].start).total_seconds() == 630
    assert (standing.status, standing.since) == (UP, closed[-1].end)
    assert [f.after for f in flips] == [UP]


def test_a_restart_does_not_forget_that_it_was_down(noon: datetime) -> None:
    standing, _, flips = run(noon, "uddd", gaps={3: 3600})

    assert standing.status is DOWN
    assert [f.after for f in flips] == [UP, DOWN]


def test_a_clock_that_steps_back_closes_what_it_saw_and_begins_anew(noon: datetime) -> None:
    standing, _, _ = run(noon, "uuu")
    judged = status.judge(standing, Sample("m", noon - timedelta(hours=1), UP), 2, HORIZON)

    assert [(i.status, i.end) for i in judged.closed] == [(UP, standing.seen)]
    assert (judged.standing.status, judged.standing.since) == (UP, noon - timedelta(hours=1))


def test_a_sample_that_measured_nothing_says_why_and_keeps_the_rest(noon: datetime) -> None:
    standing, _, _ = run(noon, "uu")
    judged = status.judge(standing, Sample("m", noon + timedelta(hours=1), UNKNOWN, words="blind"), 2, HORIZON)

    assert judged.standing == replace(standing, blind="blind")
    assert judged.closed == judged.flips == ()


@pytest.mark.parametrize(("late", "wanted"), [(69, UP), (71, UNKNOWN)], ids=["within the horizon", "beyond it"])
def test_old_news_is_no_news(noon: datetime, late: int, wanted: Status) -> None:
    standing, _, _ = run(noon, "uu")
    assert standing.seen

    assert status.current(standing, HORIZON, standing.seen + timedelta(seconds=late))[0] is wanted


def test_nothing_measured_yet_is_unknown(noon: datetime) -> None:
    assert status.current(status.first("m", noon), HORIZON, noon) == (UNKNOWN, noon, "not measured yet")


@pytest.mark.parametrize(
    ("latency", "slow", "wanted"),
    [(400.0, 0.5, UP), (500.0, 0.5, UP), (501.0, 0.5, DEGRADED), (9000.0, None, UP), (None, 0.5, UP)],
)
def test_slower_than_slow_is_degraded(latency: float | None, slow: float | None, wanted: Status) -> None:
    assert status.graded(Result(UP, latency=latency), slow).status is wanted


def test_slowness_never_mends_what_is_down() -> None:
    assert status.graded(Result(DOWN, "answered 503, not 2xx"), 0.1).words == "answered 503, not 2xx"


# --- the oracle: knows all samples, thinks in runs -------------------------------------------------------------------


def oracle(samples: list[tuple[float, Status]], confirm: int) -> list[tuple[float, float, Status]]:
    """(start, end, status) of every confirmed stretch up to the last sample, found by looking at the whole list."""
    real = [(at, state) for at, state in samples if state is not UNKNOWN]
    blocks: list[list[tuple[float, Status]]] = []
    for at, state in real:
        if blocks and 0 < at - blocks[-1][-1][0] <= HORIZON:
            blocks[-1].append((at, state))
        else:
            blocks.append([(at, state)])
    found: list[tuple[float, float, Status]] = []
    confirmed, last = UNKNOWN, 0.0
    for number, block in enumerate(blocks):
        if number:
            found.append((last, block[0][0], UNKNOWN))
        labels, confirmed = label(block, confirmed, confirm)
        points = [at for at, _ in block]
        if not number:  # unknown from the beginning to the first sample
            points, labels = [0.0, *points], [UNKNOWN, *labels]
        found += list(zip(points, points[1:], labels, strict=False))
        last = block[-1][0]
    return merged(found)


def label(block: list[tuple[float, Status]], confirmed: Status, confirm: int) -> tuple[list[Status], Status]:
    """The confirmed status from each sample on, hindsight included: a run long enough counts from its first."""
    labels: list[Status] = []
    i = 0
    while i < len(block):
        state = block[i][1]
        good = state is UP
        opposite = (confirmed is UNKNOWN) or (good != (confirmed is UP))
        if not opposite or (confirmed is UNKNOWN and good):
            confirmed = state
            labels.append(state)
            i += 1
            continue
        j = i
        while j < len(block) and (block[j][1] is UP) == good and j - i < confirm:
            j += 1
        if j - i == confirm:
            labels += [s for _, s in block[i:j]]
            confirmed = labels[-1]
        else:
            labels += [confirmed] * (j - i)
        i = j
    return labels, confirmed


def merged(stretches: list[tuple[float, float, Status]]) -> list[tuple[float, float, Status]]:
    made: list[tuple[float, float, Status]] = []
    for start, end, state in stretches:
        if end <= start:
            continue  # what a clock that stepped back leaves between two samples is no time
        if made and made[-1][2] is state and made[-1][1] == start:
            made[-1] = (made[-1][0], end, state)
        else:
            made.append((start, end, state))
    return made


@settings(max_examples=600)
@given(
    st.lists(
        st.tuples(st.sampled_from([30, 30, 30, 30, 5, 500, 0, -40, -900]), st.sampled_from("uuuudds?")),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 4),
)
def test_judging_one_by_one_equals_looking_at_all_at_once(steps: list[tuple[int, str]], confirm: int) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    standing, at = status.first("m", noon), 40_000.0  # a series begins before its first sample, whatever the clock does
    closed: list[Interval] = []
    samples: list[tuple[float, Status]] = []
    for step, sign in steps:
        at += step
        samples.append((at, SIGN[sign]))
        judged = status.judge(standing, Sample("m", noon + timedelta(seconds=at), SIGN[sign]), confirm, HORIZON)
        standing, closed = judged.standing, [*closed, *judged.closed]
    if standing.seen is not None and standing.seen > standing.since:
        closed.append(Interval("m", standing.status, standing.since, standing.seen))
    got = merged([((i.start - noon).total_seconds(), (i.end - noon).total_seconds(), i.status) for i in closed])

    first = next((t for t, s in samples if s is not UNKNOWN), None)
    wanted = oracle(samples, confirm) if first is not None else []
    assert [g for g in got if g[2] is not UNKNOWN or g[0] > (first or 0)] == [
        w for w in wanted if w[2] is not UNKNOWN or w[0] > (first or 0)
    ]


def test_judging_is_cheap_enough_for_the_hot_path(noon: datetime) -> None:
    standing = Standing("m", UP, noon, noon)
    samples = [Sample("m", noon + timedelta(seconds=30 * (i + 1)), UP, 12.0) for i in range(5000)]
    took = []
    for _ in range(3):
        began = time.thread_time()
        for sample in samples:
            standing = status.judge(standing, sample, 2, HORIZON).standing
        took.append(time.thread_time() - began)
    assert min(took) / len(samples) < 100e-6
