"""The page Backups: a calendar with holes and wrong ones, the last proven restore beside what is promised."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import data.findings
import data.pings
import data.series
import data.snapshots
import data.standings
import data.store
import settings
from model import Finding, Part, Ping, Result, Snapshot, Standing, Status, Stored
from ui import shelf
from ui.backups import WEEKS, calendar

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
TABLE = """
[[monitor]]
key = "dumps"
name = "Database dumps"
check = "backups"
folder = "/var/backups/db"
[[monitor]]
key = "restore"
name = "Restore drill"
check = "drill"
rpo = "1d"
rto = "1h"
token = "0123456789abcdef"
"""


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.fixture
def kept(stage):
    """``kept(stored, drills)`` puts them into the store of a scene that watches both."""
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + TABLE)
    settings.current.cache_clear()
    shelf.forget()

    def puts(stored: tuple[Stored, ...] = (), drills: tuple[Ping, ...] = ()):
        engine = data.store.open(scene.url)
        with data.store.writing(engine) as c:
            ids = data.series.ensure(c, ["dumps", "restore"], scene.now - timedelta(days=40))
            data.standings.keep(c, ids, [Standing(key, Status.UP, scene.now, scene.now) for key in ids if key in ids])
            parts = (Part("room", Status.UP, None, "61 % free"),)
            data.standings.keep_result(c, "dumps", Result(Status.UP, "fine", parts=parts, stored=stored), scene.now)
            for each in drills:
                data.pings.add(c, each, drill=True)
        engine.dispose()
        shelf.forget()
        return scene

    return puts


def test_a_day_without_a_backup_is_a_hole_and_a_wrong_one_is_seen(kept, visit) -> None:
    now = datetime.now(UTC)
    stored = [Stored(now - timedelta(days=ago), f"d{ago}", 2048, "", Status.UP) for ago in (0, 1, 3, 4)]
    stored[1] = Stored(stored[1].at, "d1", 900, "only 40 % of the usual size", Status.DEGRADED)
    kept(tuple(stored))
    app = visit("backups")
    text = said(app)
    assert not app.exception
    assert text.count('class="wr-day wr-up"') == 3
    assert text.count('class="wr-day wr-degraded"') == 1
    assert text.count('class="wr-day wr-down"') == 1
    assert "only 40 % of the usual size" in text
    assert "61 % free" in text


def test_a_backup_that_nobody_has_read_is_not_green_and_a_damaged_one_is_red(kept, visit) -> None:
    now = datetime.now(UTC)
    unread = Stored(now - timedelta(days=1), "d1", 2048, "not read yet")
    cut = Stored(now - timedelta(days=2), "d2", 2048, "it ends in the middle: it was cut", Status.DOWN)
    kept((unread, cut))
    text = said(visit("backups"))
    assert 'class="wr-day wr-up"' not in text
    assert text.count('class="wr-day wr-down"') == 1
    assert "2.0 kB: not read yet" in text
    assert '<span class="wr-what">d2: <span class="wr-soft">it ends in the middle' in text
    assert "2.0 kB: it ends in the middle: it was cut" in text


def test_the_newest_restore_that_worked_counts_and_a_failed_one_is_shown(kept, visit) -> None:
    now = datetime.now(UTC)
    old = Ping("restore", now - timedelta(days=9), "ok", "", 600.0, 7200.0)
    kept(drills=(old, Ping("restore", now - timedelta(days=1), "fail", "no <b>room</b>")))
    text = said(visit("backups"))
    assert "9 d ago" in text
    assert '2 h<div class="wr-soft">promised 1 h</div>' in text
    assert "restored, later than promised" in text
    assert "no &lt;b&gt;room" in text


def test_a_drill_that_did_not_say_what_was_reached_is_not_green(kept, visit) -> None:
    kept(drills=(Ping("restore", datetime.now(UTC) - timedelta(days=1), "ok", "", 600.0, None),))
    text = said(visit("backups"))
    assert "restored, not said what was reached" in text
    assert 'not said<div class="wr-soft">promised 1 h</div>' in text
    assert "published_with_changes" not in text


def test_without_a_drill_nothing_is_proven(kept, visit) -> None:
    kept()
    assert "never" in said(visit("backups"))


SUPABASE = """
[supabase]
ref = "abcdefghijklmnopqrst"
token = "sbp_0123456789abcdef"
"""


def test_how_far_back_recovery_reaches_stands_beside_what_is_promised(kept, visit) -> None:
    scene = kept()
    path = settings.current().path
    path.write_text(path.read_text() + SUPABASE)
    settings.current.cache_clear()
    words = "goes back 5 d, promised 7 d"
    facts = (("recovery", "point in time"), ("promised", "7 d"), ("last write kept", "2 min ago"))
    finding = Finding("supabase-recovery-window", f"point-in-time recovery {words}", "choose a longer one")
    part = Part("recovery", Status.DEGRADED, None, words)
    result = Result(Status.DEGRADED, f"recovery: {words}", parts=(part,), findings=(finding,), facts=facts)
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        ids = data.series.ensure(c, ["supabase.backups"], scene.now)
        spoken = f"recovery: {words}"
        data.standings.keep(c, ids, [Standing("supabase.backups", Status.DEGRADED, scene.now, scene.now, spoken)])
        data.snapshots.put(c, {"supabase.backups": (scene.now, Snapshot(result))})
        data.findings.put(c, "supabase.backups", [finding], scene.now)
    engine.dispose()
    shelf.forget()
    text = said(visit("backups"))
    assert words in text
    assert "promised: 7 d" in text
    assert "choose a longer one" in text


def test_without_such_monitors_it_says_how_to_get_them(stage, visit) -> None:
    stage()
    assert "No backup is watched yet" in said(visit("backups"))


def days(*ago: int, overdue: bool = False) -> dict[date, Status]:
    stored = tuple(Stored(NOW - timedelta(days=each), "d", 1, "", Status.UP) for each in ago)
    return {each.day: each.status for each in calendar(stored, NOW, BERLIN, overdue=overdue)}


def test_the_calendar_ends_with_this_week_and_begins_on_a_monday() -> None:
    found = days(0)
    assert len(found) == 7 * WEEKS
    assert min(found).weekday() == 0
    assert max(found) == date(2026, 11, 29)


def test_before_the_first_and_after_today_nothing_is_missing() -> None:
    found = days(2, 4)
    assert found[date(2026, 11, 19)] is Status.UNKNOWN
    assert found[date(2026, 11, 21)] is Status.DOWN
    assert found[date(2026, 11, 25)] is Status.UNKNOWN
    assert found[date(2026, 11, 24)] is Status.UNKNOWN
    assert days(2, 4, overdue=True)[date(2026, 11, 24)] is Status.DOWN


def test_a_backup_just_after_midnight_belongs_to_the_day_of_the_site() -> None:
    stored = (Stored(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "d", 1, "", Status.UP),)
    found = {each.day: each.status for each in calendar(stored, NOW, BERLIN, overdue=False)}
    assert found[date(2026, 11, 24)] is Status.UP


@pytest.mark.parametrize(
    ("there", "state"),
    [
        ((Status.UP, Status.UP), Status.UP),
        ((Status.UP, Status.DOWN), Status.DEGRADED),
        ((Status.UNKNOWN, Status.DOWN), Status.DOWN),
        ((Status.UP, Status.UNKNOWN), Status.UNKNOWN),
        ((Status.DEGRADED, Status.UP), Status.DEGRADED),
    ],
)
def test_a_day_with_two_backups_is_as_good_as_what_is_known_of_both(there, state) -> None:
    stored = tuple(Stored(NOW - timedelta(minutes=n), "d", 1, "", each) for n, each in enumerate(there))
    found = {each.day: each.status for each in calendar(stored, NOW, BERLIN, overdue=False)}
    assert found[date(2026, 11, 24)] is state
