"""A window is as long as it says: whole hours, and the single measurements of the piece that it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from checks.vitals import Options, judged
from data import store, vitals
from model import Question, Vital
from poller._measured import measured
from rules.vitals import bucket, rating

NOW = datetime(2026, 11, 23, 12, 59, tzinfo=UTC)  # an hour back begins at 11:59
HOUR = Question("LCP", 3600.0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Engine]:
    engine = store.open(f"sqlite:///{tmp_path / 'w.db'}")
    yield engine
    engine.dispose()


def add(db: Engine, *minutes: float, value: float = 1000.0, name: str = "LCP", **more) -> None:
    """Measured so many minutes before now."""
    found = [
        Vital(hash((name, each, value)), name, value, NOW - timedelta(minutes=each), "/", "phone", **more)
        for each in minutes
    ]
    with store.writing(db) as c:
        vitals.add(c, found, bucket, rating)


def test_an_hour_is_an_hour_and_not_nearly_two(db: Engine) -> None:
    add(db, 5, 30, 58.5, 59.5, 60)
    add(db, *(61 + n for n in range(50)), value=9000.0)

    found = measured(db, HOUR, NOW)

    assert (found.n, found.seconds) == (5, 3600.0)
    assert found.p95 == pytest.approx(1000, rel=0.01)
    assert "in 1 h" in judged(Options(metric="LCP", least=1), found).words


def test_what_failed_is_counted_in_the_piece_too(db: Engine) -> None:
    add(db, 59.5, name="api.auth", failed=True)
    add(db, 5, 59.6, 100, name="api.auth")
    found = measured(db, Question("api.*", 3600.0), NOW)
    assert (found.n, found.failed) == (3, pytest.approx(1 / 3)), "two of the hour, one of the piece, none from before"


def test_where_there_are_only_sums_the_words_say_how_long(db: Engine) -> None:
    add(db, 5, 30, 90, 100)
    with store.writing(db) as c:
        c.execute(vitals.VITALS.delete())
    found = measured(db, HOUR, NOW)
    assert (found.n, found.seconds) == (4, 7140.0)
    assert "in 1 h 59 min" in judged(Options(metric="LCP", least=1), found).words


def test_where_the_single_ones_are_too_many_the_words_say_how_long(db: Engine, monkeypatch) -> None:
    add(db, *(59 + n / 100 for n in range(40)))
    add(db, 100)
    monkeypatch.setattr(vitals.single, "__defaults__", (*vitals.single.__defaults__[:-1], 30))
    found = measured(db, HOUR, NOW)
    assert (found.n, found.seconds) == (41, 7140.0)


def test_a_piece_in_which_nothing_was_measured_adds_nothing(db: Engine) -> None:
    add(db, 5, 70, 80)
    assert measured(db, HOUR, NOW).n == 1
    assert measured(db, HOUR, NOW + timedelta(minutes=1)).n == 1, "on the hour"


def test_what_came_by_two_ways_is_not_added_up(db: Engine) -> None:
    """A platform that sends beacons and drains too tells of one visit twice."""
    add(db, 5, 10, 15)
    add(db, 5, 10, 15, 59.5, value=9000.0, source="drain")
    add(db, 5, name="api.auth", source="supabase")
    assert (measured(db, HOUR, NOW).n, measured(db, HOUR, NOW).p50) == (4, pytest.approx(9000, rel=0.01))
    assert measured(db, Question("LCP", 3600.0, device="tablet"), NOW).n == 0
    assert measured(db, Question("api.*", 3600.0), NOW).n == 1
    add(db, 20, 25, 30)
    assert (measured(db, HOUR, NOW).n, measured(db, HOUR, NOW).p50) == (6, pytest.approx(1000, rel=0.01))
