"""Every page in every state of the store: it says what it knows, says so when it knows nothing, and never breaks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

import data.changes
import data.revision
import data.rollups
import data.series
import data.standings
import data.store
import data.watch
import settings
from model import Change, Standing, Status
from tests import filled
from ui import shelf

PAGES = [
    "", "monitor", "errors", "deployments", "checklist", "vitals", "services", "posture", "backups", "runbooks",
    "status", "about",
]  # fmt: skip
NAMES = ["overview", *PAGES[1:]]
OUTSIDE = (
    "errors",
    "deployments",
    "checklist",
    "vitals",
    "services",
    "posture",
    "backups",
    "runbooks",
)  # pages that say nothing of single monitors
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>![x](http://evil.test/a.png) :red[b] \"'&"


def said(app) -> str:
    """All HTML and text that a viewer gets."""
    found = [each.value for kind in (app.html, app.markdown, app.error, app.subheader, app.caption) for each in kind]
    return "\n".join(map(str, found))


def healthy(app) -> None:
    assert not app.exception
    assert not app.error, said(app)


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_a_page_shows_a_running_watch(stage, visit, slug) -> None:
    stage()
    app = visit(slug, monitor=filled.DOWN)
    healthy(app)
    assert "DEMO" in said(app)
    assert "ago" in said(app)
    assert 'class="wr-late' in said(app)


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_without_a_store_a_page_says_what_it_waits_for(stage, visit, slug) -> None:
    stage(store=False)
    app = visit(slug)
    healthy(app)
    assert "Nobody has looked yet." in said(app)


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_a_page_of_an_empty_store_breaks_nothing(stage, visit, slug) -> None:
    stage(full=False)
    app = visit(slug, monitor=filled.DOWN)
    healthy(app)
    assert (
        slug in ("status", "about", *OUTSIDE) or "nobody has looked yet" in said(app) or "not measured yet" in said(app)
    )


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_when_nobody_looks_nothing_is_green_or_red(stage, visit, slug) -> None:
    stage(silent=3600)
    app = visit(slug, monitor=filled.DOWN)
    healthy(app)
    assert not re.search(r'class="wr-(banner|card|row|pill) wr-(up|down)', said(app))
    assert "1 h ago" in said(app)


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_hostile_words_stay_words(stage, visit, slug) -> None:
    watched = tuple(filled.replace(monitor, name=f"{monitor.key} {HOSTILE}") for monitor in filled.monitors())
    stage(watched=tuple(filled.replace(m, public=m.public and HOSTILE) for m in watched), words=HOSTILE, site=HOSTILE)
    app = visit(slug, monitor=filled.DOWN)
    healthy(app)
    for dangerous in ("<img", "<script", "onerror=alert(1)>"):
        assert dangerous not in said(app)
    assert "![x](http" not in "".join(
        str(each.value) for kind in (app.markdown, app.caption, app.subheader) for each in kind
    )
    assert slug in ("about", *OUTSIDE) or "&lt;img src=x" in said(app)


def test_every_page_holds_five_hundred_monitors(stage, visit) -> None:
    stage(watched=filled.monitors(500), days=2)
    for slug in PAGES:
        healthy(visit(slug, monitor="monitor-number-007"))
    assert said(visit()).count('class="wr-chip"') == 500
    assert len(said(visit())) < 400_000


def test_the_worst_is_said_first_with_since_when_and_what_changed(stage, visit) -> None:
    stage()
    text = said(visit())
    assert "2 monitors are down" in text
    cards = re.findall(r'<article class="wr-card wr-(\w+)".*?</article>', text, re.DOTALL)
    assert cards[:2] == ["down", "degraded"]
    first = re.search(r"<article.*?</article>", text, re.DOTALL)[0]
    assert "Database" in first
    assert "12 min" in first
    assert "new commit 4f2a91c" in first
    assert "3 min before" in first
    assert "https://runbooks.example.test/database" in first
    assert "waiting for it: Platform health" in first


def test_every_row_leads_to_its_monitor_and_keeps_the_window(stage, visit) -> None:
    stage()
    text = said(visit(window="7d"))
    assert f'href="./monitor?monitor={filled.PARENT}&amp;window=7d"' in text
    assert text.count('class="wr-row') == len(filled.monitors())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"group": "Data"}, 4, id="one group"),
        pytest.param({"state": "down"}, 2, id="one state"),
        pytest.param({"find": "CERTIFICATE"}, 1, id="a piece of a name in capitals"),
        pytest.param({"find": "nothing is called so"}, 0, id="nothing like it"),
    ],
)
def test_what_is_chosen_in_the_address_narrows_the_list(stage, visit, query, expected) -> None:
    stage()
    app = visit(**query)
    healthy(app)
    assert said(app).count('class="wr-row') == expected
    assert bool(expected) != ("No monitor is like that." in said(app))


@pytest.mark.parametrize("key", ["", "no-such-monitor", HOSTILE], ids=["none", "unknown", "hostile"])
def test_a_monitor_that_is_none_is_said_and_another_can_be_picked(stage, visit, key) -> None:
    stage()
    app = visit("monitor", monitor=key)
    healthy(app)
    assert "<b>No monitor" in said(app)
    assert "<img" not in said(app)
    picker = app.selectbox[0]
    picker.select(filled.SLOW).run()
    healthy(app)
    assert app.query_params["monitor"] == filled.SLOW
    assert "Payout export" in said(app)


def test_a_monitor_shows_its_parts_findings_changes_and_figures(stage, visit) -> None:
    stage()
    app = visit("monitor", monitor=filled.DOWN, window="24h")
    text = said(app)
    for expected in (
        "timed out",
        "the certificate ends",
        "Renew it",
        "new commit",
        "from up to down",
        "depends on database",
        "TLS 24 ms",
    ):
        assert expected in text
    assert [len(table.value) for table in app.dataframe] == [40]
    assert len(app.get("plotly_chart")) == 2


def test_stakeholders_see_public_names_and_nothing_internal(stage, visit) -> None:
    watched = tuple(
        filled.replace(m, public="Prescriptions" if m.key == filled.DOWN else None) for m in filled.monitors()
    )
    stage(watched=watched, words="refused the connection to 10.0.3.7")
    text = said(visit("status"))
    assert "Prescriptions: does not work" in text
    for internal in ("10.0.3.7", "Platform health", "Database", "4f2a91c", "runbook", filled.DOWN):
        assert internal not in text.replace(".wr-", "")


def test_the_watch_says_dead_letters_and_hides_secrets(stage, visit) -> None:
    stage()
    app = visit("about")
    assert 'class="wr-bad"' in said(app)
    assert "1 message" in said(app)
    tables = "\n".join(table.value.to_string() for table in app.dataframe)
    assert "hunter2" not in tables
    assert "***" in tables
    assert "the channel answered 410" in tables


def test_the_watch_says_that_it_does_not_ask_of_its_own_line(stage, visit) -> None:
    stage()
    assert "connectivity is not set" in said(visit("about"))
    there = settings.current().path
    there.write_text(there.read_text().replace("[store]", '[watch]\nconnectivity = ["127.0.0.1:9"]\n[store]'))
    settings.current.cache_clear()
    assert "connectivity is not set" not in said(visit("about"))


@pytest.mark.parametrize("slug", ["", "monitor", "status", "about"], ids=["overview", "monitor", "status", "about"])
def test_where_the_store_lies_is_no_strangers_business(stage, visit, slug) -> None:
    scene = stage(store=False)
    there = settings.current().path
    there.write_text(there.read_text().replace(scene.url, "postgresql://watcher@127.0.0.1:9/ward"))
    settings.current.cache_clear()
    app = visit(slug)
    healthy(app)
    assert "The store cannot be read" in said(app)
    inside = [word for word in ("127.0.0.1", "refused", "watcher") if word in said(app)]
    assert inside == (["127.0.0.1", "refused"] if slug == "about" else [])


def test_a_fault_of_ours_is_said_as_ours(stage, visit, monkeypatch) -> None:
    stage()
    monkeypatch.setattr("ui.figures.headline", lambda window: 1 / 0)
    app = visit()
    assert [each.value for each in app.error] == [
        "This page has a fault of its own. It says nothing about what is watched; the server's log says more."
    ]


def test_a_mistake_in_the_configuration_is_said_in_its_own_words(stage, visit, tmp_path) -> None:
    stage()
    (tmp_path / "wardround.toml").write_text('[site]\nname = "x"\nnmae = "y"\n')
    app = visit()
    assert "The configuration has a mistake" in said(app)
    assert "nmae" in said(app)


def test_without_demo_no_page_says_demo(stage, visit) -> None:
    stage(demo=False)
    assert "DEMO" not in said(visit())


@pytest.mark.parametrize("slug", PAGES, ids=NAMES)
def test_while_the_demo_writes_its_history_every_page_says_how_far_it_is(stage, visit, slug) -> None:
    note(stage(), "The demo's history is being written: 40%.")
    assert "history is being written: 40%." in said(visit(slug))
    note(settings.current().store, None)
    assert "history is being written" not in said(visit(slug))


def test_the_history_appears_when_it_is_whole_not_later(stage, visit) -> None:
    scene = stage()
    engine = data.store.open(scene.url)
    with data.store.reading(engine) as c:
        minutes = data.rollups.between(c, "minute", scene.now - timedelta(days=1), scene.now, filled.DOWN)
    with data.store.writing(engine) as c:
        while data.rollups.prune(c, "minute", scene.now + timedelta(hours=1)):
            pass
    note(scene, "The demo's history is being written.")
    assert "No latency yet" in said(visit("monitor", monitor=filled.DOWN))

    with data.store.writing(engine) as c:
        data.rollups.put(c, data.series.ids(c), minutes)
    engine.dispose()
    note(scene, None)
    assert "No latency yet" not in said(visit("monitor", monitor=filled.DOWN))


def note(where, words) -> None:
    """Says how far the history is, as the demo does."""
    engine = data.store.open(where.url)
    with data.store.writing(engine) as c:
        data.watch.note(c, data.watch.FILLING, words)
        data.revision.bump(c)
    engine.dispose()
    shelf.stale()


def test_a_trouble_tells_what_changed_just_before_it(stage, visit) -> None:
    scene = stage()
    engine = data.store.open(scene.url)
    with data.store.reading(engine) as c:
        since = data.standings.read(c)[filled.DOWN].since
    with data.store.writing(engine) as c:
        told = [
            (-4, "deployment", "production: 1a2b3c4"),
            (-130, "deployment", "long ago"),
            (-20, "issue", "new issue WEB-7"),
        ]
        data.changes.add(c, [Change(since + timedelta(minutes=at), kind, words) for at, kind, words in told])
    engine.dispose()
    shelf.forget()

    overview, monitor = said(visit()), said(visit("monitor", monitor=filled.DOWN))

    for text in (overview, monitor):
        assert text.index("production: 1a2b3c4") < text.index("new issue WEB-7")
        assert "4 min before" in text
    assert "long ago" not in overview


def test_downtime_is_split_by_what_vendors_said(stage, visit) -> None:
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + '\n[vendors.pages.acme]\nurl = "https://status.acme.example/x"\n')
    settings.current.cache_clear()
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        start = scene.now - timedelta(days=90)
        ids = data.series.ensure(c, ["vendors.status", "vendors.status/acme"], start)
        data.standings.keep(c, ids, [Standing("vendors.status/acme", Status.UP, start, scene.now)])
    engine.dispose()
    shelf.forget()

    text = said(visit("monitor", monitor=filled.DOWN))

    assert "While no vendor announced any" in text
    assert "none of it" in text
