"""The page Services says what outside services say, how old that is, what to fix; and what to do when none is read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import data.store
import settings
from data import findings, series, snapshots, standings
from model import Figure, Finding, Part, Result, Snapshot, Standing, Status, VendorIncident
from tests import filled
from ui import shelf

HOSTILE = "<img src=x onerror=alert(1)> [click](https://evil.example)"


@pytest.fixture
def vendors(stage, monkeypatch):
    """A store in which one vendor is in trouble and another could not be read."""
    scene = stage()
    file = Path(settings.current().path)
    file.write_text(file.read_text() + '\n[vendors.pages.acme]\nurl = "https://status.acme.example/summary.json"\n')
    settings.current.cache_clear()
    shelf.forget()
    began = scene.now - timedelta(minutes=12)
    parts = (Part("acme", Status.DEGRADED, None, "Partial trouble"), Part("gone", Status.UNKNOWN, None, "answered 503"))
    incident = VendorIncident("acme:1", "acme", HOSTILE, "monitoring", "major", began, None, "https://stspg.example/x")
    found = Snapshot(
        Result(Status.DEGRADED, "acme: Partial trouble", parts=parts), "look at gone", incidents=(incident,)
    )
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        keys = ["vendors.status", "vendors.status/acme", "vendors.status/gone"]
        ids = series.ensure(c, keys, began)
        state = Standing(keys[0], Status.DEGRADED, began, scene.now, "acme: Partial trouble")
        other = Standing(keys[1], Status.DEGRADED, began, scene.now, "Partial trouble")
        standings.keep(c, ids, [state, other, Standing(keys[2], Status.UNKNOWN, began, None, blind="answered 503")])
        snapshots.put(c, {"vendors.status": (scene.now, found)})
    engine.dispose()
    return scene


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.mark.parametrize("window", ["24h", "7d", "90d"])
def test_it_says_the_state_the_reason_the_age_and_the_fix(vendors, visit, window: str) -> None:
    app = visit("services", window=window)

    text = said(app)
    assert not app.exception
    assert [each.value for each in app.subheader] == ["Vendors"]
    for words in ("degraded", "for 12 min", "acme: Partial trouble", "look at gone", "answered 503", "measured"):
        assert words in text
    assert "unknown" in text


def test_what_a_vendor_announces_cannot_become_markup(vendors, visit) -> None:
    text = said(visit("services"))

    assert "onerror" in text
    assert "<img src=x" not in text


def test_without_any_it_says_how_to_begin(stage, visit) -> None:
    stage()
    app = visit("services")

    assert not app.exception
    assert "An empty [vendors] table" in said(app)


TABLES = Snapshot(Result(Status.UP), figures=(Figure("rows_prescriptions", 92310),))
CLOSED = Part("prescriptions", Status.UP, None, "closed")
OPEN = Part("audit_logs", Status.DOWN, None, "a stranger sees rows")
RLS = Snapshot(Result(Status.DOWN, "anyone can read rows of audit_logs", parts=(CLOSED, OPEN)))
SUPABASE = '\n[supabase]\nurl = "https://db.acme.example"\nanon_key = "sb_publishable_x"\n'
STRIPE = '\n[stripe]\napi_key = "sk_live_testtesttest"\n'


def configure(more: str) -> None:
    file = Path(settings.current().path)
    file.write_text(file.read_text() + more)
    settings.current.cache_clear()
    shelf.forget()


def keep(scene, found, ago=timedelta(), *, blind="", wrong=()) -> None:
    """Each reading said this ``ago``; with ``blind`` it could not be asked since."""
    then = scene.now - ago
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        ids = series.ensure(c, list(found), then)
        for key, each in found.items():
            standings.keep(c, ids, [Standing(key, each.result.status, then, then, each.result.words, blind=blind)])
            findings.put(c, key, wrong, then)
        snapshots.put(c, {key: (then, each) for key, each in found.items()})
        if blind:
            refused = Snapshot(Result(Status.UNKNOWN, blind), "put the key in")
            snapshots.put(c, dict.fromkeys(found, (scene.now, refused)))
    engine.dispose()
    shelf.forget()


def figure(app, label: str) -> str:
    """The HTML of one figure."""
    return next(each for each in said(app).split('class="wr-figure')[1:] if f">{label}<" in each)


def test_the_database_stands_first_with_what_on_call_asks(stage, visit) -> None:
    scene = stage()
    configure(SUPABASE)
    keep(scene, {"supabase.data": TABLES, "supabase.rls": RLS})

    app = visit("services")

    assert not app.exception
    assert app.subheader[0].value == "Database"
    assert "92 310" in figure(app, "prescriptions")
    assert "strangers: closed" in figure(app, "prescriptions")
    assert "Row level security" in said(app)
    assert "Pooler" not in said(app), "what is not read is not told"


@pytest.mark.parametrize("part", [CLOSED, OPEN], ids=["closed then", "open then"])
def test_what_this_look_could_not_read_is_as_old_as_the_look_that_did(stage, visit, part: Part) -> None:
    scene = stage()
    configure(SUPABASE)
    then = scene.now - timedelta(minutes=50)
    counted = replace(TABLES, older=(("rows_prescriptions", then),))
    seen = Snapshot(Result(part.status, "row level security", parts=(part,)), older=((part.name, then),))
    keep(scene, {"supabase.data": counted, "supabase.rls": seen})

    app = visit("services")

    assert not app.exception
    assert "50 min ago" in figure(app, part.name)
    assert figure(app, part.name).startswith(" wr-down") == (part is OPEN), "only what was bad stays so unseen"
    if part is CLOSED:
        assert "92 310" in figure(app, part.name)


def test_an_open_table_is_red_though_nothing_was_counted(stage, visit) -> None:
    scene = stage()
    configure(SUPABASE)
    keep(scene, {"supabase.rls": RLS})

    app = visit("services")

    assert not app.exception
    assert figure(app, "audit_logs").startswith(" wr-down")
    assert "a stranger sees rows" in figure(app, "audit_logs")


def test_old_numbers_of_the_database_are_grey_and_nothing_is_called_closed(stage, visit) -> None:
    scene = stage()
    configure(SUPABASE)
    keep(scene, {"supabase.data": TABLES, "supabase.rls": RLS}, timedelta(days=3), blind="refuses the anon key")

    app = visit("services")
    rows = figure(app, "prescriptions")

    assert not app.exception
    assert rows.startswith(" wr-old")
    assert "rows as of 3 d ago" in rows
    assert "strangers: closed, 3 d ago" in rows
    assert "wr-down" not in figure(app, "audit_logs").partition(">")[0]
    assert "a stranger sees rows (3 d ago)" in said(app)


def test_what_supabase_said_is_gone_when_it_is_read_no_more(stage, visit) -> None:
    keep(stage(), {"supabase.data": TABLES, "supabase.rls": RLS})

    app = visit("services")

    assert not app.exception
    assert not app.subheader
    assert "prescriptions<" not in said(app)


def test_before_the_first_answer_the_database_says_so(stage, visit) -> None:
    stage()
    configure(SUPABASE)

    assert "Nothing is known of the tables yet." in said(visit("services"))


def test_findings_stand_with_their_service_and_say_how_to_mend_them(stage, visit) -> None:
    scene = stage()
    configure(STRIPE)
    strong = Finding("stripe-key-too-strong", f"a secret key {HOSTILE}", "make a restricted key")
    account = Snapshot(Result(Status.UP, facts=(("key", "secret, live mode"),)))
    keep(scene, {"stripe.account": account}, wrong=[strong])
    keep(scene, {"stripe.webhooks": account}, timedelta(days=2), wrong=[Finding("stripe-no-webhook", "none", "add it")])

    text = said(visit("services"))

    for words in ("a secret key &lt;img", "make a restricted key", "secret, live mode", "add it"):
        assert words in text
    assert "seen for 2 d, last 2 d ago" in text
    ages = re.findall(r"seen for [^<]*", text)
    assert [", last" in each for each in ages] == [False, True], "what was seen just now needs no date"
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    ("state", "shown"), [(Status.DOWN, True), (Status.DEGRADED, True), (Status.UNKNOWN, False), (Status.UP, False)]
)
def test_an_alarm_stands_on_the_overview_and_leads_here(state, shown, stage, visit) -> None:
    watched = tuple(each for each in filled.monitors() if each.group == "Jobs")
    scene = stage(watched=tuple(each for each in watched if each.key not in (filled.DOWN, filled.SLOW, filled.PARENT)))
    configure(SUPABASE)
    keep(scene, {"supabase.rls": Snapshot(Result(state, HOSTILE))})

    app = visit(window="7d")
    text = said(app)

    assert not app.exception
    assert (f"Row level security is {state}" in text) is shown
    assert ('href="./services?window=7d"' in text) is shown
    assert "<img src=x" not in text
    assert ("All 3 monitors are up" in text) is not shown
    assert "Row level security" not in said(visit("status"))


def test_of_what_does_not_alarm_the_overview_says_nothing(vendors, visit) -> None:
    assert "./services?" not in said(visit())
