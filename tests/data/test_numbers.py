"""Roll-ups, days and retention on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from data import changes, days, flips, intervals, retention, rollups, series, store
from data.moments import micros, moment
from model import Change, Day, Flip, Histogram, Interval, Rollup, Status, Uptime

KEYS = ("api", "shop")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEP = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def rollup(key: str, level: str, start: datetime, n: int = 1) -> Rollup:
    histogram = Histogram(((200, n), (210, 40)))
    return Rollup(
        key,
        level,
        start,
        n,
        1,
        2,
        3,
        histogram,
        640.5,
        64.0,
        90.25,
        99.125,
        dns=1.5,
        connect=2.5,
        tls=3.5,
        first_byte=9.0,
    )


@pytest.mark.parametrize("level", ["minute", "hour", "day"])
def test_rollups_come_back_as_they_were_and_are_replaced(db: Engine, level: str) -> None:
    made = [rollup(key, level, NOON + n * STEP[level], n + 1) for n in range(5) for key in ("api", "shop")]
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        rollups.put(c, ids, [Rollup("api", level, NOON, up=99), *made])
        rollups.put(c, ids, made)
    with store.reading(db) as c:
        end = NOON + 4 * STEP[level]
        assert rollups.between(c, level, NOON, end) == tuple(made[:8])
        assert rollups.between(c, level, NOON, end, "shop") == tuple(made[1:8:2])
        assert rollups.between(c, level, NOON - timedelta(seconds=1), end, ["api", "shop"]) == tuple(made[:8])


def test_rollups_that_are_alike_are_kept_under_each_of_their_starts(db: Engine) -> None:
    starts = [NOON + n * STEP["hour"] for n in (3, 0, 1)]
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        rollups.put_alike(c, ids, [(rollup("api", "hour", NOON, 5), starts), (rollup("shop", "day", NOON), [NOON])])
    with store.reading(db) as c:
        found = rollups.between(c, "hour", NOON, NOON + timedelta(days=1))
        assert found == tuple(rollup("api", "hour", start, 5) for start in sorted(starts))
        assert rollups.between(c, "day", NOON, NOON + timedelta(days=1)) == (rollup("shop", "day", NOON),)


def test_a_bucket_where_nothing_answered_has_no_quantiles(db: Engine) -> None:
    empty = Rollup("api", "hour", NOON, down=120)
    with store.writing(db) as c:
        rollups.put(c, series.ensure(c, ["api"], NOON), [empty])
    with store.reading(db) as c:
        assert rollups.between(c, "hour", NOON, NOON + STEP["hour"]) == (empty,)
        assert rollups.sparklines(c, "hour", NOON, NOON + STEP["hour"]) == {"api": ((NOON, None),)}


def test_one_series_and_all_series_give_the_same_rollups_in_a_long_window(db: Engine) -> None:
    made = [rollup(key, "minute", NOON + n * STEP["minute"]) for n in range(0, 400, 7) for key in ("api", "shop")]
    with store.writing(db) as c:
        rollups.put(c, series.ensure(c, ["api", "shop"], NOON), made)
    with store.reading(db) as c:
        wide = (NOON - timedelta(days=30), NOON + timedelta(days=30))
        for key in ("api", "shop"):
            expected = tuple(r for r in made if r.series == key)
            assert rollups.between(c, "minute", *wide, key) == expected
            assert rollups.between(c, "minute", NOON, NOON + timedelta(hours=7), key) == expected


def test_a_rollup_off_its_grid_is_refused(db: Engine) -> None:
    with store.writing(db) as c, pytest.raises(ValueError, match="not the start of a hour"):
        rollups.put(c, {"api": 1}, [rollup("api", "hour", NOON + timedelta(minutes=1))])


def test_sparklines_hold_the_median_of_every_start(db: Engine) -> None:
    with store.writing(db) as c:
        made = [rollup("api", "hour", NOON + n * STEP["hour"]) for n in range(3)]
        rollups.put(c, series.ensure(c, ["api", "shop"], NOON), made)
    with store.reading(db) as c:
        assert rollups.sparklines(c, "hour", NOON, NOON + 2 * STEP["hour"]) == {
            "api": ((NOON, 64.0), (NOON + STEP["hour"], 64.0))
        }


def test_days_come_back_by_series_and_are_replaced(db: Engine) -> None:
    first = date(2026, 10, 24)
    made = [
        Day(key, first + timedelta(n), Uptime(86_000.5 + n, 1, 2, 3, 4)) for n in range(4) for key in ("api", "shop")
    ]
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop", "new"], NOON)
        days.put(c, ids, [Day("api", first, Uptime(1))])
        days.put(c, ids, made)
        days.put(c, ids, [])
    with store.reading(db) as c:
        assert days.between(c, first, first + timedelta(2)) == {"api": tuple(made[0:6:2]), "shop": tuple(made[1:6:2])}
        assert days.between(c, first, first, "shop") == {"shop": (made[1],)}


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_its_integer(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        micros(NOON.replace(tzinfo=None))


def prune_all(db: Engine, now: datetime, **limits: int) -> int:
    gone, step = 0, 1
    while step:
        with store.writing(db) as c:
            step = retention.prune(c, now, raw_days=14, **limits)
        assert step <= limits.get("limit", 5000)
        gone += step
    return gone


def test_each_kind_of_row_is_pruned_at_its_own_age(db: Engine) -> None:
    now, second, old = NOON, timedelta(seconds=1), NOON - timedelta(days=2557)
    midnight = NOON.replace(hour=0)
    with store.writing(db) as c:
        ids = series.ensure(c, ["api"], NOON)
        rollups.put(c, ids, [rollup("api", "minute", NOON - timedelta(hours=48) - n * STEP["minute"]) for n in (0, 1)])
        rollups.put(c, ids, [rollup("api", "hour", old - n * STEP["hour"]) for n in (0, 1)])
        days.put(c, ids, [Day("api", old.date() - timedelta(n), Uptime(1)) for n in (0, 1)])
        intervals.add(c, ids, [Interval("api", Status.UP, midnight, old - n * second) for n in (0, 1)])
        flips.add(c, ids, [Flip("api", Status.UP, Status.DOWN, old - n * second, old) for n in (0, 1)])
        changes.add(c, [Change(old - n * second, "restart", "again") for n in (0, 1)])
    assert prune_all(db, now, limit=2) == 6
    assert prune_all(db, now) == 0
    with store.reading(db) as c:
        assert [r.start for r in rollups.between(c, "hour", old - second, now)] == [old]
        assert [d.date for d in days.between(c, date(2000, 1, 1), NOON.date())["api"]] == [old.date()]


@pytest.mark.parametrize("year", range(2001, 2101), ids=str)
def test_seven_calendar_years_are_never_cut_short(year: int) -> None:
    for month, day in ((1, 1), (2, 28), (3, 1), (12, 31)):
        kept = date(year + 7, month, day) - timedelta(days=retention.HISTORY_DAYS)
        assert kept <= date(year, month, day)
