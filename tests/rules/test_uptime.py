"""Uptime against a brute-force oracle that asks every second: gaps, overlaps, steps of the clock, maintenance."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import words
from model import Interval, Maintenance, Sample, Standing, Status, Uptime
from rules import intervals, uptime
from rules import status as judging

UP, DOWN = Status.UP, Status.DOWN
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HORIZON = 40.0
SPAN = 300


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def stretch(start: int, length: int, state: Status) -> Interval:
    return Interval("m", state, at(start), at(start + length))


stretches = st.lists(
    st.builds(stretch, st.integers(-50, SPAN), st.integers(0, 120), st.sampled_from(list(Status)[:3])), max_size=8
)
plans = st.lists(
    st.builds(lambda s, n: Maintenance("m", at(s), at(s + n)), st.integers(-50, SPAN), st.integers(1, 90)), max_size=2
)
open_ones = st.none() | st.builds(
    lambda since, length, state: Standing("m", state, at(since), at(since + length)),
    st.integers(-50, SPAN),
    st.integers(0, 100),
    st.sampled_from(list(Status)[:3]),
)


def asked(second: int, known: list[Interval], standing: Standing | None, plans: list[Maintenance], now: int) -> Status:
    """The status at one second: of all stretches that lie over it the one that began last."""
    moment = at(second)
    if any(plan.start <= moment < plan.end for plan in plans):
        return Status.MAINTENANCE
    every = [(i.start, i.end, i.status) for i in known if i.end > i.start]
    if standing and standing.seen:
        fresh = at(now) - standing.seen <= timedelta(seconds=HORIZON)
        end = max(at(now), standing.seen) if fresh else standing.seen
        if end > standing.since:
            every.append((standing.since, end, standing.status))
    over = [(start, end, state) for start, end, state in every if start <= moment < end]
    return max(over)[2] if over else Status.UNKNOWN


def distinct(found: list[Interval], standing: Standing | None) -> bool:
    """Two stretches that begin at the same moment have no later start; the store never holds such."""
    starts = [i.start for i in found if i.end > i.start] + ([standing.since] if standing else [])
    return len(starts) == len(set(starts))


@settings(max_examples=400)
@given(stretches, open_ones, plans, st.integers(0, SPAN), st.integers(0, 120), st.integers(0, 60))
def test_every_second_counts_once_and_as_the_oracle_says(
    found: list[Interval], standing: Standing | None, planned: list[Maintenance], now: int, start: int, created: int
) -> None:
    if not distinct(found, standing):
        return
    line = intervals.timeline(found, standing, HORIZON, at(created), planned, at(start), at(SPAN), at(now))
    got = uptime.uptime(line)

    first, last = max(start, created), min(SPAN, now)
    said = [asked(second, found, standing, planned, now) for second in range(first, last)]
    assert {s: getattr(got, s) for s in Status} == {s: said.count(s) for s in Status}
    assert got.total == max(0, last - first)
    assert all(a.end == b.start for a, b in pairwise(line))
    share = uptime.share(got)
    assert share is None or 0 <= share <= 1


@settings(max_examples=200)
@given(stretches, plans, st.lists(st.integers(0, SPAN), min_size=1, max_size=4))
def test_the_parts_of_a_split_window_add_up(found: list[Interval], planned: list[Maintenance], cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), SPAN]
    whole, *parts = (
        uptime.uptime(intervals.timeline(found, None, HORIZON, at(0), planned, at(a), at(b), at(SPAN)))
        for a, b in [(0, SPAN), *pairwise(edges)]
    )
    assert uptime.add(*parts) == whole


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(-400, 900), st.integers(0, 300)), max_size=12))
def test_steps_of_the_clock_never_make_a_second_count_twice(pieces: list[tuple[int, int]]) -> None:
    found = intervals.normalised(stretch(start, length, UP) for start, length in pieces)

    assert all(a.end <= b.start and a.start < a.end for a, b in pairwise(found))
    assert sum((i.end - i.start).total_seconds() for i in found) <= 1500


def test_an_hour_of_a_clock_that_ran_ahead_does_not_grey_what_comes_after_it() -> None:
    ahead = stretch(3600, 600, UP)  # kept while the clock was an hour fast; then it was put right
    now = 10_000
    standing = Standing("m", UP, at(600), at(now))
    line = intervals.timeline([stretch(0, 600, UP), ahead], standing, HORIZON, at(0), (), at(0), at(now), at(now))

    assert uptime.uptime(line) == Uptime(up=now)


walks = st.lists(
    st.tuples(st.sampled_from([30, 30, 30, 30, 3, 45, 400, -70, -500, 3600, 0]), st.sampled_from("uuuuuddds?")),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300)
@given(walks, plans, st.integers(1, 3), st.integers(0, 5000), st.integers(0, 3))
def test_whatever_the_clock_does_every_second_of_a_window_has_one_status(
    walk: list[tuple[int, str]], planned: list[Maintenance], confirm: int, created: int, late: int
) -> None:
    """From samples through judgement to uptime; the wall clock steps to and fro, and stops for an hour."""
    second, found, standing = 0, [], judging.first("m", NOON)
    signs = {"u": UP, "d": DOWN, "s": Status.DEGRADED, "?": Status.UNKNOWN}
    for step, sign in walk:
        second += step
        judged = judging.judge(standing, Sample("m", at(second), signs[sign]), confirm, HORIZON)
        standing, found = judged.standing, [*found, *judged.closed]
    now = second + 30 * late
    line = intervals.timeline(found, standing, HORIZON, at(created), planned, at(-1000), at(10**6), at(now))
    spent = uptime.uptime(line)

    assert spent.total == max(0, now - created)
    assert min(spent.up, spent.degraded, spent.down, spent.maintenance, spent.unknown) >= 0
    share = uptime.share(spent)
    assert share is None or 0 <= share <= 1
    ran_ahead = any(each.end > at(now) for each in found)
    if line and late and not planned and not ran_ahead:
        assert line[-1].status is judging.current(standing, HORIZON, at(now))[0]


DAYS = [
    pytest.param("Europe/Berlin", date(2026, 3, 29), 23, id="Berlin in spring"),
    pytest.param("Europe/Berlin", date(2026, 10, 25), 25, id="Berlin in autumn"),
    pytest.param("Australia/Lord_Howe", date(2026, 4, 5), 24.5, id="half an hour back on Lord Howe"),
    pytest.param("Asia/Kolkata", date(2026, 11, 23), 24, id="a zone with a half hour"),
    pytest.param("UTC", date(2028, 2, 29), 24, id="a leap day"),
]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_a_day_is_a_calendar_day_of_the_site(zone: str, day: date, hours: float) -> None:
    tz = ZoneInfo(zone)
    start = uptime.midnight(day, tz) - timedelta(hours=30)
    line = [Interval("m", UP, start, start + timedelta(hours=90))]

    found = dict(uptime.by_day(line, tz))

    assert found[day] == Uptime(up=hours * 3600)
    assert sum(u.total for u in found.values()) == 90 * 3600


ZONES = [
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("Asia/Kathmandu", date(2026, 11, 22)),
    ("Asia/Beirut", date(2026, 3, 28)),  # there is no midnight
    ("America/Havana", date(2026, 10, 31)),  # there are two
    ("America/Nuuk", date(2026, 10, 23)),
    ("Pacific/Apia", date(2011, 12, 28)),  # a day was left out
]


@pytest.mark.parametrize(("zone", "first"), ZONES)
def test_days_equal_asking_the_zone_every_minute(zone: str, first: date) -> None:
    tz, dice = ZoneInfo(zone), random.Random(zone)
    start, minute = uptime.midnight(first, tz) + timedelta(minutes=7), timedelta(minutes=1)
    line, wanted = [], Counter()
    while (cursor := line[-1].end if line else start) < start + timedelta(days=4):
        length, state = dice.randrange(1, 900), dice.choice(list(Status))
        line.append(Interval("m", state, cursor, cursor + length * minute))
        wanted.update(((cursor + i * minute).astimezone(tz).date(), state) for i in range(length))

    got = Counter()
    for day, spent in uptime.by_day(line, tz):
        got.update({(day, state): round(getattr(spent, state) / 60) for state in Status})

    assert +got == wanted


def test_a_step_back_into_yesterday_still_ends() -> None:
    tz = ZoneInfo("America/St_Johns")  # until 2011 it went from one minute past midnight back to 23:01
    inside = datetime(2010, 11, 7, 3, tzinfo=UTC)

    found = uptime.by_day([Interval("m", UP, inside, inside + timedelta(hours=24))], tz)

    assert [(day.day, spent.up) for day, spent in found] == [(6, 1800), (7, 84_600)]


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_one_failure_never_prints_a_hundred(good: int, bad: int) -> None:
    said = words.share(good, good + bad)

    assert said != "100 %"
    assert float(said.removesuffix(" %")) <= 100 * good / (good + bad) + 1e-9


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (Uptime(), "no data"),
        (Uptime(unknown=60), "no data"),
        (Uptime(up=60), "100 %"),
        (Uptime(up=9995, down=5), "99.95 %"),
        (Uptime(up=50, degraded=49, down=1), "99.00 %"),
        (Uptime(up=981, down=1, unknown=18), "99.89 % (watched 98.20 % of the time; between 98.10 and 99.90)"),
        (Uptime(up=60, maintenance=40), "100 %"),
    ],
)
def test_uptime_in_words(spent: Uptime, said: str) -> None:
    assert words.uptime_words(spent) == said


def test_one_second_in_seven_years_is_not_a_hundred() -> None:
    assert words.uptime_words(Uptime(up=2557 * 86_400, down=1)) == "99.99 %"


def test_unknown_time_counts_neither_way_but_bounds_the_truth() -> None:
    spent = Uptime(up=90, unknown=10)

    assert (uptime.share(spent), uptime.coverage(spent), uptime.bounds(spent)) == (1.0, 0.9, (0.9, 1.0))


def test_seventeen_thousand_intervals_are_read_quickly() -> None:
    line = [stretch(i * 10, 10, DOWN if i % 50 == 0 else UP) for i in range(17_000)]
    took = []
    for _ in range(3):  # the best of three: a collection of garbage that others left is not ours to measure
        began = time.thread_time()
        whole = intervals.timeline(line, None, HORIZON, at(0), (), at(0), at(170_000), at(170_000))
        days = uptime.by_day(whole, ZoneInfo("Europe/Berlin"))
        assert uptime.add(*(spent for _, spent in days)) == uptime.uptime(whole)
        took.append(time.thread_time() - began)
    assert min(took) < 0.3  # 13 ms on two cores; generous, as others may run beside us
