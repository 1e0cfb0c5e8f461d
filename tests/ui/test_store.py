"""Fifty viewers cost one query, and an unchanged revision gives the same object."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

import data.revision
import data.standings
import data.store
from model import Status
from tests import filled
from ui import shelf, store


@pytest.fixture
def asked(stage):
    """The statements that the store was asked, besides the opening of a transaction."""
    stage()
    store.board("90d")
    statements: list[str] = []
    event.listen(shelf.engine(), "before_cursor_execute", lambda _c, _cur, sql, *_rest: statements.append(sql))
    return statements


def written(scene_url: str) -> None:
    """One write of the poller: everything is up."""
    engine = data.store.open(scene_url)
    with data.store.writing(engine) as c:
        ids, now = data.series.ids(c), datetime.now(UTC)
        standings = data.standings.read(c).values()
        up = [filled.replace(each, status=Status.UP, since=now, seen=now, words="") for each in standings]
        data.standings.keep(c, ids, up)
        data.revision.bump(c)
    engine.dispose()


def test_fifty_viewers_of_one_revision_share_one_board(asked, monkeypatch) -> None:
    monkeypatch.setattr(shelf, "PATIENCE", 600.0)  # they come before it is looked for a new revision again
    boards = {id(store.board("90d")) for _ in range(50)}
    assert len(boards) == 1
    assert asked == []


def test_fifty_viewers_at_the_same_moment_make_one_board(stage) -> None:
    stage()
    boards: list[int] = []
    viewers = [threading.Thread(target=lambda: boards.append(id(store.board("24h")))) for _ in range(50)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert len(boards) == 50
    assert len(set(boards)) == 1


def test_a_new_revision_makes_a_new_board(stage, monkeypatch) -> None:
    monkeypatch.setattr(shelf, "PATIENCE", 0.0)
    scene = stage()
    before, state = store.board("90d"), store.state("90d")
    assert before.counts[Status.DOWN] == 2
    written(scene.url)
    after = store.board("90d")
    assert after is not before
    assert after.counts[Status.UP] == len(filled.monitors())
    assert store.state("90d") != state


def test_another_window_is_another_board_of_the_same_states(stage) -> None:
    stage()
    day, quarter = store.board("24h"), store.board("90d")
    assert [tile.key for tile in day.tiles] == [tile.key for tile in quarter.tiles]
    assert {len(tile.bars) for tile in day.tiles} == {24}
    assert {len(tile.bars) for tile in quarter.tiles} == {90}


@pytest.mark.parametrize("window", store.WINDOWS)
def test_overview_and_monitor_say_the_same_share_from_the_same_seconds(stage, window) -> None:
    stage()
    tile = next(each for each in store.board(window).tiles if each.key == filled.DOWN)
    detail = store.one(filled.DOWN, window)
    assert detail.uptime.total == pytest.approx(tile.uptime.total, rel=0.02)
    assert len(detail.points) <= 500


def test_a_store_that_is_not_there_yet_is_looked_for_again(stage) -> None:
    scene = stage(store=False)
    with pytest.raises(data.store.Missing):
        store.board("90d")
    filled.fill(filled.Path(scene.url.removeprefix("sqlite:///")), scene.monitors, datetime.now(UTC))
    assert store.board("90d").counts[Status.DOWN] == 2


def test_what_is_kept_has_a_bound() -> None:
    shelf.forget()
    for number in range(3 * shelf.MOST):
        shelf.kept(("test", number), None, 1.0, lambda number=number: number)
    assert len(shelf._kept) <= shelf.MOST
    assert len(shelf._making) <= shelf.MOST
    shelf.forget()
