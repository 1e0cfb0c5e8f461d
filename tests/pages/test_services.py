"""The page Services says what outside services say, how old that is, what to fix; and what to do when none is read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import data.store
import settings
from data import series, snapshots, standings
from model import Figure, Part, Result, Snapshot, Standing, Status, VendorIncident
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


def test_the_database_stands_first_with_what_on_call_asks(stage, visit) -> None:
    scene = stage()
    file = Path(settings.current().path)
    file.write_text(file.read_text() + '\n[supabase]\nurl = "https://db.acme.example"\nanon_key = "sb_publishable_x"\n')
    settings.current.cache_clear()
    shelf.forget()
    tables = Snapshot(Result(Status.UP), figures=(Figure("rows_prescriptions", 92310),))
    closed = Part("prescriptions", Status.UP, None, "closed")
    opened = Part("audit_logs", Status.DOWN, None, "a stranger sees rows")
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        found = {"supabase.data": tables, "supabase.rls": Snapshot(Result(Status.DOWN, parts=(closed, opened)))}
        snapshots.put(c, {key: (scene.now, each) for key, each in found.items()})
    engine.dispose()

    app = visit("services")

    assert not app.exception
    assert app.subheader[0].value == "Database"
    for words in ("92 310", "strangers: closed", "Row level security", "a stranger sees rows"):
        assert words in said(app)
    assert "Pooler" not in said(app), "what is not read is not told"
