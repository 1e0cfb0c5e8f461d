"""The demo's past: as the rules would have counted it, complete, quick to write, and continued by the live faults."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from data import changes, days, flips, intervals, notifications, rollups, samples, series, standings, store, told, watch
from demo import essentials, past, telling
from demo.config import ZONE
from demo.schedule import Schedule
from model import Interval, Rollup, Status, Uptime
from rules import intervals as timelines
from rules import rollup, status, uptime

TZ = ZoneInfo(ZONE)
SELDOM = timedelta(minutes=5, seconds=1)  # what is looked at most seldom is looked at every five minutes
KEYS = [each.series for _, each in telling.told(Schedule(datetime.fromisoformat("2026-11-23T12:07:31+00:00")))]
every_series = pytest.mark.parametrize("key", KEYS)


def test_it_is_written_quickly(filled) -> None:
    """Both together take seven seconds of a quiet processor, and the bar is ten: this is a busy one's."""
    assert filled.essentials_s < 3
    assert filled.details_s < 20


def seconds_by_hand(line: list[Interval], start: datetime, end: datetime) -> dict[Status, float]:
    """Seconds of each status between two moments, summed the dullest way."""
    found = dict.fromkeys(Status, 0.0)
    for each in line:
        found[each.status] += max(0.0, (min(each.end, end) - max(each.start, start)).total_seconds())
    return found


@every_series
def test_the_days_are_what_the_intervals_say(filled, schedule: Schedule, key: str) -> None:
    player = next(player for player, each in telling.told(schedule) if each.series == key)
    with store.reading(filled.engine) as c:
        created = series.created(c)[key]
        closed = intervals.between(c, schedule.first, schedule.opened, key).get(key, ())
        standing = standings.read(c)[key]
        kept = days.between(c, schedule.first.date(), schedule.opened.astimezone(TZ).date(), key)[key]
    works = essentials.planned(schedule, player.key)
    horizon = telling.monitor(player).horizon
    line = timelines.timeline(closed, standing, horizon, created, works, created, schedule.opened, schedule.opened)
    wanted = dict(uptime.by_day(line, TZ))
    assert {day.date for day in kept} == set(wanted)
    for day in kept:
        by_hand = seconds_by_hand(list(line), *_day(day.date))
        for name in Status:
            assert getattr(day.uptime, name.value) == pytest.approx(by_hand[name], abs=0.002)
            assert getattr(day.uptime, name.value) == pytest.approx(getattr(wanted[day.date], name.value), abs=0.002)
    assert uptime.add(*(day.uptime for day in kept)).total == pytest.approx(
        (schedule.opened - created).total_seconds(), abs=1
    )


def _day(date) -> tuple[datetime, datetime]:
    return uptime.midnight(date, TZ), uptime.midnight(date + timedelta(days=1), TZ)


@every_series
def test_the_intervals_join_without_hole_or_overlap(filled, schedule: Schedule, key: str) -> None:
    with store.reading(filled.engine) as c:
        closed = intervals.between(c, schedule.first, schedule.opened, key).get(key, ())
        standing = standings.read(c)[key]
        created = series.created(c)[key]
    edges = [*closed, Interval(key, standing.status, standing.since, standing.seen)]
    assert all(before.end == after.start for before, after in pairwise(edges))
    assert timedelta(0) <= edges[0].start - created < SELDOM
    assert timedelta(0) < schedule.opened - standing.seen < SELDOM


def test_the_samples_judged_live_would_give_the_same_story(filled, schedule: Schedule) -> None:
    """The last hour, sample by sample through the rules, against the intervals that were written."""
    start = schedule.opened - timedelta(hours=20)
    for player, each in telling.told(schedule):
        monitor = telling.monitor(player)
        with store.reading(filled.engine) as c:
            seen = samples.between(c, each.series, start, schedule.opened)
            kept = standings.read(c)[each.series]
            wanted = [flip for flip in flips.between(c, start, schedule.opened, each.series) if flip.at > start]
        judged, found = status.first(each.series, start), []
        for sample in seen:
            judgement = status.judge(judged, sample, 1, monitor.horizon)
            judged = judgement.standing
            found += [flip for flip in judgement.flips if flip.before is not Status.UNKNOWN]
        assert (judged.status, judged.seen) == (kept.status, kept.seen)
        assert sorted((f.at, f.after) for f in found) == sorted((f.at, f.after) for f in wanted)


@every_series
def test_hours_and_days_add_up(filled, schedule: Schedule, key: str) -> None:
    """A day's roll-up is the sum of its hours, an hour with samples is their sum, minutes are their parts."""
    start = schedule.opened - timedelta(days=3)
    with store.reading(filled.engine) as c:
        hours = rollups.between(c, "hour", start, schedule.opened, key)
        minutes = rollups.between(c, "minute", start, schedule.opened, key)
        whole = rollups.between(c, "day", start, schedule.opened, key)
        hour = hours[-1]
        fresh = samples.between(c, key, hour.start, hour.start + timedelta(hours=1))
    day = whole[-1]
    inside = [each for each in hours if day.start <= each.start < day.start + timedelta(days=1)]
    assert counts(day) == counts(rollup.merge(key, "day", day.start, inside))
    again = rollup.fold(key, "hour", hour.start, fresh)
    assert counts(hour) == counts(again)
    assert hour.p95 == pytest.approx(again.p95, rel=0.001) if hour.p95 else again.p95 is None
    of_hour = [each for each in minutes if hour.start <= each.start < hour.start + timedelta(hours=1)]
    assert counts(rollup.merge(key, "hour", hour.start, of_hour)) == counts(hour)


def counts(each: Rollup) -> tuple[object, ...]:
    return each.up, each.degraded, each.down, each.unknown, each.latency


def test_the_hours_of_the_quarter_know_what_the_intervals_know(filled, schedule: Schedule) -> None:
    """Where an hour is all up it holds only good samples; the two blind hours hold none."""
    with store.reading(filled.engine) as c:
        hours = rollups.between(c, "hour", schedule.first, schedule.opened, "storage")
        closed = intervals.between(c, schedule.first, schedule.opened, "storage")["storage"]
    bad = [each for each in closed if each.status in {Status.DOWN, Status.UNKNOWN}]
    for hour in hours:
        end = hour.start + timedelta(hours=1)
        down = [each for each in bad if each.status is Status.DOWN and each.start < end and each.end > hour.start]
        assert (hour.down > 0) == bool(down), hour.start
    blind = past.blind(schedule.opened)
    inside = [each for each in hours if blind[0] <= each.start and each.start + timedelta(hours=1) <= blind[1]]
    assert inside == []
    assert len(hours) >= 90 * 24 - 4


def test_latency_has_its_daily_rhythm_and_its_week(filled, schedule: Schedule) -> None:
    with store.reading(filled.engine) as c:
        hours = rollups.between(c, "hour", schedule.first, schedule.opened, "home")

    def middle(want) -> float:
        found = [each.p50 for each in hours if each.p50 and each.degraded == 0 and want(each.start)]
        return sum(found) / len(found)

    weekday = lambda at: at.weekday() < 5  # noqa: E731
    noon = middle(lambda at: weekday(at) and at.hour == 13)
    assert noon > 1.3 * middle(lambda at: weekday(at) and at.hour == 1)
    assert noon > 1.15 * middle(lambda at: not weekday(at) and at.hour == 13)


def test_the_quarter_holds_what_it_promises(filled, schedule: Schedule) -> None:
    ago = lambda days_ago: (schedule.opened - timedelta(days=days_ago)).astimezone(TZ).date()  # noqa: E731
    with store.reading(filled.engine) as c:
        kept = days.between(c, schedule.first.date(), schedule.opened.date())
        changed = changes.between(c, schedule.first, schedule.opened)
        sent = notifications.recent(c, 100)
        owed = notifications.waiting(c)
        noted = watch.noted(c)
        open_troubles = told.read(c)
        unsealed = samples.unsealed_hours(c, schedule.opened)
    of = {key: {day.date: day.uptime for day in found} for key, found in kept.items()}
    assert of["database"][ago(40)].down > 3 * 3600
    assert of["platform"][ago(40)].down > 3 * 3600
    assert of["home"][ago(past.BLIND_DAYS_AGO)].unknown == pytest.approx(7200, abs=60)
    assert of["auth"][ago(26)].maintenance == pytest.approx(7200)
    assert sum(day.degraded for day in of["payments"].values()) > 30 * 3600
    assert min(of["hosting"]) == ago(12.4)
    assert {change.kind for change in changed} >= {"commit"}
    assert len(changed) > 30
    assert len(sent) > 3
    assert all(each.sent for each in sent)
    assert owed[0] == 0
    assert "storage" in open_troubles
    assert watch.FILLING not in noted
    assert unsealed == ()
    assert all(0 < sum_of(key, of) <= 1 for key in KEYS if "/" not in key)


def sum_of(key: str, of: dict[str, dict[object, Uptime]]) -> float:
    return uptime.share(uptime.add(*of[key].values())) or 0.0


def test_the_past_ends_as_the_present_begins(filled, schedule: Schedule) -> None:
    """What the store says at the opening is what the live endpoints show at that moment."""
    with store.reading(filled.engine) as c:
        now = standings.read(c)
    for player, each in telling.told(schedule):
        kinds = [
            each.story.line.shows.get((subject, trouble.kind))
            for subject in {name for name, _ in each.story.line.shows}
            if (trouble := schedule.at(subject, now[each.series].seen))
        ]
        shown = [status for entry in kinds if entry for status in [entry[0]]]
        assert now[each.series].status is (Status.DOWN if Status.DOWN in shown else shown[0] if shown else Status.UP), (
            player
        )
    assert now["storage"].status is Status.DOWN
    assert now["payments"].status is Status.DEGRADED
    assert "slower than" in now["payments"].words
