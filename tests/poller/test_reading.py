"""Outside services are read beside the probes: their trouble is history and news, and their silence delays nobody."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from data import changes, intervals, snapshots, standings, store
from model import Result, Snapshot, Status
from poller._ledger import Ledger, Seen
from poller._reading import pause

STEPS = [0, 1, 2, 3, 4, 5, 6, 50]


def page(indicator: str, *incidents: str) -> bytes:
    said = [
        {"id": name, "name": name, "status": "monitoring", "impact": "major", "started_at": "2026-11-01T00:00:00Z"}
        for name in incidents
    ]
    return json.dumps({"status": {"indicator": indicator, "description": "so"}, "incidents": said}).encode()


def read(engine, work):
    with store.reading(engine) as c:
        return work(c)


def with_vendors(known, **pages: str):
    import settings

    tables = "".join(f'[vendors.pages.{name}]\nurl = "http://{url}/"\n' for name, url in pages.items())
    known.path.write_text(known.path.read_text() + "\n" + tables)
    return settings.load(known.path)


async def test_what_a_vendor_says_is_kept_with_its_news(webs, configure, polling, until) -> None:
    target, vendor = webs(), webs()
    vendor.body = page("minor", "Slow builds")
    known = with_vendors(configure(target.url), acme=vendor.url)
    async with polling(known) as running:
        await until(lambda: {"vendors.status", "m0"} <= set(read(running.engine, standings.read)), 60)
        kept = read(running.engine, snapshots.read)["vendors.status"]
        found = read(running.engine, standings.read)
        told = read(running.engine, lambda c: changes.between(c, *everything()))

    assert kept.newest.result.words == "acme: so"
    assert found["vendors.status/acme"].status is Status.DEGRADED, "what a vendor says of itself needs no second look"
    assert {"vendors.status", "vendors.status/acme", "m0"} <= set(found)
    assert [each.words for each in told if each.kind == "vendor"] == ["acme: Slow builds (major)"]


async def test_a_service_that_hangs_delays_no_monitor(webs, configure, polling, until, monkeypatch) -> None:
    from integrations import _reach

    target, vendor = webs(), webs()
    vendor.hang = 120.0
    monkeypatch.setattr(_reach, "PER_CALL", 120.0)
    known = with_vendors(configure(target.url, every="1s"), acme=vendor.url)
    async with polling(known) as running:
        await until(lambda: vendor.asked and target.asked, 60)
        begun, since = len(target.asked), time.monotonic()
        await until(lambda: len(target.asked) >= begun + 4, 60)
        waited = time.monotonic() - since
        await until(lambda: "m0" in read(running.engine, standings.read), 60)
        assert read(running.engine, standings.read)["m0"].status is Status.UP

    (reading,) = known.integrations[0].readings
    assert waited < reading.timeout, "so long the vendor is waited for"


PAUSES = {
    30: (30, 30, 30, 60, 120, 240, 480, 600),
    60: (60, 60, 60, 120, 240, 480, 600, 600),
    300: (300, 60, 120, 600, 600, 600, 600, 600),
    3600: (3600, 60, 120, 300, 600, 1200, 2400, 3600),
    21_600: (21_600, 60, 120, 300, 600, 1200, 2400, 21_600),
}


@pytest.mark.parametrize("every", PAUSES)
def test_what_fails_is_asked_again_soon_and_then_more_and_more_seldom(every: int) -> None:
    assert tuple(pause(float(every), failures) for failures in STEPS) == PAUSES[every]


@pytest.mark.parametrize(("unread", "wait"), [(("b",), 90.0), ((), 600.0)])
async def test_a_reading_of_which_a_part_is_blind_keeps_its_pace(unread, wait, configure, webs, monkeypatch) -> None:
    """One table with a wrong name must not make the others be looked at seldom."""
    from model import Part

    known = with_vendors(configure(webs().url), acme="127.0.0.1:9")
    parts = (Part("a", Status.UP), Part("b", Status.UNKNOWN))
    waits = []

    async def fetch(*_):
        return Snapshot(Result(Status.UNKNOWN, parts=parts), unread=unread)

    def timeout(seconds):
        waits.append(seconds)
        if len(waits) == 9:
            raise RuntimeError("enough was seen")
        return asyncio.Timeout(0)

    await asked_until_it_raises(known, fetch, timeout, monkeypatch)
    assert wait * 0.9 <= waits[-1] <= wait * 1.1


async def asked_until_it_raises(known, fetch, instead, monkeypatch) -> None:
    """The first reading is asked again and again, with ``instead`` in the place of every wait, which ends it."""
    import integrations
    from poller import _reading

    monkeypatch.setattr(integrations, "fetch", fetch)
    monkeypatch.setattr(_reading, "FIRST", 0.0)
    readings = _reading.Readings(known.integrations, lambda: None, lambda *_: None)
    async with integrations.open_tools() as tools:
        monkeypatch.setattr(_reading.asyncio, "timeout", instead)
        with pytest.raises(RuntimeError):
            await readings._ask(known.integrations[0], known.integrations[0].readings[0], tools)


async def test_a_service_that_wants_to_be_left_alone_is(configure, webs, monkeypatch) -> None:
    """Its own word counts where it is longer than our patience."""

    known = with_vendors(configure(webs().url), acme="127.0.0.1:9")
    asked, waits = [], []

    async def fetch(*_):
        asked.append(1)
        return Snapshot(Result(Status.UNKNOWN, "limits"), wait=1234.0)

    def timeout(seconds):
        waits.append(seconds)
        raise RuntimeError("enough was seen")

    await asked_until_it_raises(known, fetch, timeout, monkeypatch)
    assert asked == [1]
    assert 1234 * 0.9 <= waits[0] <= 1234 * 1.1


def test_what_could_not_be_measured_is_unknown_and_keeps_the_last_good_answer(configure, noon) -> None:
    from datetime import timedelta

    known = with_vendors(configure("127.0.0.1:9"), acme="127.0.0.1:9")
    engine = store.open(known.store.url)
    ledger = Ledger(engine, known, "me", 60.0)
    ledger.take(noon)
    (reading,) = known.integrations[0].readings
    for minutes, snapshot in enumerate((good(), Snapshot(Result(Status.UNKNOWN, "refused (401)"), "a new token"))):
        at = noon + timedelta(minutes=minutes)
        ledger.keep([Seen(reading, at, snapshot.result, snapshot)], at, report(at))

    kept = read(engine, snapshots.read)["vendors.status"]
    assert (kept.newest.fix, kept.good, kept.good_at) == ("a new token", good(), noon)
    standing = read(engine, standings.read)["vendors.status"]
    assert (standing.status, standing.blind) == (Status.UP, "refused (401)")
    assert read(engine, lambda c: intervals.between(c, *everything())) == {}
    engine.dispose()


def test_rows_of_a_table_become_measurements_and_leave_nothing_else_behind(configure, noon, tmp_path) -> None:
    from datetime import timedelta

    from data import copies, vitals
    from model import Sent

    known = with_vendors(configure("127.0.0.1:9"), acme="127.0.0.1:9")
    engine = store.open(known.store.url)
    ledger = Ledger(engine, known, "me", 60.0)
    ledger.take(noon)
    (reading,) = known.integrations[0].readings
    sent = tuple(
        Sent(f"CANARY-id-{n}", "LCP", 2000.0 + n, f"/patients/CANARY-{n}", "CANARY-phone", noon - timedelta(hours=n))
        for n in range(60)
    )
    for minutes in range(3):
        at = noon + timedelta(minutes=minutes)
        ledger.keep([Seen(reading, at, good().result, Snapshot(good().result, sent=sent))], at, report(at))

    kept = read(engine, lambda c: vitals.between(c, "day", noon - timedelta(days=5), noon))
    assert {(each.name, each.route, each.device, each.source) for each in kept} == {
        ("LCP", "/patients/:id", "desktop", "supabase")
    }
    assert sum(each.n for each in kept) == 49, "each once, and none that is older than two days"
    assert read(engine, snapshots.read)["vendors.status"].good == good(), "and no snapshot keeps a row"
    assert all(found.sent == () for _, found in ledger.good.values())
    copies.backup(known.store.url, tmp_path / "backup.db")
    assert b"CANARY" not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    engine.dispose()


def good() -> Snapshot:
    return Snapshot(Result(Status.UP, "fine"))


def report(now):
    from model import WatchReport

    return WatchReport(now, now, 1, 0, "test", 1, 1)


def everything():
    from datetime import UTC, datetime

    return datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def test_a_webhook_has_the_platform_looked_at_now(webs, configure, polling, until) -> None:
    import settings
    from data import hooks
    from model import Hook

    target, vercel = webs(), webs()
    known = configure(target.url, every="300s")
    table = f'[vercel]\nbase = "http://{vercel.url}"\ntoken = "t"\nproject = "web"\nhook_secret = "s"\n'
    known.path.write_text(known.path.read_text() + "\n" + table)
    async with polling(settings.load(known.path)) as running:
        await until(lambda: target.asked and vercel.asked)
        await asyncio.sleep(0.5)
        before = len(target.asked), len(vercel.asked)
        with store.writing(running.engine) as c:
            assert hooks.add(c, Hook("evt_1", "deployment.succeeded", everything()[0], "dpl_1"))
        await until(lambda: len(target.asked) > before[0] and len(vercel.asked) > before[1], 30)
        await asyncio.sleep(0.8)
        with store.writing(running.engine) as c:
            assert not hooks.add(c, Hook("evt_1", "deployment.succeeded", everything()[0], "dpl_1"))
        asked = len(target.asked)
        await asyncio.sleep(0.8)  # four turns

    assert len(target.asked) == asked, "one event, one look"


def test_deployments_and_new_issues_become_changes_once(configure, webs) -> None:
    from datetime import UTC, datetime, timedelta

    from model import Deployment, Issue, WatchReport

    known = configure(webs().url)
    engine = store.open(known.store.url)
    ledger, noon = Ledger(engine, known, "a", 60.0), datetime(2026, 11, 23, 12, tzinfo=UTC)
    reading = known.monitors[0]
    assert ledger.take(noon)

    def keep(minutes, serving, *issues):
        at = noon + timedelta(minutes=minutes)
        found = tuple(
            Deployment(name, "web", "production", "ready", noon - timedelta(minutes=9), noon, serving=name == serving)
            for name in ("dpl_2", "dpl_1")
        )
        made = tuple(Issue(i, f"WEB-{i}", "T", "web", "error", "new", 1, 1, noon, at, release=r) for i, r in issues)
        snapshot = Snapshot(Result(Status.UP), deployments=found, issues=made)
        report = WatchReport(at=at, started=noon, pid=1, epoch=1, version="", monitors=1, probes=0)
        ledger.keep([Seen(reading, at, snapshot.result, snapshot)], at, report)

    keep(0, "dpl_1", ("7", "v1"))
    keep(1, "dpl_2", ("7", ""), ("8", ""))
    keep(2, "dpl_2", ("7", ""), ("8", ""))

    found = read(engine, lambda c: changes.between(c, *everything()))
    assert sorted(each.words for each in found) == [
        "new issue WEB-7: T",
        "new issue WEB-8: T",
        "production: dpl_1",
        "production: dpl_2",
    ]
    from data import issues

    assert {key: each.release for key, each in read(engine, lambda c: issues.by_id(c, ["7", "8"])).items()} == {
        "7": "v1",
        "8": "",
    }
    engine.dispose()


def test_a_table_that_a_stranger_can_read_wakes_people_at_once(configure, webs) -> None:
    from datetime import UTC, datetime, timedelta

    import settings
    from data import findings, notifications
    from model import Finding, WatchReport

    receiver = webs()
    plain = configure(webs().url, channels=(f"json://{receiver.url}",))
    table = '[supabase]\nurl = "https://db.acme.example"\nanon_key = "sb_publishable_x"\n'
    plain.path.write_text(plain.path.read_text() + "\n" + table)
    known = settings.load(plain.path)
    rls = next(each for i in known.integrations for each in i.readings if each.key == "supabase.rls")
    engine = store.open(known.store.url)
    ledger, noon = Ledger(engine, known, "a", 60.0), datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert ledger.take(noon)

    def keep(minutes, status, *found):
        at = noon + timedelta(minutes=minutes)
        snapshot = Snapshot(Result(status, "anyone on the internet can read rows of t", findings=found))
        report = WatchReport(at=at, started=noon, pid=1, epoch=1, version="", monitors=1, probes=0)
        ledger.keep([Seen(rls, at, snapshot.result, snapshot)], at, report)

    keep(0, Status.UP)
    keep(1, Status.DOWN, Finding("rls-open-t", "anyone can read", "enable it"))
    keep(2, Status.UNKNOWN)

    (told,) = read(engine, lambda c: notifications.recent(c, 9))
    assert "Row level security" in told.notice.title
    assert "rows of t" in told.notice.body
    kinds = [each.finding.kind for each in read(engine, lambda c: findings.open_now(c, "supabase.rls"))]
    assert kinds == ["rls-open-t"], "who could not look closes nothing"
    engine.dispose()
