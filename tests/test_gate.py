"""The gate over a real store: signatures in the trail, the command line's exit codes, the door for pipelines."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import gate
import settings
import verdicts
from data import (
    audit,
    days,
    deployments,
    intervals,
    issues,
    notifications,
    rollups,
    runs,
    series,
    snapshots,
    standings,
    store,
    watch,
)
from model import (
    Channel,
    Checklist,
    Day,
    Deployment,
    Figure,
    Interval,
    Issue,
    Item,
    Maintenance,
    Notice,
    Release,
    Result,
    Sample,
    Secret,
    Snapshot,
    Standing,
    Status,
    Uptime,
    WatchReport,
)
from rules import rollup
from settings import Settings

KEY = "an-audit-key-of-the-test"
NOW = datetime.now(UTC)
SHA = "3f2c" * 10
TOML = """
[store]
url = "sqlite:///{folder}/w.db"
[server]
audit_key = "{key}"
metrics_token = "scraper-0123456789abcdef"
[supabase]
ref = "abcdefghijklmnopqrst"
token = "sbp_0123456789"
[[monitor]]
key = "web"
check = "tcp"
host = "127.0.0.1"
port = 9
every = "30s"
[[checklist]]
key = "release"
name = "Before production"
[[checklist.item]]
key = "web-up"
title = "The API is operational"
gate = "up"
series = ["web"]
for = "10m"
owner = "back end"
[[checklist.item]]
key = "no-new"
title = "No new error in this release"
gate = "no-new-issue"
[[checklist.item]]
key = "disk"
title = "The disk has room"
gate = "below"
series = ["supabase.disk/disk"]
limit = 80
blocking = false
[[checklist.item]]
key = "login"
title = "The login flow works"
valid = "1h"
[[checklist.item]]
key = "review"
title = "Privacy reviewed"
two_person = true
"""


@pytest.fixture
def known(tmp_path: Path) -> Settings:
    file = tmp_path / "wardround.toml"
    file.write_text(TOML.format(folder=tmp_path, key=KEY), encoding="utf-8")
    return settings.load(file, {})


@pytest.fixture
def engine(known: Settings) -> Iterator[Engine]:
    """A store in which all that is measured is well, and release SHA was deployed."""
    engine = store.open(known.store.url)
    with store.writing(engine) as c:
        ids = series.ensure(c, ["web"], NOW - timedelta(days=1))
        standings.keep(c, ids, [Standing("web", Status.UP, NOW - timedelta(hours=2), NOW)])
        found = {
            "sentry.issues": Snapshot(Result(Status.UP)),
            "sentry.health": Snapshot(Result(Status.UP), releases=(Release(SHA, NOW, asked=True),)),
            "supabase.disk": Snapshot(Result(Status.UP), figures=(Figure("disk", 54.0),)),
        }
        snapshots.put(c, {key: (NOW, each) for key, each in found.items()})
        deployments.put(
            c, [Deployment("dpl_1", "web", "production", "ready", NOW - timedelta(minutes=9), NOW, SHA, serving=True)]
        )
    yield engine
    engine.dispose()


def signed(known: Settings, engine: Engine, item: str, name: str, kind: str = "signed", at: datetime = NOW, **more):
    checklist = gate.of(known, "release")
    assert checklist
    one = next(each for each in checklist.items if each.key == item)
    with store.writing(engine) as c:
        return gate.sign(c, known, checklist, SHA, one, kind, name, at, **more)


def judged(known: Settings, engine: Engine, at: datetime = NOW):
    checklist = gate.of(known, "release")
    assert checklist
    with store.reading(engine) as c:
        return gate.judge(c, known, checklist, gate.release(c, at), at)


def signed_by_all(known: Settings, engine: Engine) -> None:
    signed(known, engine, "login", "Ada")
    signed(known, engine, "review", "Ada")
    signed(known, engine, "review", "Bob")


def test_the_last_signature_makes_it_go(known: Settings, engine: Engine) -> None:
    assert judged(known, engine).state == "unsure"
    signed(known, engine, "login", "Ada", note="tried it", role="on-call")
    signed(known, engine, "review", "Ada")
    assert "1 of 2 signatures" in judged(known, engine).words
    signed(known, engine, "review", "Bob")
    found = judged(known, engine)
    assert (found.state, found.words, found.release) == ("go", "GO: every blocking item passes", SHA)


def test_a_go_does_not_outlive_what_it_stood_on(known: Settings, engine: Engine) -> None:
    signed_by_all(known, engine)
    assert judged(known, engine).state == "go"
    assert judged(known, engine, NOW + timedelta(minutes=5)).state == "unsure", "nobody has looked for five minutes"
    with store.writing(engine) as c:
        standings.keep(c, series.ids(c), [Standing("web", Status.DOWN, NOW, NOW, "refused")])
    found = judged(known, engine)
    assert (found.state, "web is down: refused" in found.words) == ("no-go", True)


@pytest.mark.parametrize(
    ("born", "seen", "state"),
    [(120, ((Status.UP, 120, 0),), "pass"), (1, ((Status.UP, 1, 0),), "missing"),
     (120, ((Status.UP, 120, 55), (Status.UP, 5, 0)), "missing"),
     (120, ((Status.DOWN, 120, 9), (Status.UP, 9, 0)), "fail")],
)  # fmt: skip
def test_an_hour_of_calm_was_watched_from_its_beginning(born, seen, state, known: Settings) -> None:
    engine = store.open(known.store.url)
    ago = lambda minutes: NOW - timedelta(minutes=minutes)  # noqa: E731
    *closed, (last, since, _) = seen
    with store.writing(engine) as c:
        ids = series.ensure(c, ["web"], ago(born))
        standings.keep(c, ids, [Standing("web", last, ago(since), NOW)])
        intervals.add(c, ids, [Interval("web", status, ago(start), ago(end)) for status, start, end in closed])
    calm = Checklist("calm", "Calm", (Item("calm", "Calm", "", "calm", ("web",), 3600.0),))
    with store.reading(engine) as c:
        assert gate.judge(c, known, calm, SHA, NOW).rulings[0].state == state
    engine.dispose()


def test_a_new_error_of_this_release_stops_it(known: Settings, engine: Engine) -> None:
    signed_by_all(known, engine)
    with store.writing(engine) as c:
        issues.put(c, [Issue("1", "W-1", "T", "web", "error", "new", 1, 1, NOW, NOW, release="another")])
    assert judged(known, engine).state == "go"
    with store.writing(engine) as c:
        issues.put(
            c, [Issue("2", "W-2", "T", "web", "error", "new", 1, 1, NOW - timedelta(minutes=1), NOW, release=SHA)]
        )
    assert judged(known, engine).state == "no-go"


@pytest.mark.parametrize(
    ("version", "minutes", "asked", "wanted", "state", "words"),
    [
        (SHA, 1, True, SHA, "pass", "0 new issues"),
        (f"web@{SHA}", 1, True, SHA, "fail", "1 new issue"),
        (f"web@1.2.3+{SHA}", 1, True, SHA, "fail", "1 new issue"),
        (SHA, 12, True, SHA, "pass", ""),
        (SHA, 61, True, SHA, "missing", "could not be read lately"),
        (SHA, 1, False, SHA, "missing", "does not know"),
        ("b" * 40, 1, True, SHA, "missing", "does not know the release 3f2c3f2c3f2c yet"),
        (SHA, 1, True, "", "missing", "no release is named"),
        (None, 1, True, SHA, "missing", "was not asked"),
    ],
)
def test_no_new_error_is_said_only_by_a_fresh_look_at_this_release(
    version, minutes, asked, wanted, state, words, known: Settings
) -> None:
    """That Sentry lists no issue of a release says nothing while nobody asked it about this release."""
    engine = store.open(known.store.url)
    at = NOW - timedelta(minutes=minutes)
    with store.writing(engine) as c:
        said = Snapshot(Result(Status.UP), releases=(Release(version or "", NOW, asked=asked),))
        snapshots.put(c, {"sentry.health": (at, said)} if version else {})
        snapshots.put(c, {"sentry.issues": (NOW, Snapshot(Result(Status.UP)))})
        tag = version if version and "@" in version else "another"
        issues.put(c, [Issue("1", "W-1", "T", "web", "error", "new", 1, 1, at, at, release=tag)])
    only = Checklist("new", "New", (Item("no-new", "None", gate="no-new-issue"),))
    with store.reading(engine) as c:
        [ruling] = gate.judge(c, known, only, wanted, NOW).rulings
    engine.dispose()
    assert (ruling.state, words in ruling.words) == (state, True), ruling.words
    assert ruling.at == (at if version else None)


def test_p95_is_as_old_as_its_last_measurement(known: Settings, engine: Engine) -> None:
    start = (NOW - timedelta(minutes=40)).replace(second=0, microsecond=0)
    with store.writing(engine) as c:
        measured = [Sample("web", start + timedelta(seconds=k), Status.UP, 80.0) for k in range(9)]
        failed = [Sample("web", start + timedelta(minutes=9), Status.DOWN)]
        made = [rollup.fold("web", "minute", each[0].at.replace(second=0), each) for each in (measured, failed)]
        rollups.put(c, series.ids(c), made)
    only = Checklist("quick", "Quick", (Item("quick", "Quick", gate="p95", series=("web",), limit=100.0),))
    with store.reading(engine) as c:
        [ruling] = gate.judge(c, known, only, SHA, NOW).rulings
    assert (ruling.state, ruling.at) == ("pass", start + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("minutes", "wanted", "serving", "previous", "states"),
    [
        (1, SHA, True, "1111", ["pass", "pass", "pass"]),
        (1, SHA, False, "", ["pass", "missing", "fail"]),
        (1, "b" * 40, True, "1111", ["missing", "missing", "pass"]),
        (1, "", True, "1111", ["missing", "missing", "pass"]),
        (61, SHA, True, "1111", ["unknown", "unknown", "unknown"]),
        (None, SHA, True, "1111", ["unknown", "unknown", "unknown"]),
    ],
)
def test_a_build_of_another_release_and_an_old_look_prove_nothing(
    minutes, wanted, serving, previous, states, known: Settings
) -> None:
    engine = store.open(known.store.url)
    if minutes is not None:
        at = NOW - timedelta(minutes=minutes)
        ships = (Deployment("d1", "web", "production", "ready", at, at, SHA, serving=serving),)
        facts = (("previous", previous),) if previous else ()
        with store.writing(engine) as c:
            said = Snapshot(Result(Status.UP, facts=facts), deployments=ships)
            snapshots.put(c, {"vercel.deployments": (at, said)})
    items = tuple(Item(gate_, gate_, gate=gate_) for gate_ in ("built", "live", "way-back"))
    with store.reading(engine) as c:
        found = gate.judge(c, known, Checklist("ships", "Ships", items), wanted, NOW)
    engine.dispose()
    assert [each.state for each in found.rulings] == states


def test_alerting_is_proven_by_what_arrived(known: Settings) -> None:
    engine = store.open(known.store.url)
    only = Checklist("tell", "Tell", (Item("tell", "Tell", gate="alerting"),))
    told = replace(known, channels=(Channel("oncall", Secret("json://x/")), Channel("team", Secret("json://x/"))))

    def ruled(of: Settings = told) -> str:
        with store.reading(engine) as c:
            one = gate.judge(c, of, only, SHA, NOW).rulings[0]
        return f"{one.state}: {one.words}"

    def owe(channel: str, key: str, minutes: float) -> int:
        at = NOW - timedelta(minutes=minutes)
        with store.writing(engine) as c:
            notifications.owe(c, [(channel, Notice(key, "watch", "t", "b"))], at, at)
            return notifications.recent(c, 1)[0].id

    def done(number: int, error: str = "") -> None:
        with store.writing(engine) as c:
            if error:
                notifications.failed(c, [number], error, NOW, True)
            else:
                notifications.sent(c, [number], NOW)

    assert ruled(known) == "fail: there is no [[channel]]: nobody is told of anything"
    assert ruled() == "fail: the poller does not run: nobody watches"
    with store.writing(engine) as c:
        watch.report(c, WatchReport(NOW, NOW, 1, 1, "0", 1, 0))
    assert ruled() == "missing: nothing was ever told through oncall, team"
    done(owe("oncall", "a", 9))
    assert ruled() == "missing: nothing was ever told through team"
    waiting = owe("team", "a", 9)
    assert ruled() == "fail: a message waits for 9 min already"
    done(waiting)
    assert ruled().startswith("pass: every channel was reached")
    done(owe("team", "b", -1), "the channel answered 410")
    assert ruled() == "fail: the last message through team was not delivered"
    engine.dispose()


def test_a_waiver_is_counted_beside_the_verdict_and_ends(known: Settings, engine: Engine) -> None:
    signed_by_all(known, engine)
    with store.writing(engine) as c:
        standings.keep(c, series.ids(c), [Standing("web", Status.DEGRADED, NOW, NOW, "slow")])
    signed(
        known, engine, "web-up", "Eve", "waived", note="known, ticket 7", asked_by="Ada", until=NOW + timedelta(hours=1)
    )
    found = judged(known, engine)
    assert found.words.startswith("GO with 1 waiver")
    assert "slow" in found.rulings[0].words
    with store.writing(engine) as c:
        standings.keep(c, series.ids(c), [Standing("web", Status.DEGRADED, NOW, NOW + timedelta(hours=2), "slow")])
    assert judged(known, engine, NOW + timedelta(hours=2)).state == "no-go"


@pytest.mark.parametrize(
    ("item", "kind", "name", "more", "words"),
    [
        ("login", "signed", " ", {}, "name"),
        ("web-up", "signed", "Ada", {}, "waived, not signed"),
        ("login", "withdrawn", "Ada", {}, "nothing of yours"),
        ("login", "praised", "Ada", {}, "expected"),
        ("login", "waived", "Eve", {"asked_by": "Ada", "until": NOW + timedelta(days=1)}, "reason"),
        (
            "login",
            "waived",
            "Ada",
            {"note": "x", "asked_by": " ada ", "until": NOW + timedelta(days=1)},
            "another person",
        ),
        ("login", "waived", "Eve", {"note": "x", "asked_by": "Ada"}, "ends"),
        ("login", "waived", "Eve", {"note": "x", "asked_by": "Ada", "until": NOW + timedelta(days=91)}, "ends"),
    ],
)
def test_what_cannot_be_signed_says_why(item, kind, name, more, words, known: Settings, engine: Engine) -> None:
    with pytest.raises(gate.Refused, match=words):
        signed(known, engine, item, name, kind, **more)
    with store.reading(engine) as c:
        assert audit.count(c) == 0


def test_a_double_click_leaves_one_row_and_a_withdrawal_takes_it_back(known: Settings, engine: Engine) -> None:
    signed(known, engine, "login", "Ada")
    with pytest.raises(gate.Refused, match="already"):
        signed(known, engine, "login", " ada ")
    signed(known, engine, "login", "Ada", "withdrawn")
    signed(known, engine, "login", "Ada", at=NOW + timedelta(seconds=1))
    signed(known, engine, "login", "Ada", "withdrawn", at=NOW + timedelta(seconds=2))
    assert judged(known, engine).rulings[3].state == "missing"


def test_a_stale_page_looks_again_first(known: Settings, engine: Engine) -> None:
    signed(known, engine, "review", "Ada", seen=0)
    with pytest.raises(gate.Refused, match="look again"):
        signed(known, engine, "review", "Bob", seen=0)
    signed(known, engine, "review", "Bob", seen=1)


def test_many_sign_at_once_one_row_each(known: Settings, engine: Engine) -> None:
    refused = []

    def click(name: str) -> None:
        try:
            signed(known, engine, "review", name)
        except gate.Refused as reason:
            refused.append(reason.words)

    threads = [threading.Thread(target=click, args=(f"P{k % 10}",)) for k in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading(engine) as c:
        assert audit.count(c) == 10
        assert audit.verify(c, KEY.encode()) is None
        assert len(audit.names(c)) == 10
    assert refused == ["you have signed this already"] * 20


def test_without_a_key_nobody_signs(known: Settings, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(TOML.format(folder=tmp_path, key=KEY).replace(f'audit_key = "{KEY}"\n', ""), encoding="utf-8")
    with pytest.raises(gate.Refused, match="audit_key"):
        signed(settings.load(file, {}), engine, "login", "Ada")


def test_a_person_stays_the_same_when_the_key_changes(known: Settings, engine: Engine) -> None:
    signed(known, engine, "login", "Ada")
    path = known.path
    assert path is not None
    new = f'audit_key = "another-key-of-the-test"\naudit_keys_before = ["{KEY}"]'
    path.write_text(path.read_text().replace(f'audit_key = "{KEY}"', new))
    later = settings.load(path, {})
    assert KEY not in str(settings.shown(later))
    with pytest.raises(gate.Refused, match="already"):
        signed(later, engine, "login", "Ada")
    signed(later, engine, "login", "Ada", "withdrawn")
    assert judged(later, engine).rulings[3].state == "missing"
    assert (shell(later, "audit", "verify").exit_code, shell(later, "audit", "erase", "Ada").exit_code) == (0, 0)
    path.write_text(path.read_text().replace(f'["{KEY}"]', "[]"))
    assert shell(later, "audit", "verify").exit_code == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('gate = "up"', 'gate = "sideways"'), "expected"),
        (('series = ["web"]\n', ""), "must be told what it looks at"),
        (('key = "login"', 'key = "web-up"'), "another item"),
        (('valid = "1h"', 'valid = "1s"'), "valid"),
        (('name = "Before production"', 'name = "Before production"\ncolour = 1'), "unknown key"),
    ],
)
def test_a_list_with_a_mistake_says_where(change, words, tmp_path: Path) -> None:
    file = tmp_path / "wardround.toml"
    file.write_text(TOML.format(folder=tmp_path, key=KEY).replace(*change), encoding="utf-8")
    with pytest.raises(settings.ConfigError, match=words) as caught:
        settings.load(file, {})
    assert "[[checklist]] 1" in str(caught.value)


# --- budgets ---------------------------------------------------------------------------------------------------------

BUDGET = """
[[monitor]]
key = "api"
check = "tcp"
host = "127.0.0.1"
port = 9
[[slo]]
key = "promise"
monitors = ["web", "api"]
target = 99
window = "{window}"
[[checklist]]
key = "release"
name = "Before production"
[[checklist.item]]
key = "budget"
title = "There is time left to lose"
gate = "budget"
series = ["promise"]
limit = {limit}
"""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=100)


def promised(folder: Path, window: str = "30d", limit: float = 20) -> Settings:
    file = folder / "budget.toml"
    plain = TOML.format(folder=folder, key=KEY).partition("[[checklist]]")[0]
    file.write_text(plain + BUDGET.format(window=window, limit=limit), encoding="utf-8")
    return settings.load(file, {})


def lived(engine: Engine, seconds: float, ago: float) -> None:
    """`web` was down for so many seconds, so many days ago; `api` never. Every day is rolled up too."""
    down = Interval("web", Status.DOWN, NOON - timedelta(days=ago), NOON - timedelta(days=ago, seconds=-seconds))
    open_now = Standing("web", Status.UP, down.end, NOON)
    if down.end >= NOON:
        open_now = Standing("web", Status.DOWN, down.start, NOON)
    with store.writing(engine) as c:
        ids = series.ensure(c, ["web", "api"], LONG_AGO)
        standings.keep(c, ids, [open_now, Standing("api", Status.UP, LONG_AGO, NOON)])
        intervals.add(c, ids, [Interval("web", Status.UP, LONG_AGO, down.start)])
        intervals.add(c, ids, [down] if down.end < NOON else [])
        lost = {("web", down.start.date()): seconds}
        over = [(key, NOON.date() - timedelta(days=n)) for key in ("web", "api") for n in range(100)]
        spent = {each: lost.get(each, 0.0) for each in over}
        days.put(c, ids, [Day(*each, Uptime(up=86_400 - down, down=down)) for each, down in spent.items()])


@pytest.mark.parametrize(
    ("window", "seconds", "ago", "state", "words"),
    [
        ("30d", 3600, 10, "pass", "86.11 % left, 1 h of 7 h 12 min spent by web"),
        ("30d", 3600, 3600 / 86_400, "pass", "86.11 % left"),
        ("30d", 3600, 1, "pass", "86.11 % left"),
        ("30d", 3600, 2, "pass", "86.11 % left"),
        ("30d", 3600, 29, "pass", "86.11 % left"),
        ("30d", 3600, 30, "pass", "100 % left"),
        ("30d", 6 * 3600, 10, "fail", "promise: 16.66 % left, 6 h of 7 h 12 min spent by web, wanted at least 20 %"),
        ("30d", 8 * 3600, 1, "fail", "promise: 0 % left, 8 h of 7 h 12 min spent by web"),
        ("90d", 8 * 3600, 80, "pass", "62.96 % left, 8 h of 21 h 36 min spent by web"),
        ("7d", 3600, 5, "pass", "40.47 % left, 1 h of 1 h 40 min spent by web"),
        ("7d", 3600, 8, "pass", "100 % left"),
    ],
)
def test_a_budget_is_spent_by_whole_days_and_by_the_last_two(
    window, seconds, ago, state, words, tmp_path: Path
) -> None:
    known = promised(tmp_path, window)
    engine = store.open(known.store.url)
    lived(engine, seconds, ago)
    [ruling] = judged(known, engine, NOON).rulings
    engine.dispose()
    assert (ruling.state, words in ruling.words) == (state, True), ruling.words


def test_announced_maintenance_spends_nothing(tmp_path: Path) -> None:
    known = promised(tmp_path)
    engine = store.open(known.store.url)
    lived(engine, 8 * 3600, 1)
    start = NOON - timedelta(days=1)
    quiet = Maintenance("Move", start, start + timedelta(hours=8), monitors=("web",))
    assert judged(known, engine, NOON).rulings[0].state == "fail"
    assert judged(replace(known, maintenance=(quiet,)), engine, NOON).rulings[0].state == "pass"
    engine.dispose()


def test_a_monitor_that_was_never_measured_leaves_the_promise_open(tmp_path: Path) -> None:
    known = promised(tmp_path)
    engine = store.open(known.store.url)
    [ruling] = judged(known, engine, NOON).rulings
    assert (ruling.state, ruling.words) == ("missing", "promise was never measured (web)")
    with store.writing(engine) as c:
        standings.keep(c, series.ensure(c, ["web"], LONG_AGO), [Standing("web", Status.UP, LONG_AGO, NOON)])
    [ruling] = judged(known, engine, NOON).rulings
    assert (ruling.state, ruling.words) == ("missing", "promise was never measured (api)")
    lived(engine, 60, 3)
    assert judged(known, engine, NOON).state == "go"
    assert judged(known, engine, NOON + timedelta(days=2)).rulings[0].state == "stale", "nobody has looked since"
    engine.dispose()


def test_budgets_are_read_only_when_a_gate_asks(known: Settings, engine: Engine, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gate._world.days, "between", lambda *_: pytest.fail("read"))
    asking = promised(tmp_path)
    assert judged(replace(known, slos=asking.slos), engine).state == "unsure"
    with pytest.raises(pytest.fail.Exception, match="read"):
        judged(asking, engine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"web", "api"]', '"web", "apu"]'), r"\[\[slo\]\] 1.*no monitor has the key 'apu'.*'api'"),
        (('["web", "api"]', "[]"), "at least 1"),
        (('["promise"]', '["promises"]'), r"no \[\[slo\]\] has the key 'promises'.*'promise'"),
        (('["promise"]', '["web"]'), r"no \[\[slo\]\] has the key 'web'"),
        (("target = 99", "target = 100"), "less than 100"),
        (("target = 99", "target = 50"), "more than 50"),
        (('window = "30d"', 'window = "24h"'), "window: expected"),
        (("limit = 20", "limit = 101"), "expected 0 to 100"),
        (("[[slo]]", "[slo]"), r"write it as \[\[slo\]\]"),
        (("[[checklist]]", '[[slo]]\nkey = "promise"\nmonitors = ["web"]\ntarget = 99\n[[checklist]]'), "already"),
    ],
)
def test_a_promise_with_a_mistake_says_where(change, words, tmp_path: Path) -> None:
    promised(tmp_path)
    file = tmp_path / "budget.toml"
    text = file.read_text(encoding="utf-8")
    assert change[0] in text
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(settings.ConfigError, match=words):
        settings.load(file, {})


# --- the command line and the door -----------------------------------------------------------------------------------


def seen_now(engine: Engine, state: Status = Status.UP) -> None:
    """The command line and the door have the real clock: what they judge must have been seen just now."""
    at = datetime.now(UTC)
    with store.writing(engine) as c:
        standings.keep(
            c, series.ids(c), [Standing("web", state, at - timedelta(hours=2), at, "refused" * (state is Status.DOWN))]
        )


def shell(known: Settings, *arguments: str):
    from typer.testing import CliRunner

    import wardround

    return CliRunner().invoke(wardround.app, [*arguments, "--config", str(known.path)])


def test_the_command_line_exits_with_the_verdict(known: Settings, engine: Engine) -> None:
    seen_now(engine)
    unsure = shell(known, "gate", "release", "--release", SHA)
    assert (unsure.exit_code, "UNSURE" in unsure.output) == (3, True)
    signed_by_all(known, engine)
    seen_now(engine)
    go = shell(known, "gate", "release", "--json")
    assert go.exit_code == 0
    assert json.loads(go.output)["state"] == "go"
    seen_now(engine, Status.DOWN)
    no = shell(known, "gate", "release", "--wait", "1s")
    assert (no.exit_code, "NO-GO" in no.output) == (1, True)


def test_the_trail_is_verified_from_the_command_line(known: Settings, engine: Engine) -> None:
    signed_by_all(known, engine)
    fine = shell(known, "audit", "verify")
    assert (fine.exit_code, "3 acts, whole; head 3:" in fine.output) == (0, True)
    with store.reading(engine) as c:
        number, seal = audit.head(c)
    from sqlalchemy import text

    with store.writing(engine) as c:
        c.execute(text("DROP TRIGGER audit_delete"))
        c.execute(text("DROP TRIGGER audit_update"))
        c.execute(text("DELETE FROM audit WHERE seq = 3"))
    assert shell(known, "audit", "verify").exit_code == 0
    cut = shell(known, "audit", "verify", "--anchor", f"{number}:{seal}")
    assert (cut.exit_code, "cut" in cut.output) == (1, True)
    with store.writing(engine) as c:
        c.execute(text("UPDATE audit SET actor = 'x' WHERE seq = 1"))
    broken = shell(known, "audit", "verify")
    assert (broken.exit_code, "number 1 does not fit" in broken.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing",), 2, "there is no checklist nothing; there are release"),
        (("release", "--wait", "soon"), 2, "--wait"),
        (("release", "--release", "a b"), 2, "--release"),
        (("release",), 3, "no store"),
    ],
)
def test_what_was_asked_wrongly_and_what_cannot_be_read_are_no_no_go(arguments, code, words, known: Settings) -> None:
    mistake = shell(known, "gate", *arguments).exception
    assert mistake.code == code
    assert words in str(mistake)


OTHER = "b" * 40


def deployed(engine: Engine, commit: str, minutes: float, state: str = "ready", name: str = "") -> None:
    at = NOW + timedelta(minutes=minutes)
    with store.writing(engine) as c:
        deployments.put(c, [Deployment(name or f"dpl_{commit[:4]}", "web", "production", state, at, at, commit)])


def test_a_release_that_somebody_asked_about_can_be_signed_before_it_is_deployed(
    known: Settings, engine: Engine
) -> None:
    seen_now(engine)
    assert shell(known, "gate", "release", "--release", OTHER).exit_code == 3
    assert shell(known, "gate", "release", "--release", SHA).exit_code == 3
    at = datetime.now(UTC)
    with store.reading(engine) as c:
        assert list(gate.asked(c, at)) == [OTHER], "what is deployed need not be noted"
        assert gate.current(c, at) == gate.watched(c, at) == (SHA, OTHER)
        assert not gate.news(c, OTHER, at)
        assert gate.news(c, OTHER, at + timedelta(minutes=11))
        assert not gate.asked(c, at + timedelta(days=2))
    checklist = known.checklists[0]
    with store.writing(engine) as c:
        gate.sign(c, known, checklist, OTHER, checklist.items[3], "signed", "Ada", at)
        verdicts.settle(c, known, at)
        assert runs.state(c, "release", OTHER) == "unsure", "it is judged by itself from now on"
    deployed(engine, OTHER, 1)
    with store.reading(engine) as c:
        later = NOW + timedelta(minutes=2)
        assert (gate.release(c, later), gate.current(c, later)) == (OTHER, (OTHER,))


def test_what_nobody_deploys_fills_no_note(known: Settings, engine: Engine) -> None:
    with store.writing(engine) as c:
        for number in range(50):
            gate.ask(c, f"{number:040d}", NOW + timedelta(seconds=number))
        gate.ask(c, "<b>", NOW)
        found = gate.asked(c, NOW + timedelta(minutes=1))
    assert list(found)[:2] == [f"{49:040d}", f"{48:040d}"]
    assert len(found) == 20


async def test_a_run_that_is_over_is_the_same_everywhere_and_takes_no_signature(
    known: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    from tests.serving import forget, guarded

    signed_by_all(known, engine)
    with store.writing(engine) as c:
        verdicts.settle(c, known, NOW)
        assert runs.state(c, "release", SHA) == "go"
    deployed(engine, OTHER, 0)
    seen_now(engine, Status.DOWN)

    assert shell(known, "gate", "release", "--release", SHA).exit_code == 0, "as it was judged, not by today's world"
    assert shell(known, "gate", "release").exit_code == 1
    monkeypatch.setenv("WARDROUND_CONFIG", str(known.path))
    forget()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded()), base_url="http://localhost") as client:
        token = {"Authorization": "Bearer scraper-0123456789abcdef"}
        old, new = [
            (await client.get(f"/api/gate/release?release={each}", headers=token)).json() for each in (SHA, OTHER)
        ]
    forget()
    assert (old["verdict"], new["verdict"]) == ("go", "no-go")
    assert old["at"] == NOW.isoformat(timespec="seconds")
    with pytest.raises(gate.Refused, match="is over"):
        signed(known, engine, "login", "Eve", at=NOW + timedelta(minutes=1))


async def test_the_door_notes_what_a_pipeline_waits_for(known: Settings, engine: Engine, monkeypatch) -> None:
    import httpx

    from tests.serving import forget, guarded

    monkeypatch.setenv("WARDROUND_CONFIG", str(known.path))
    forget()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded()), base_url="http://localhost") as client:
        for token in ("x", "scraper-0123456789abcdef"):
            with store.reading(engine) as c:
                assert not gate.asked(c, datetime.now(UTC)), "a stranger's question is none"
            await client.get(f"/api/gate/release?release={OTHER}", headers={"Authorization": f"Bearer {token}"})
    forget()
    with store.reading(engine) as c:
        assert list(gate.asked(c, datetime.now(UTC))) == [OTHER]


async def test_the_door_for_pipelines(known: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from tests.serving import forget, guarded

    monkeypatch.setenv("WARDROUND_CONFIG", str(known.path))
    forget()
    seen_now(engine)
    signed_by_all(known, engine)
    transport = httpx.ASGITransport(guarded(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        token = {"Authorization": "Bearer scraper-0123456789abcdef"}
        answers = [
            await client.get("/api/gate/release"),
            await client.get("/api/gate/release", headers={"Authorization": "Bearer x"}),
            await client.get("/api/gate/other", headers=token),
            await client.get("/api/gate/release?release=<b>", headers=token),
            await client.get("/api/gate/release", headers=token),
            await client.get("/api/gate/release?release=none", headers=token),
        ]
    forget()
    assert [each.status_code for each in answers] == [401, 401, 404, 400, 200, 200]
    said = answers[4].json()
    assert (said["verdict"], said["release"], len(said["items"])) == ("go", SHA, 5)
    assert "Ada" not in answers[4].text
    assert answers[5].json()["verdict"] == "unsure", "another release has signatures of its own"


def test_an_event_counts_that_came_after_the_release_went_live(known: Settings, engine: Engine) -> None:
    item = Item("heard", "Events arrive", gate="event-received", valid=3600.0)
    only = Checklist("heard", "Heard", (item,))

    def ruled(release: str = SHA) -> str:
        with store.reading(engine) as c:
            return gate.judge(c, known, only, release, NOW + timedelta(minutes=1)).rulings[0].state

    assert ruled() == "missing", "there is no event at all"
    for minutes, state in ((-30, "missing"), (0.5, "pass")):
        with store.writing(engine) as c:
            at = NOW + timedelta(minutes=minutes)
            issues.put(c, [Issue(f"i{minutes}", "WEB-1", "Test event", "web", "error", "new", 1, 0, at, at)])
        assert ruled() == state
    assert ruled("f" * 40) == "missing", "another release is not live"


def test_a_comment_is_kept_and_changes_no_verdict(known: Settings, engine: Engine) -> None:
    signed(known, engine, "login", "Ada")
    before = judged(known, engine)
    signed(known, engine, "login", "Ada", "commented", note="tried it on a phone, too")
    signed(known, engine, "web-up", "Bob", "commented", note="measured, but may be spoken of")
    after = judged(known, engine)
    assert [each.state for each in after.rulings] == [each.state for each in before.rulings]
    assert after.words == before.words
    with pytest.raises(gate.Refused, match="signed this already"):
        signed(known, engine, "login", "Ada")
    with pytest.raises(gate.Refused, match="needs words"):
        signed(known, engine, "login", "Ada", "commented", note=" ")
    with pytest.raises(gate.Refused, match="nothing of yours"):
        signed(known, engine, "web-up", "Bob", "withdrawn")
