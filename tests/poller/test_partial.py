"""What the poller remembers of a reading outlives a look that was blind in part; a failed write leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import settings
from data import changes, deployments, findings, notifications, samples, series, snapshots, standings, store
from model import Deployment, Finding, Part, Result, Snapshot, Status, VendorIncident, WatchReport
from poller._ledger import Ledger, Seen

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN
OPEN = Finding("rls-open-a", "anyone can read a", "close it", "a")
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
TABLES = """
[supabase]
url = "https://db.acme.example"
anon_key = "sb_publishable_x"
[vercel]
token = "t"
project = "web"
[vendors.pages.acme]
url = "https://status.acme.example/"
"""


class Watch:
    """A ledger on a store of its own that is handed snapshots, one a minute."""

    def __init__(self, known: settings.Settings) -> None:
        self.engine, self.minutes = store.open(known.store.url), 0
        self.ledger = Ledger(self.engine, known, "me", 1e6)
        self.readings = {each.key: each for one in known.integrations for each in one.readings}
        assert self.ledger.take(NOON)

    @property
    def now(self) -> datetime:
        return NOON + timedelta(minutes=self.minutes)

    def keep(self, key: str, found: Snapshot, *, again: bool = True) -> None:
        report = WatchReport(self.now, NOON, 1, 1, "", 1, 1)
        self.ledger.keep([Seen(self.readings[key], self.now, found.result, found)], self.now, report)
        self.minutes += again

    def read(self, work):
        with store.reading(self.engine) as c:
            return work(c)

    def told(self) -> list[str]:
        return [each.notice.kind for each in self.read(lambda c: notifications.recent(c, 9))]

    def news(self) -> list[str]:
        return [each.words for each in self.read(lambda c: changes.between(c, *ALWAYS))]

    def open(self, key: str) -> list[str]:
        return [each.finding.kind for each in self.read(lambda c: findings.open_now(c, key))]


@pytest.fixture
def watch(configure, webs):
    plain = configure(webs().url, channels=(f"json://{webs().url}",))
    plain.path.write_text(plain.path.read_text() + TABLES)
    made = Watch(settings.load(plain.path))
    yield made
    made.engine.dispose()


def tables(a: Status, b: Status) -> Snapshot:
    """What rls says of two tables."""
    parts = (Part("a", a), Part("b", b))
    whole = DOWN if DOWN in (a, b) else UNKNOWN if UNKNOWN in (a, b) else UP
    unread = tuple(part.name for part in parts if part.status is UNKNOWN)
    return Snapshot(Result(whole, parts=parts, findings=(OPEN,) if a is DOWN else ()), unread=unread)


def test_an_open_table_that_is_not_seen_once_is_still_open(watch) -> None:
    for each in (tables(UP, UP), tables(DOWN, UP), tables(UNKNOWN, UP)):
        watch.keep("supabase.rls", each)

    assert watch.open("supabase.rls") == ["rls-open-a"]
    assert watch.told() == ["down"]
    assert watch.read(standings.read)["supabase.rls"].status is DOWN

    watch.keep("supabase.rls", tables(UP, UNKNOWN))
    assert watch.open("supabase.rls") == [], "this one was seen closed"
    assert watch.told() == ["down"], "but not all of them were"

    watch.keep("supabase.rls", tables(UP, UP))
    assert sorted(watch.told()) == ["down", "recovered"]


def test_a_database_that_went_read_only_stays_so_until_somebody_looks(watch) -> None:
    """Of a reading whose whole is the worst of what was read."""
    closed = Finding("supabase-read-only", "it takes no writes", "make room", "writes")
    gone = Snapshot(Result(UP, parts=(Part("project", UP), Part("writes", UNKNOWN))), unread=("writes",))
    watch.keep(
        "supabase.rls", Snapshot(Result(DOWN, parts=(Part("project", UP), Part("writes", DOWN)), findings=(closed,)))
    )
    watch.keep("supabase.rls", gone)
    watch.keep("supabase.rls", gone)

    assert watch.open("supabase.rls") == ["supabase-read-only"]
    assert watch.told() == ["down"]
    watch.keep("supabase.rls", Snapshot(Result(UP, parts=(Part("project", UP), Part("writes", UP)))))
    assert watch.open("supabase.rls") == []


def page(state: Status, *incidents: str, unread: bool = False) -> Snapshot:
    said = tuple(VendorIncident(f"acme:{name}", "acme", name, "monitoring", "major", NOON) for name in incidents)
    parts = (Part("acme", state), Part("other", UP))
    return Snapshot(Result(UP, parts=parts), incidents=said, unread=("acme", "acme.*") if unread else ())


def kept(watch) -> list[str]:
    return [each.title for each in watch.read(snapshots.read)["vendors.status"].good.incidents]


def test_incidents_of_a_page_that_is_read_but_says_nothing_known_do_not_pile_up(watch) -> None:
    for _ in range(3):
        watch.keep("vendors.status", page(UNKNOWN, "Slow builds"))
    assert kept(watch) == ["Slow builds"]

    watch.keep("vendors.status", page(UNKNOWN, unread=True))
    watch.keep("vendors.status", page(UNKNOWN, "Slow builds", unread=True))
    assert kept(watch) == ["Slow builds"], "nobody could look: it goes on, and is one"

    watch.keep("vendors.status", page(UNKNOWN))
    assert kept(watch) == []
    assert sorted(watch.news()) == ["acme: Slow builds (major)", "acme: over: Slow builds"]


def ships(*names: str) -> tuple[Deployment, ...]:
    went = NOON - timedelta(minutes=9)
    return tuple(Deployment(name, "web", "production", "ready", went, NOON, serving=name == names[0]) for name in names)


def test_a_list_that_fails_costs_neither_the_way_back_nor_news_twice(watch) -> None:
    facts = (("serving", "dpl_2"), ("rollback", "vercel rollback dpl_1"))
    whole = Snapshot(Result(UP, parts=(Part("builds", UP),), facts=facts), deployments=ships("dpl_2", "dpl_1"))
    names = ("builds", "deployments", "facts")
    blind = Snapshot(Result(UP, parts=(Part("production", UP), Part("builds", UNKNOWN))), unread=names)
    for each in (whole, blind, whole):
        watch.keep("vercel.deployments", each)
        good = watch.read(snapshots.read)["vercel.deployments"].good
        assert dict(good.result.facts)["rollback"] == "vercel rollback dpl_1"
        assert [one.id for one in good.deployments] == ["dpl_2", "dpl_1"]
        assert dict(good.older) == ({"deployments": NOON, "builds": NOON} if each is blind else {})

    assert watch.news() == ["production: dpl_2"]


def test_after_a_restart_it_is_still_known(watch, configure) -> None:
    watch.keep("supabase.rls", tables(DOWN, UP))
    watch.ledger.take(watch.now)
    watch.keep("supabase.rls", tables(UNKNOWN, UP))

    assert watch.open("supabase.rls") == ["rls-open-a"]


def test_a_write_that_failed_leaves_no_number_of_a_series_behind(watch, monkeypatch) -> None:
    """Else samples would go to a number that the next new series gets."""
    first = Snapshot(Result(UP, parts=(Part("a", UP),)))

    def broken(*_):
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(deployments, "put", broken)
        with pytest.raises(RuntimeError):
            watch.keep("supabase.rls", first, again=False)
    with store.writing(watch.engine) as c:
        series.ensure(c, ["another"], NOON)
    watch.keep("supabase.rls", first)

    numbers = watch.read(series.ids)
    assert {"supabase.rls", "supabase.rls/a"} <= set(numbers)
    near = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    assert len(watch.read(lambda c: samples.between(c, "supabase.rls/a", *near))) == 1
    assert not watch.read(lambda c: samples.between(c, "another", *near))
