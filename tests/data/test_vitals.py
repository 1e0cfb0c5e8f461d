"""Measurements are kept once, grow when they are sent again greater, and are added up exactly by hour and day."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, select, text

from data import _vital_series, retention, store, tables, vitals
from model import Vital
from rules import histogram
from rules.vitals import DEVICES, PAGE, VITALS, WORDS, Known, bucket, folded, rating, read, summed

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


# --- a bound on what strangers can make ---


def open_door(*metrics: str, routes: tuple[str, ...] = ()):
    return partial(folded, Known(routes, metrics))


def fed(db: Engine, found: Iterable[Vital], fold: Any) -> None:
    with store.writing(db) as c:
        vitals.add(c, found, bucket, rating, fold)


def keys(db: Engine) -> list[list[str]]:
    with store.reading(db) as c:
        return [json.loads(key) for key in c.execute(select(tables.VITALS_SERIES.c.key)).scalars()]


def test_too_many_routes_and_names_are_folded_into_others(db: Engine, monkeypatch) -> None:
    monkeypatch.setattr(_vital_series, "MOST", 20)
    for n in range(100):
        fed(db, [one(n, 2000, route=f"/r{n}"), one(1000 + n, 90, name=f"api.m{n}", failed=n % 2 == 0)], open_door())
        fed(db, [one(2000 + n, 90, name=f"page.p{n}.first_byte", route="other")], open_door())
    found = keys(db)
    assert len(found) <= 24
    assert {("LCP", "other"), ("api.other", "other"), ("page.other.first_byte", "other")} <= {
        (name, route) for name, route, *_ in found
    }
    assert sum(each.n for each in rollups(db)) == 300
    assert sum(each.poor for each in rollups(db)) == 50, "what failed is not lost where names are folded"


def test_what_is_configured_is_never_folded(db: Engine) -> None:
    routes, metrics = tuple(f"/r{n}" for n in range(200)), tuple(f"api.m{n}" for n in range(100))
    wide = [one(0, 900, route=r, device=d) for r in routes for d in ("phone", "tablet", "desktop")]
    wide += [one(0, 900, name=m, route=r) for m in metrics for r in routes[:5]]
    fed(db, [replace(each, uid=n) for n, each in enumerate(wide)], open_door(*metrics, routes=routes))
    assert len(keys(db)) == 600 + 500
    assert "other" not in {route for _, route, *_ in keys(db)}


def test_a_flood_takes_no_seat_from_who_was_there_and_is_forgotten_after_a_week(db: Engine, monkeypatch) -> None:
    monkeypatch.setattr(_vital_series, "MOST", 20)
    day = timedelta(days=1)
    fed(db, [one(n, 2000, route=f"/real{n}") for n in range(10)], open_door())
    fed(db, [one(100 + n, 2000, NOON + day, route=f"/junk{n}") for n in range(300)], open_door())
    fed(db, [one(500 + n, 2000, NOON + day, route=f"/real{n}", release="next") for n in range(10)], open_door())
    fed(db, [one(600, 2000, NOON + day, route="/new")], open_door())
    routes = [route for _, route, *_ in keys(db)]
    assert "/new" not in routes, "a new one finds no seat while the flood is fresh"
    assert sum(route.startswith("/real") for route in routes) == 20, "who had one keeps it, of another release too"

    fed(db, [one(601, 2000, NOON + 9 * day, route="/new")], open_door())
    assert "/new" in [route for _, route, *_ in keys(db)]


def test_too_many_releases_are_folded_into_none(db: Engine, monkeypatch) -> None:
    monkeypatch.setattr(_vital_series, "ALL", 30)
    fed(db, [one(n, 2000, release=f"sha{n}") for n in range(100)], open_door(routes=("/",)))
    assert len(keys(db)) == 31
    assert sum(each.n for each in rollups(db)) == 100


def test_series_of_which_nothing_is_left_are_forgotten(db: Engine) -> None:
    add(db, one(1, 2000, NOON - timedelta(days=30), route="/gone"), one(2, 2000, route="/here"))
    with store.writing(db) as c:
        while retention.prune(c, NOON, 14, history_days=20):
            pass
    assert [route for _, route, *_ in keys(db)] == ["/here"]
    add(db, one(3, 2000, NOON, route="/gone"))
    assert {(each.route, each.n) for each in rollups(db)} == {("/here", 1), ("/gone", 1)}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hundred_thousand_routes_ids_and_names_are_few_series_and_little_memory(sqlite_url: str) -> None:
    """I5, through the very rules of the door: whatever strangers send, 750 series or fewer are made of it."""
    chance, words, engine = random.Random(5), sorted(WORDS), store.open(sqlite_url)
    names = [*VITALS, *(f"{family}.{word}" for family in ("api", "database", "realtime") for word in words)]
    names += [f"page.{word}.{last}" for word in words for last in PAGE]
    sizes = []
    for start in range(0, 100_000, 2500):
        found = []
        for n in range(start, start + 2500):
            path = "/" + "/".join(chance.choice([*words, str(n)]) for _ in range(chance.randrange(7)))
            row = {
                "name": chance.choice(names),
                "value": 5,
                "id": f"v6-{n}",
                "path": path,
                "device": chance.choice(DEVICES),
            }
            found += read(row, Known(), at=NOON, device="desktop", nonce="")[0]
        fed(engine, found, open_door())
        sizes.append(psutil.Process().memory_info().rss)
    assert len(keys(engine)) <= 750
    assert sum(each.n for each in rollups(engine)) == 100_000
    assert sizes[-1] - sizes[len(sizes) // 4] < 24 * 2**20
    engine.dispose()


def test_the_day_a_series_was_seen_last_is_found_for_those_of_an_older_store(db: Engine) -> None:
    add(db, one(1, 2000, NOON - 30 * HOUR, route="/a"), one(2, 2000, NOON, route="/a"), one(3, 2000, route="/b"))
    wanted = select(tables.VITALS_SERIES).order_by(tables.VITALS_SERIES.c.id)
    with store.writing(db) as c:
        before = c.execute(wanted).all()
        c.execute(tables.VITALS_SERIES.update().values(last=0))
        c.execute(text(importlib.import_module("data.migrations.versions.0006").LAST))
        assert c.execute(wanted).all() == before
    assert {row.last for row in before} == {int(NOON.timestamp()) // 86_400}


# --- sent again ---


def test_one_that_is_sent_again_with_another_outcome_leaves_no_trace_of_the_first(db: Engine) -> None:
    add(db, one(1, 90, name="api.auth"), one(2, 90, name="api.auth", failed=True))
    add(db, one(1, 120, name="api.auth", failed=True), one(2, 120, name="api.auth"))
    (hour,) = rollups(db)
    assert (hour.good, hour.poor, hour.n) == (1, 1, 2)
    add(db, one(1, 150, name="api.auth"))
    (hour,) = rollups(db)
    assert (hour.good, hour.poor) == (2, 0)


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


def test_single_values_are_known_as_long_as_they_may_be_read_again(db: Engine) -> None:
    add(db, one(1, 2000, NOON - timedelta(hours=47)))
    with store.writing(db) as c:
        while retention.prune(c, NOON, 1, history_days=1):
            pass
    assert add(db, one(1, 2000, NOON - timedelta(hours=47))) == 0


def test_sums_made_elsewhere_are_put_in_as_they_are(db: Engine) -> None:
    add(db, one(1, 2000))
    made = rollups(db)
    with store.writing(db) as c:
        vitals.put(c, "hour", made)
        vitals.put(c, "day", [])
    assert rollups(db) == made
