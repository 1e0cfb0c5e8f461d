"""Backups under load and their way back, to the same kind of database or the other."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from data import changes, copies, intervals, lease, notifications, revision, samples, series, standings, store
from model import Change, Interval, Notice, Sample, Standing, Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def commit(db: Engine, number: int) -> None:
    """One transaction: ten samples, an interval, a change, a message, a new revision."""
    at = NOON + timedelta(seconds=number)
    with store.writing(db) as c:
        ids = series.ensure(c, ["api"], NOON)
        samples.add(c, ids, [Sample("api", at + timedelta(milliseconds=n), Status.UP, n / 3) for n in range(10)])
        intervals.add(c, ids, [Interval("api", Status.UP, at, at + timedelta(seconds=1), "é“")])
        standings.keep(c, ids, [Standing("api", Status.UP, at, at)])
        changes.add(c, [Change(at, "restart", "again")])
        notifications.owe(c, [("mail", Notice(f"n{number}", "down", "t", "b"))], at, at)
        revision.bump(c)


@contextmanager
def load(db: Engine) -> Iterator[None]:
    stop = Event()

    def run() -> None:
        number = 100
        while not stop.is_set():
            commit(db, number := number + 1)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            stop.set()
            running.result(30)


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = store.open(url, readonly=True)
    with store.reading(engine) as c:
        found = {
            name: sorted(tuple(row) for row in c.execute(text(f'SELECT * FROM "{name}"'))) for name in copies.counts(c)
        }
    engine.dispose()
    return found


@pytest.mark.slow
def test_a_backup_under_load_is_one_moment_of_the_store(db: Engine, url: str, tmp_path: Path) -> None:
    for number in range(20):
        commit(db, number)
    with load(db):
        for n in range(5):
            path = tmp_path / f"copy{n}.db"
            counts = copies.backup(url, path)
            assert counts["samples"] == 10 * counts["intervals"] == 10 * counts["notifications"]
            assert copies.verified(path) == counts
            restored = f"sqlite:///{tmp_path / f'again{n}.db'}"
            assert copies.restore(path, restored) == counts
            assert everything(restored)["revision"] == [(1, counts["intervals"])]


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_what_is_restored_is_what_was_backed_up(
    db: Engine, url: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for number in range(20):
        commit(db, number)
    path = tmp_path / "copy.db"
    counts = copies.backup(url, path)
    before = everything(url)
    there = f"sqlite:///{tmp_path / 'other' / 'w.db'}" if target == "sqlite" else url
    if target == "postgres":
        there = request.getfixturevalue("postgres_url")
    assert copies.restore(path, there, force=there == url) == counts
    assert everything(there) == before
    engine = store.open(there)
    commit(engine, 99)
    engine.dispose()


def test_a_backup_is_one_private_file_with_nothing_beside_it(db: Engine, url: str, tmp_path: Path) -> None:
    commit(db, 1)
    folder = tmp_path / "backups"
    folder.mkdir()
    copies.backup(url, folder / "copy.db")
    copies.backup(url, folder / "copy.db")
    assert os.listdir(folder) == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600


def test_a_history_is_not_replaced_unless_it_is_asked_for(db: Engine, url: str, tmp_path: Path) -> None:
    commit(db, 1)
    copies.backup(url, tmp_path / "copy.db")
    commit(db, 2)
    with pytest.raises(store.StoreError, match="has a history already"):
        copies.restore(tmp_path / "copy.db", url)
    assert copies.restore(tmp_path / "copy.db", url, force=True)["samples"] == 10


def test_a_store_under_a_running_poller_is_never_replaced(db: Engine, url: str, tmp_path: Path) -> None:
    commit(db, 1)
    copies.backup(url, tmp_path / "copy.db")
    with store.writing(db) as c:
        lease.take(c, "poller", "a", datetime.now(UTC), 60)
    with pytest.raises(store.Busy, match="a poller works on this store"):
        copies.restore(tmp_path / "copy.db", url, force=True)


def test_a_damaged_store_is_put_aside_and_the_newest_good_backup_takes_its_place(
    sqlite_url: str, tmp_path: Path
) -> None:
    engine = store.open(sqlite_url)
    commit(engine, 1)
    engine.dispose()
    path, folder = store.path_of(sqlite_url), tmp_path / "backups"
    assert path is not None
    folder.mkdir()
    copies.backup(sqlite_url, folder / "1.db")
    (folder / "2.db").write_bytes((folder / "1.db").read_bytes()[:-5000])
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(store.Corrupt, match="put aside"):
        store.open(sqlite_url)
    good = copies.newest(folder)
    assert good == folder / "1.db"
    assert copies.restore(good, sqlite_url)["samples"] == 10


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no backup at"), (b"", "is no backup"), (b"rubbish" * 1000, "is damaged")],
    ids=["not there", "empty", "rubbish"],
)
def test_what_is_no_backup_is_refused_before_anything_is_touched(
    sqlite_url: str, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "copy.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(store.StoreError, match=words):
        copies.restore(path, sqlite_url)
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


def test_a_backup_that_cannot_be_written_says_so(sqlite_url: str, tmp_path: Path) -> None:
    store.open(sqlite_url).dispose()
    with pytest.raises(store.Full, match="cannot be written"):
        copies.backup(sqlite_url, tmp_path / "nowhere" / "copy.db")
