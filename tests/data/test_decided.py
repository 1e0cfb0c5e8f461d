"""Standings, results, intervals, flips and what was told: exact to the microsecond, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from data import flips, intervals, series, standings, store, told
from model import Doubt, Finding, Flip, Interval, Part, Phases, Result, Standing, Status, Stored, Told

NOON = datetime(2026, 11, 23, 12, 0, 0, 123_457, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

STANDINGS = [
    Standing("api", Status.UP, NOON),
    Standing("api", Status.DOWN, NOON, NOON + MINUTE, "refused the connection", (), 12.345, "cable cut"),
    Standing(
        "api", Status.UP, NOON, NOON + MINUTE, "", (Doubt(NOON, Status.DOWN, "503"), Doubt(NOON, Status.DEGRADED)), 1.0
    ),
]


@pytest.mark.parametrize("standing", STANDINGS, ids=["never seen", "down and blind", "in doubt"])
def test_a_standing_comes_back_as_it_was(db: Engine, standing: Standing) -> None:
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        standings.keep(c, ids, [Standing("api", Status.UNKNOWN, NOON), Standing("shop", Status.UNKNOWN, NOON)])
        standings.keep(c, ids, [standing])
    with store.reading(db) as c:
        assert standings.read(c) == {"api": standing, "shop": Standing("shop", Status.UNKNOWN, NOON)}


FULL = Result(
    Status.DEGRADED,
    "answered slowly",
    1234.5,
    Phases(1.0, None, 3.5, 4.0, 1234.5),
    (Part("database", Status.DOWN, None, "no route"), Part("mail", Status.UP, 3.0)),
    (Finding("tls-old", "speaks TLS 1.0", "turn it off"),),
    (("commit", "abc123"), ("pid", "7")),
    network=True,
    stored=(
        Stored(NOON, "b.dump", 900, "it was cut", Status.DOWN, NOON, None),
        Stored(NOON, "a.dump", 900, "", Status.UP, NOON, 7),
        Stored(NOON, "c.dump", 900),
    ),
)


@pytest.mark.parametrize("result", [Result(Status.UP), FULL], ids=["bare", "full"])
def test_the_newest_result_comes_back_whole(db: Engine, result: Result) -> None:
    with store.writing(db) as c:
        standings.keep_result(c, "api", Result(Status.UNKNOWN))
        standings.keep_result(c, "api", result, NOON)
        standings.keep_results(c, {"shop": (NOON, FULL)})
    with store.reading(db) as c:
        assert standings.results(c) == {"api": (NOON, result), "shop": (NOON, FULL)}


def test_a_result_with_thousands_of_parts_keeps_only_its_head(db: Engine) -> None:
    many = Result(Status.UP, "fine", 3.0, parts=tuple(Part(f"part-{n}", Status.UP, 1.0, "x" * 90) for n in range(2000)))
    with store.writing(db) as c:
        standings.keep_result(c, "api", many, NOON)
    with store.reading(db) as c:
        assert standings.results(c)["api"][1] == Result(Status.UP, "fine", 3.0)


def test_intervals_that_touch_a_window_come_back_uncut(db: Engine) -> None:
    def interval(key: str, start: int, end: int, status: Status = Status.UP) -> Interval:
        return Interval(key, status, NOON + start * MINUTE, NOON + end * MINUTE, f"{start}")

    before, across, inside, after = (interval("api", *at) for at in ((0, 10), (10, 21), (21, 25), (40, 50)))
    other = interval("shop", 0, 100, Status.DOWN)
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        intervals.add(c, ids, [other, inside, before, across, after])
        intervals.add(c, ids, [])
    with store.reading(db) as c:
        window = (NOON + 20 * MINUTE, NOON + 40 * MINUTE)
        assert intervals.between(c, *window) == {"api": (across, inside), "shop": (other,)}
        assert intervals.between(c, *window, series="shop") == {"shop": (other,)}
        assert intervals.between(c, *window, series=["api", "nobody"]) == {"api": (across, inside)}


def test_flips_come_newest_first_and_no_more_than_asked(db: Engine) -> None:
    made = [
        Flip("api", Status.UP, Status.DOWN, NOON + n * MINUTE, NOON + (n + 1) * MINUTE, f"reason {n}") for n in range(5)
    ]
    foreign = Flip("shop", Status.DOWN, Status.UP, NOON, NOON)
    with store.writing(db) as c:
        flips.add(c, series.ensure(c, ["api", "shop"], NOON), [*made, foreign])
    with store.reading(db) as c:
        assert flips.between(c, NOON, NOON + 4 * MINUTE, "api") == tuple(reversed(made[:4]))
        assert flips.between(c, NOON, NOON + 5 * MINUTE, limit=2) == (made[4], made[3])
        assert flips.between(c, NOON, NOON + MINUTE, ["shop"]) == (foreign,)


def test_what_was_told_is_kept_replaced_and_forgotten(db: Engine) -> None:
    down, worse = Told("api", Status.DEGRADED, NOON), Told("api", Status.DOWN, NOON + MINUTE)
    with store.writing(db) as c:
        told.put(c, [down, Told("shop", Status.DOWN, NOON)])
        told.put(c, [worse])
        told.clear(c, ["shop", "nobody"])
        told.clear(c, [])
    with store.reading(db) as c:
        assert told.read(c) == {"api": worse}
