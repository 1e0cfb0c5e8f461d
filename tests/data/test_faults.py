"""Writers that are killed, that crowd each other, and databases that go away: nothing acknowledged is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from data import retention, revision, samples, series, store
from data.tables import INTERVALS, SAMPLES
from model import Sample, Status
from tests import warm

KILLS = 20
WRITER = Path(__file__).with_name("writer.py")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def start(url: str, key: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), url, key, str(seconds)]
    home = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return warm.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=home)


def safe_before_the_kill(url: str, key: str, chance: random.Random) -> int:
    """Commits that a writer had been told are safe when it was killed at a random moment."""
    with start(url, key, 30) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        first = child.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        child.kill()
        said = first + child.stdout.read()  # not communicate(): it forgets what readline had taken beyond its line
        assert child.stderr.read() == ""
    return said.count("\n")


@pytest.mark.slow
def test_a_writer_that_is_killed_at_any_moment_loses_nothing_acknowledged(sqlite_url: str) -> None:
    store.open(sqlite_url).dispose()
    chance = random.Random(11)
    commits = {f"m{n}": safe_before_the_kill(sqlite_url, f"m{n}", chance) for n in range(KILLS)}
    began = time.perf_counter()
    engine = store.open(sqlite_url)
    assert time.perf_counter() - began < 30
    with store.reading(engine) as c:
        assert c.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        numbers = series.ids(c)
        for key, safe in commits.items():
            rows = len(samples.recent(c, key, 100_000))
            closed = c.execute(select(func.count()).where(INTERVALS.c.series == numbers[key])).scalar()
            assert rows == 10 * (closed or 0), "a transaction is there as a whole or not at all"
            assert safe <= (closed or 0) <= safe + 1
    engine.dispose()
    assert sum(commits.values()) > KILLS


@pytest.mark.slow
def test_four_writers_and_a_prune_never_see_a_lock(url: str) -> None:
    engine = store.open(url)
    fill(engine, 30_000)
    writers = [start(url, f"w{n}", 2.0) for n in range(4)]
    gone = prune_in_steps(engine, while_any=writers)
    outputs = [child.communicate(timeout=60) for child in writers]
    assert [errors for _, errors in outputs] == [""] * 4
    assert [child.returncode for child in writers] == [0] * 4
    commits = [line.split() for out, _ in outputs for line in out.splitlines()]
    with store.reading(engine) as c:
        assert c.execute(select(func.count()).select_from(SAMPLES)).scalar() == 10 * len(commits)
        assert revision.read(c) == len(commits)
    assert gone == 30_000
    engine.dispose()


def fill(engine: Engine, count: int) -> None:
    old = NOON - timedelta(days=99)
    with store.writing(engine) as c:
        some = [Sample("old", old + timedelta(milliseconds=n), Status.UP, 1.0) for n in range(count)]
        samples.add(c, series.ensure(c, ["old"], NOON), some)


def prune_in_steps(engine: Engine, while_any: list[subprocess.Popen[str]]) -> int:
    gone = last = 0
    while last or any(child.poll() is None for child in while_any):
        with store.writing(engine) as c:
            last = retention.prune(c, NOON, raw_days=14, limit=1000)
        gone += last
        time.sleep(0.02)
    return gone


def test_a_postgres_that_restarts_is_found_again(postgres: object, postgres_url: str) -> None:
    engine = store.open(postgres_url)
    with store.writing(engine) as c:
        revision.bump(c)
    postgres.down()  # type: ignore[attr-defined]
    try:
        with pytest.raises(store.Unreachable, match="does not answer"), store.writing(engine) as c:
            revision.bump(c)
    finally:
        postgres.up()  # type: ignore[attr-defined]
    with store.writing(engine) as c:
        assert revision.bump(c) == 2
    engine.dispose()
