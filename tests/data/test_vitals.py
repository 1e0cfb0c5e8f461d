"""Measurements are kept once, grow when they are sent again greater, and are added up exactly by hour and day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from data import retention, store, tables, vitals
from model import Vital
from rules import histogram
from rules.vitals import bucket, rating, summed

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(db: Engine, *found: Vital) -> int:
    with store.writing(db) as c:
        return vitals.add(c, found, bucket, rating)


def rollups(db: Engine, level: str = "hour", start: datetime = NOON - 40 * HOUR, end: datetime = NOON + 40 * HOUR):
    with store.reading(db) as c:
        return vitals.between(c, level, start, end)


def one(uid: int, value: float, at: datetime = NOON, name: str = "LCP", **more) -> Vital:
    return Vital(uid, name, value, at, more.pop("route", "/"), more.pop("device", "phone"), **more)


def test_each_is_added_to_its_hour_and_its_day(db: Engine) -> None:
    add(db, one(1, 2000), one(2, 3000), one(3, 5000, NOON + HOUR), one(4, 100, route="/x"), one(5, 0.05, name="CLS"))

    hours = {(each.name, each.route, each.start): (each.good, each.needs, each.poor) for each in rollups(db)}
    assert hours == {
        ("LCP", "/", NOON): (1, 1, 0),
        ("LCP", "/", NOON + HOUR): (0, 0, 1),
        ("LCP", "/x", NOON): (1, 0, 0),
        ("CLS", "/", NOON): (1, 0, 0),
    }
    (day,) = [each for each in rollups(db, "day") if each.route == "/" and each.name == "LCP"]
    assert (day.n, day.start) == (3, NOON.replace(hour=0))
    assert day.values == histogram.of([2000, 3000, 5000])


def test_one_that_is_sent_again_counts_once_with_its_greatest_value(db: Engine) -> None:
    assert add(db, one(1, 2000)) == 1
    assert add(db, one(1, 1500, NOON + HOUR)) == 0
    assert add(db, one(1, 4500, NOON + HOUR), one(1, 4400, NOON + HOUR)) == 1

    (hour,) = rollups(db)
    assert (hour.start, hour.good, hour.needs, hour.poor) == (NOON, 0, 0, 1), "it stays in the hour it came first"
    assert hour.values == histogram.of([4500])


def test_a_thousand_replays_leave_one_row(db: Engine) -> None:
    for _ in range(10):
        add(db, *(one(7, 2000) for _ in range(100)))
    with store.reading(db) as c:
        assert len(c.execute(select(tables.VITALS)).all()) == 1
    assert [each.n for each in rollups(db)] == [1]


def test_sums_are_what_the_single_values_say(db: Engine) -> None:
    chance = random.Random(7)
    values: dict[int, float] = {}
    for _ in range(40):
        batch = [
            one(chance.randrange(300), chance.lognormvariate(7.5, 0.6), NOON + chance.random() * 5 * HOUR)
            for _ in range(30)
        ]
        for each in batch:
            values[each.uid] = max(values.get(each.uid, 0), each.value)
        add(db, *batch)

    for level in ("hour", "day"):
        whole = summed("LCP", rollups(db, level))
        assert whole.n == len(values)
        assert whole.good == sum(rating("LCP", value) == "good" for value in values.values())
        assert histogram.merge([each.values for each in rollups(db, level)]) == histogram.of(values.values())


def test_too_many_routes_are_folded_into_one(db: Engine, monkeypatch) -> None:
    monkeypatch.setattr(vitals, "MOST", 20)
    for n in range(200):
        add(db, one(n, 2000, route=f"/r{n}"))
    routes = {each.route for each in rollups(db)}
    assert len(routes) <= 22
    assert "other" in routes
    assert sum(each.n for each in rollups(db)) == 200


def test_single_values_go_after_ninety_days_and_days_stay(db: Engine) -> None:
    old = NOON - timedelta(days=91)
    add(db, one(1, 2000, old), one(2, 2000, NOON - timedelta(days=89)))
    with store.writing(db) as c:
        while retention.prune(c, NOON, 14):
            pass
    with store.reading(db) as c:
        assert [row.uid for row in c.execute(select(tables.VITALS))] == [2]
    assert len(rollups(db, "hour", old - HOUR)) == 1
    assert len(rollups(db, "day", old - 24 * HOUR)) == 2


def test_sums_made_elsewhere_are_put_in_as_they_are(db: Engine) -> None:
    add(db, one(1, 2000))
    made = rollups(db)
    with store.writing(db) as c:
        vitals.put(c, "hour", made)
        vitals.put(c, "day", [])
    assert rollups(db) == made
