"""The lease, the revision, series, findings, changes, pings, notes and the poller's report, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from data import changes, findings, lease, pings, revision, runs, series, store, watch
from model import Change, Finding, Item, Ping, Ruling, Run, Signature, Verdict, WatchReport

NOON = datetime(2026, 11, 23, 12, 0, 0, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def take(db: Engine, holder: str, now: datetime = NOON) -> int | None:
    with store.writing(db) as c:
        return lease.take(c, "poller", holder, now, 10.0)


def test_one_holder_has_the_lease_until_it_runs_out(db: Engine) -> None:
    assert take(db, "a") == 1
    assert take(db, "b", NOON + 9 * SECOND) is None
    assert take(db, "b", NOON + 10 * SECOND) == 2
    assert take(db, "a", NOON + 11 * SECOND) is None
    with store.reading(db) as c:
        assert lease.read(c, "poller") == lease.Lease("poller", "b", 2, NOON + 20 * SECOND, NOON + 10 * SECOND)
        assert lease.read(c, "other") is None


def test_the_holder_itself_keeps_its_epoch(db: Engine) -> None:
    assert [take(db, "a", NOON + n * SECOND) for n in range(3)] == [1, 1, 1]
    assert take(db, "a", NOON + 60 * SECOND) == 2, "it had lost the lease, and may have missed another holder"


def test_a_renewed_lease_goes_on(db: Engine) -> None:
    take(db, "a")
    with store.writing(db) as c:
        lease.renew(c, "poller", "a", 1, NOON + 9 * SECOND, 10.0)
    assert take(db, "b", NOON + 18 * SECOND) is None


def test_a_zombie_cannot_write(db: Engine) -> None:
    take(db, "a")
    take(db, "b", NOON + 20 * SECOND)

    def write() -> None:
        with store.writing(db) as c:
            revision.bump(c)
            lease.renew(c, "poller", "a", 1, NOON + 21 * SECOND, 10.0)

    with pytest.raises(lease.Fenced, match="has passed"):
        write()
    with store.reading(db) as c:
        assert revision.read(c) == 0


def test_a_lease_that_is_dropped_is_free_at_once(db: Engine) -> None:
    take(db, "a")
    with store.writing(db) as c:
        lease.drop(c, "poller", "b", 1)
    assert take(db, "b") is None
    with store.writing(db) as c:
        lease.drop(c, "poller", "a", 1)
    assert take(db, "b") == 2


def test_of_many_who_ask_at_once_one_gets_the_lease(db: Engine) -> None:
    for n in range(10):
        with ThreadPoolExecutor(4) as pool:
            got = list(pool.map(lambda who, now=NOON + n * 60 * SECOND: take(db, who, now), "abcd"))
        assert [epoch for epoch in got if epoch is not None] == [n + 1]


def test_the_revision_grows_with_every_write_and_not_with_one_undone(db: Engine) -> None:
    with store.reading(db) as c:
        assert revision.read(c) == 0
    with store.writing(db) as c:
        assert [revision.bump(c), revision.bump(c)] == [1, 2]
    with suppress(RuntimeError), store.writing(db) as c:
        revision.bump(c)
        raise RuntimeError
    with store.reading(db) as c:
        assert revision.read(c) == 2


def test_a_series_keeps_its_number_and_its_first_day(db: Engine) -> None:
    with store.writing(db) as c:
        first = series.ensure(c, ["api", "api/database", "api_2/x"], NOON)
    with store.writing(db) as c:
        second = series.ensure(c, ["new", "api"], NOON + SECOND)
    assert second["api"] == first["api"]
    assert len({*first.values(), *second.values()}) == 4
    with store.reading(db) as c:
        assert series.created(c)["api"] == NOON
        assert series.created(c)["new"] == NOON + SECOND


def test_parts_are_those_of_this_monitor_alone(db: Engine) -> None:
    with store.writing(db) as c:
        series.ensure(c, ["a_b", "a_b/y", "a_b/x", "axb/x", "a_b2/x"], NOON)
    with store.reading(db) as c:
        assert series.parts(c, "a_b") == ("a_b/x", "a_b/y")


def test_the_store_refuses_more_series_than_its_keys_hold(db: Engine) -> None:
    with store.writing(db) as c, pytest.raises(ValueError, match="at most 65535"):
        series.ensure(c, [f"m{n}" for n in range(65_536)], NOON)


def test_a_finding_is_opened_refreshed_closed_and_opened_anew(db: Engine) -> None:
    old, cert = Finding("tls", "TLS 1.0", "turn it off"), Finding("cert", "ends in 9 days")
    seen = [[old], [cert, Finding("tls", "TLS 1.1")], [cert], [old]]
    for n, some in enumerate(seen):
        with store.writing(db) as c:
            findings.put(c, "api", some, NOON + n * SECOND)
            findings.put(c, "shop", [old], NOON)
        with store.reading(db) as c:
            now_open = [(f.finding, f.first, f.last) for f in findings.open_now(c, "api")]
        first = {0: [(0, 0)], 1: [(0, 1), (1, 1)], 2: [(1, 2)], 3: [(3, 3)]}[n]
        assert [(a, b) for _, a, b in now_open] == [(NOON + a * SECOND, NOON + b * SECOND) for a, b in first]
        assert {f for f, _, _ in now_open} == set(some)
    with store.reading(db) as c:
        assert {f.monitor for f in findings.open_now(c)} == {"api", "shop"}


def test_changes_of_a_monitor_include_those_that_concern_all(db: Engine) -> None:
    made = [
        Change(NOON + n * SECOND, "commit", f"abc{n}", monitor)
        for n, monitor in enumerate(["api", None, "shop", "api"])
    ]
    with store.writing(db) as c:
        changes.add(c, made)
        changes.add(c, [])
    with store.reading(db) as c:
        end = NOON + 9 * SECOND
        assert changes.between(c, NOON, end) == tuple(reversed(made))
        assert changes.between(c, NOON, end, "api") == (made[3], made[1], made[0])
        assert changes.between(c, NOON + SECOND, NOON + 3 * SECOND, limit=1) == (made[2],)
        assert changes.last(c) == {"api": made[3], "shop": made[2]}


def test_the_newest_push_of_each_kind_is_kept(db: Engine) -> None:
    with store.writing(db) as c:
        for ping in (Ping("job", NOON, "start"), Ping("job", NOON, "ok"), Ping("job", NOON + SECOND, "ok", "3 files")):
            pings.add(c, ping)
    with store.reading(db) as c:
        assert pings.latest(c, "job") == {
            "start": Ping("job", NOON, "start"),
            "ok": Ping("job", NOON + SECOND, "ok", "3 files"),
        }
        assert pings.latest(c, "other") == {}


def test_a_drill_that_ended_is_kept_with_what_it_reached(db: Engine) -> None:
    made = [
        Ping("restore", NOON, "start"),
        Ping("restore", NOON + SECOND, "ok", "", 600.0, 1500.5),
        Ping("restore", NOON + 2 * SECOND, "fail", "no room"),
    ]
    with store.writing(db) as c:
        for ping in made:
            pings.add(c, ping, drill=True)
        pings.add(c, Ping("job", NOON, "ok"))
    with store.reading(db) as c:
        assert pings.drills(c, NOON + 9 * SECOND) == (made[2], made[1])
        assert pings.drills(c, NOON + SECOND) == (made[2], made[1])[1:]
        assert pings.latest(c, "restore")["ok"] == made[1]


def test_a_run_stays_as_it_was_judged(db: Engine) -> None:
    item = Item("a", "A", series=("web",), gate="up", limit=2.5)
    signature = Signature(NOON, "waived", "p", note="why", until=NOON + SECOND)
    verdict = Verdict("r", "c1", "no-go", "NO-GO: it is down", NOON, (Ruling(item, "fail", "down", NOON, "web"),))
    later = Ruling(item, "waived", "waived", None, "web", NOON + SECOND, (signature,))
    second = Verdict("r", "c1", "go", "GO with 1 waiver", NOON + 5 * SECOND, (later,), 1)
    other = Verdict("r", "c2", "unsure", "UNSURE", NOON + SECOND)
    with store.writing(db) as c:
        for each in (verdict, other, second):
            runs.put(c, each)
    with store.reading(db) as c:
        assert runs.read(c, "r", "c1") == Run(NOON, second)
        assert runs.read(c, "r", "c3") is None
        listed = runs.newest(c, "r")
        assert [each.verdict.state for each in runs.about(c, "c2")] == ["unsure"]
        assert runs.releases(c) == ("c1", "c2")
    assert [(each.verdict.release, each.verdict.state, each.begun) for each in listed] == [
        ("c1", "go", NOON),
        ("c2", "unsure", NOON + SECOND),
    ]
    assert all(each.verdict.rulings == () for each in listed)


def test_the_report_of_the_poller_comes_back_whole(db: Engine) -> None:
    report = WatchReport(
        NOON, NOON - SECOND, 42, 3, "0.1.0", 7, 1000, 1.5, 2.5, blind=True, disk_free=0.25, words="fine"
    )
    with store.reading(db) as c:
        assert watch.read(c) is None
    with store.writing(db) as c:
        watch.report(c, WatchReport(NOON, NOON, 1, 1, "0", 0, 0))
        watch.report(c, report)
    with store.reading(db) as c:
        assert watch.read(c) == report


def test_notes_are_kept_replaced_and_taken_away(db: Engine) -> None:
    with store.writing(db) as c:
        for key, value in (("digest", "1"), ("digest", "2"), ("gone", "x"), ("gone", None)):
            watch.note(c, key, value)
    with store.reading(db) as c:
        assert watch.noted(c) == {"digest": "2"}


def test_new_series_of_writers_at_once_all_get_numbers_of_their_own(db: Engine) -> None:
    def ensure(who: int) -> dict[str, int]:
        with store.writing(db) as c:
            return series.ensure(c, ["shared", *(f"m{who}-{n}" for n in range(20))], NOON)

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(ensure, range(4)))
    every = {key: number for some in got for key, number in some.items()}
    assert len(every) == len(set(every.values())) == 81
