"""A GO that no longer holds revokes itself: noted, told, written into the trail, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import gate
import verdicts
from data import audit, changes, deployments, notifications, runs, series, standings, store, watch
from model import Deployment, Doubt, Standing, Status
from tests.test_gate import KEY, SHA, TOML

NOW = datetime.now(UTC)
ONE = TOML.partition('[[checklist.item]]\nkey = "no-new"')[0]


@pytest.fixture
def stage(tmp_path):
    import settings

    file = tmp_path / "wardround.toml"
    channel = '[[channel]]\nkey = "c"\nurl = "json://127.0.0.1:9/"\n'
    file.write_text(ONE.format(folder=tmp_path, key=KEY) + channel, encoding="utf-8")
    known = settings.load(file, {})
    engine = store.open(known.store.url)
    with store.writing(engine) as c:
        series.ensure(c, ["web"], NOW - timedelta(days=1))
        deployments.put(
            c, [Deployment("d", "web", "production", "ready", NOW - timedelta(minutes=2), NOW, SHA, serving=True)]
        )
    yield known, engine
    engine.dispose()


def look(stage, state, at=NOW, minutes=60.0, doubts=(), seen=0.0):
    known, engine = stage
    with store.writing(engine) as c:
        standings.keep(
            c,
            series.ids(c),
            [
                Standing(
                    "web",
                    state,
                    at - timedelta(minutes=minutes),
                    at - timedelta(seconds=seen),
                    "refused" * (state is Status.DOWN),
                    doubts,
                )
            ],
        )
    verdicts.step(engine, known, at)
    with store.reading(engine) as c:
        told = [each.notice.title for each in notifications.recent(c, 20)]
        acts = [entry.act.action for entry in reversed(audit.of(c, gate.subject("release", SHA, "verdict")))]
        assert audit.verify(c, KEY.encode()) is None
        said = [each.words for each in changes.between(c, NOW - timedelta(days=1), NOW + timedelta(days=1))]
        return told[::-1], acts, said[::-1]


def test_a_go_and_its_revocation_are_told_once_each(stage) -> None:
    assert look(stage, Status.UP)[0] == ["Before production: GO for 3f2c3f2c3f2c"]
    assert look(stage, Status.UP, NOW + timedelta(seconds=5))[1] == ["verdict"]
    told, acts, said = look(stage, Status.DOWN, NOW + timedelta(seconds=9))
    assert told[-1] == "Before production: GO revoked for 3f2c3f2c3f2c"
    assert acts == ["verdict", "revoked"]
    assert "GO revoked" in said[-1]
    assert "refused" in said[-1]
    assert look(stage, Status.DOWN, NOW + timedelta(seconds=12))[1] == ["verdict", "revoked"]


def test_one_doubtful_sample_revokes_nothing_and_makes_nothing(stage) -> None:
    _, engine = stage
    doubt = (Doubt(NOW, Status.DOWN, "refused"),)
    assert look(stage, Status.UP, doubts=doubt)[1] == []
    assert look(stage, Status.UP, NOW + timedelta(seconds=3))[1] == ["verdict"]
    told, acts, _ = look(stage, Status.UP, NOW + timedelta(seconds=6), doubts=doubt)
    assert (len(told), acts) == (1, ["verdict"])
    with store.reading(engine) as c:
        assert "held while" in runs.read(c, "release", SHA).verdict.words
        one = gate.judge(c, stage[0], stage[0].checklists[0], SHA, NOW + timedelta(seconds=6))
    assert (one.state, one.rulings[0].state) == ("go", "unknown"), "every door says the same"
    assert look(stage, Status.DOWN, NOW + timedelta(seconds=9))[1] == ["verdict", "revoked"]


def test_what_nobody_sees_for_longer_than_its_horizon_revokes(stage) -> None:
    look(stage, Status.UP)
    doubt = (Doubt(NOW, Status.DOWN, "refused"),)
    assert look(stage, Status.UP, NOW + timedelta(seconds=60), seen=60, doubts=doubt)[1] == ["verdict"]
    assert look(stage, Status.UP, NOW + timedelta(seconds=80), seen=80, doubts=doubt)[1] == ["verdict", "revoked"]


def test_what_flutters_tells_a_few_times_an_hour_and_never_ends_on_a_go_that_is_gone(stage) -> None:
    for turn in range(6):
        at = NOW + timedelta(minutes=4 * turn)
        look(stage, Status.UP, at)
        told, acts, said = look(stage, Status.DOWN, at + timedelta(seconds=30))
    assert [title.split(":")[1][:11] for title in told] == [" GO for 3f2", " GO revoked"] * 2
    assert acts == ["verdict", "revoked"] * 6
    assert len(said) == 12, "trail and page show all"
    _, engine = stage
    with store.reading(engine) as c:
        last = max(notifications.recent(c, 20), key=lambda each: each.created).notice
    assert "turns often" in last.body


def test_an_hour_after_the_deployment_nothing_is_revoked_any_more(stage) -> None:
    look(stage, Status.UP)
    assert look(stage, Status.DOWN, NOW + timedelta(minutes=61))[1] == ["verdict"]


@pytest.mark.parametrize("target", ["preview", "production"])
def test_neither_a_preview_nor_an_earlier_deployment_ends_the_hour(target, stage) -> None:
    _, engine = stage
    with store.writing(engine) as c:
        at = NOW - timedelta(hours=3)
        deployments.put(c, [Deployment("old", "web", target, "ready", at, at, SHA)])
    assert look(stage, Status.UP)[1] == ["verdict"]
    assert look(stage, Status.DOWN, NOW + timedelta(minutes=30))[1] == ["verdict", "revoked"]


@pytest.mark.parametrize("target", ["preview", "production"])
def test_a_later_deployment_of_the_same_commit_begins_a_new_hour_in_production_only(target, stage) -> None:
    _, engine = stage
    look(stage, Status.UP)
    with store.writing(engine) as c:
        at = NOW + timedelta(minutes=90)
        deployments.put(c, [Deployment("again", "web", target, "building", at, None, SHA)])
    acts = look(stage, Status.DOWN, NOW + timedelta(minutes=100))[1]
    assert acts == (["verdict", "revoked"] if target == "production" else ["verdict"])


def test_a_run_that_has_just_begun_is_no_news(stage) -> None:
    told, acts, said = look(stage, Status.DOWN)
    assert (told, acts, said) == ([], [], [])


def test_another_release_begins_anew(stage) -> None:
    _, engine = stage
    look(stage, Status.UP)
    with store.writing(engine) as c:
        at = NOW + timedelta(seconds=1)
        deployments.put(c, [Deployment("e", "web", "production", "building", at, None, "b" * 40)])
    look(stage, Status.UP, NOW + timedelta(seconds=9))
    with store.reading(engine) as c:
        assert '"release": "bbbb' in watch.noted(c)["verdict release"]


GOES_ON = """
[[checklist]]
key = "recovery"
name = "Emergency recovery"
per_release = false
[[checklist.item]]
key = "moment"
title = "Find the point in time"
valid = "31d"
"""


def test_a_list_about_no_release_keeps_its_signatures_across_deployments(stage) -> None:
    import settings

    known, engine = stage
    known.path.write_text(known.path.read_text() + GOES_ON)
    known = settings.load(known.path, {})
    recovery = known.checklists[1]
    with store.writing(engine) as c:
        gate.sign(c, known, recovery, "", recovery.items[0], "signed", "Ada", NOW)
        verdicts.settle(c, known, NOW)
    later = NOW + timedelta(hours=30)
    with store.writing(engine) as c:
        deployments.put(c, [Deployment("e", "web", "production", "ready", later, later, "b" * 40)])
    verdicts.step(engine, known, later)
    with store.reading(engine) as c:
        for wanted in ("", SHA, "b" * 40):
            found, over = gate.answer(c, known, recovery, wanted, later)
            assert (found.state, found.release, over) == ("go", "", False)
        assert [(each.verdict.release, each.verdict.state) for each in runs.newest(c, "recovery")] == [("", "go")]
        titles = [each.notice.title for each in notifications.recent(c, 20)]
    assert "Emergency recovery: GO" in titles


def test_a_list_about_no_release_cannot_ask_about_one(stage) -> None:
    import settings

    known, _ = stage
    item = '[[checklist.item]]\nkey = "new"\ntitle = "New"\ngate = "no-new-issue"\n'
    known.path.write_text(known.path.read_text() + GOES_ON + item)
    with pytest.raises(settings.ConfigError, match="'no-new-issue' asks about a release, but this list has none"):
        settings.load(known.path, {})


def test_an_earlier_run_stays_readable_as_it_was(stage) -> None:
    _, engine = stage
    look(stage, Status.UP)
    look(stage, Status.DOWN, NOW + timedelta(seconds=9))
    at = NOW + timedelta(seconds=20)
    with store.writing(engine) as c:
        deployments.put(c, [Deployment("e", "web", "production", "building", at, None, "b" * 40)])
    look(stage, Status.UP, at + timedelta(seconds=1))
    with store.reading(engine) as c:
        before, after = runs.read(c, "release", SHA), runs.read(c, "release", "b" * 40)
        assert [each.verdict.release for each in runs.newest(c, "release")] == ["b" * 40, SHA]
    assert before is not None
    assert after is not None
    assert (before.begun, before.verdict.state, after.verdict.state) == (NOW, "no-go", "go")
    assert "refused" in before.verdict.rulings[0].words


def test_a_run_that_stands_still_is_written_every_few_minutes_only(stage) -> None:
    _, engine = stage
    kept = []
    for seconds in (0, 3, 290, 301, 310):
        look(stage, Status.UP, NOW + timedelta(seconds=seconds))
        with store.reading(engine) as c:
            kept.append((runs.read(c, "release", SHA).verdict.at - NOW).total_seconds())
    assert kept == [0, 0, 0, 301, 301]
