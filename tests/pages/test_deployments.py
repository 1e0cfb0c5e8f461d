"""The page Deployments: what serves, how it goes, what to go back to; it holds no button, and nothing that writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import data.store
import settings
from data import changes, deployments, figures, runs, samples, series, snapshots, standings
from model import Change, Deployment, Figure, Finding, Result, Sample, Snapshot, Standing, Status, Verdict
from rules.changes import named
from ui import shelf

HOSTILE = "<img src=x onerror=alert(1)> [click](https://evil.example) **bold**"
TABLE = '\n[vercel]\ntoken = "test"\nproject = "web"\n'
COMMAND = "vercel rollback dpl_old --scope acme"


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.fixture
def configured(stage):
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + TABLE)
    settings.current.cache_clear()
    shelf.forget()
    return scene


@pytest.fixture
def shipped(configured):
    """A store with two production deployments, a failed one and a preview; the newest serves for forty minutes."""
    now = configured.now

    def deployment(name, minutes, target="production", state="ready", **more):
        at = now - timedelta(minutes=minutes)
        ready = at if state == "ready" else None
        return Deployment(
            f"dpl_{name}",
            "web",
            target,
            state,
            at - timedelta(minutes=1),
            ready,
            f"{name}0000000",
            "main",
            HOSTILE,
            2.0,
            58.0,
            **more,
        )

    found = (
        deployment("new", 40, serving=True, link="https://vercel.com/acme/web/new"),
        deployment("bad", 50, state="error", error="OOM"),
        deployment("pre", 60, "preview"),
        deployment("old", 300, candidate=True),
    )
    facts = (("serving", "new0000"), ("previous", "old0000"), ("rollback", COMMAND))
    engine = data.store.open(configured.url)
    with data.store.writing(engine) as c:
        deployments.put(c, found)
        snapshots.put(c, {"vercel.deployments": (now, Snapshot(Result(Status.UP, facts=facts), deployments=found))})
        keys = [each.key for each in settings.current().monitors if each.check in ("http", "health")]
        ids = series.ensure(c, [*keys, "vercel.deployments"], now - timedelta(days=1))
        standings.keep(c, ids, [Standing("vercel.deployments", Status.UP, now - timedelta(days=1), now)])
        made = [
            Sample(keys[0], now - timedelta(seconds=20 * n + 5), Status.UP, 300.0 if n < 120 else 100.0)
            for n in range(240)
        ]
        samples.add(c, ids, made)
        changes.add(c, [Change(now - timedelta(minutes=40), "deployment", HOSTILE)])
    engine.dispose()
    return configured


def test_what_serves_and_what_to_go_back_to(shipped, visit) -> None:
    app = visit("deployments")

    assert not app.exception
    assert "new0000 serves production" in said(app)
    assert [each.value for each in app.code] == [COMMAND]
    assert "To go back to old0000" in said(app)
    assert "measured just now" in said(app) or " s ago" in said(app)
    table = app.dataframe[0].value
    assert list(table["state"]) == ["serves", "error", "ready", "ready"]
    assert list(table["target"]) == ["production", "production", "preview", "production"]
    assert list(table["error"]) == ["", "OOM", "", ""]


def test_it_holds_no_button_that_writes(shipped, visit) -> None:
    app = visit("deployments")

    assert len(app.button) == 0


def test_the_report_card_says_what_is_worse_with_how_many(shipped, visit) -> None:
    text = said(visit("deployments"))

    assert "Roll it back" in text
    assert "answers take much longer" in text
    assert "120 / 120" in text
    assert "not enough data" in text, "of the older release nothing was measured"


@pytest.fixture
def rolled_back(shipped):
    """The same store ten minutes after somebody went back to the older one; another build is staged."""
    now = shipped.now
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        new, *others, old = deployments.between(c, now - timedelta(days=1), now)
        staged = replace(new, id="dpl_staged", commit="staged00000", created=now - timedelta(minutes=5), serving=False)
        staged = replace(staged, ready=now - timedelta(minutes=4))
        found = (staged, replace(new, serving=False, candidate=True), *others, replace(old, serving=True))
        deployments.put(c, found)
        facts = (("serving", "old0000"), ("previous", "anc0000"), ("rollback", "vercel rollback dpl_anc"))
        snapshots.put(c, {"vercel.deployments": (now, Snapshot(Result(Status.UP, facts=facts), deployments=found))})
        back = Change(now - timedelta(minutes=10), "deployment", f"rolled back to {named(old)}")
        changes.add(c, [Change(now - timedelta(minutes=40), "deployment", f"production: {named(new)}"), back])
    engine.dispose()
    shelf.forget()
    return shipped


def test_after_going_back_nothing_but_what_serves_is_advised_on(rolled_back, visit) -> None:
    app = visit("deployments")
    advised, past = said(app).split('wr-report">')[1:]
    before = past.split("<summary>")[1:]

    assert not app.exception
    assert "30 min before and 10 min after it began to serve" in advised, "the older one, since people went back to it"
    assert all(advice not in past for advice in ("Roll it back", "Keep it", "Watch it"))
    assert [each.value for each in app.code] == ["vercel rollback dpl_anc"]
    assert ["<b>new0000</b>" in before[0], "<b>old0000</b>" in before[1], len(before)] == [True, True, 2]
    assert "did harm" in before[0]
    assert "staged0" not in past, "what is staged never served anybody"


@pytest.mark.parametrize(("minutes", "said_of"), [(2, "same"), (30, "not enough data"), (None, "not enough data")])
def test_new_issues_are_counted_only_as_far_as_sentry_was_heard(shipped, visit, minutes, said_of) -> None:
    if minutes is not None:
        engine = data.store.open(shipped.url)
        with data.store.writing(engine) as c:
            at = shipped.now - timedelta(minutes=minutes)
            snapshots.put(c, {"sentry.issues": (at, Snapshot(Result(Status.UP)))})
        engine.dispose()

    advised = said(visit("deployments")).split('wr-report">')[1]
    row = advised.partition("new issues</th>")[2].partition("</tr>")[0]

    assert said_of in row
    assert "<td>0 / 0</td>" in row
    assert row.count("<td>no data</td>") == (0 if said_of == "same" else 2)


def test_what_dropped_out_of_the_reading_serves_no_more(shipped, visit) -> None:
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        past = Deployment("dpl_x", "web", "production", "ready", shipped.now - timedelta(hours=9), serving=True)
        deployments.put(c, [past])
    engine.dispose()

    states = list(visit("deployments").dataframe[0].value["state"])

    assert states == ["serves", "error", "ready", "ready", "ready"]


def test_what_strangers_wrote_is_inert(shipped, visit) -> None:
    """Commits and ids as well: whoever may deploy can name a commit as he likes."""
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        kept = snapshots.read(c)["vercel.deployments"].good
        found = tuple(replace(each, id=f"{HOSTILE}{each.id}", commit="**b**!") for each in kept.deployments)
        facts = (("serving", "**b**!"), ("previous", "[x](https://evil.example)"), ("rollback", COMMAND))
        kept = replace(kept, result=replace(kept.result, facts=facts), deployments=found)
        snapshots.put(c, {"vercel.deployments": (shipped.now, kept)})
        deployments.put(c, found)
    engine.dispose()

    app = visit("deployments")

    assert not app.exception
    assert "<img" not in said(app)
    assert "To go back to [x](https://evil.example)" in said(app)
    rendered = [each.value for each in (*app.markdown, *app.caption, *app.subheader)]
    rendered += [each.label for each in app.expander]
    for word in (HOSTILE, "**b**", "[x]"):
        assert word not in "".join(rendered)


@pytest.mark.parametrize("heard", [True, False], ids=["long ago", "never since the start"])
def test_when_vercel_cannot_be_asked_nothing_is_advised(shipped, visit, heard) -> None:
    """A token that was revoked three days ago: what serves now nobody here knows."""
    old = shipped.now - timedelta(days=3)
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        kept = snapshots.read(c)["vercel.deployments"].good
        snapshots.put(c, {"vercel.deployments": (old, kept)})
        refused = Snapshot(Result(Status.UNKNOWN, "Vercel refuses the token"), "make a new token")
        snapshots.put(c, {"vercel.deployments": (shipped.now, refused)})
        last = old if heard else None
        state = Standing("vercel.deployments", Status.UP, old, last, blind="Vercel refuses the token")
        standings.keep(c, series.ids(c), [state])
    engine.dispose()

    app = visit("deployments")
    text = said(app)

    assert not app.exception
    assert "new0000 served production when Vercel answered last" in text
    assert "new0000 serves production" not in text
    for words in ("measured 3 d ago", "Vercel refuses the token", "make a new token", "No advice"):
        assert words in text
    assert not app.code, "no command without knowing what serves"
    assert not any(advice in text for advice in ("Roll it back", "Keep it", "Watch it", "To go back"))


def test_production_that_is_pinned_says_so(shipped, visit) -> None:
    from data import findings

    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        findings.put(
            c, "vercel.deployments", [Finding("vercel-pinned", "pinned by a rollback", "promote")], shipped.now
        )
    engine.dispose()

    assert "pinned by a rollback" in said(visit("deployments"))


def test_before_the_first_answer_it_says_so(configured, visit) -> None:
    app = visit("deployments")

    assert not app.exception
    assert "What serves production is not known yet." in said(app)
    assert "No deployment in this window." in said(app)


def test_without_vercel_it_says_how_to_read_it(stage, visit) -> None:
    stage()

    assert "[vercel] table in wardround.toml" in said(visit("deployments"))


def test_what_the_checklists_say_of_the_release_that_serves(shipped, visit) -> None:
    lists = '[[checklist]]\nkey = "after"\nname = "After the deployment"\nitem = [{ key = "a", title = "A" }]\n'
    path = settings.current().path
    path.write_text(path.read_text() + lists)
    settings.current.cache_clear()
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        for key, release in (("after", "new0000000"), ("gone", "new0000000"), ("after", "old0000000")):
            runs.put(c, Verdict(key, release, "no-go", f"NO-GO: {HOSTILE} {key} {release}", shipped.now))
    engine.dispose()
    shelf.forget()

    text = said(visit("deployments"))

    assert "checklist=after&amp;release=new0000000" in text
    assert "after new0000000" in text
    assert "gone new0000000" not in text
    assert "after old0000000" not in text
    assert "<img" not in text


def test_every_kind_of_change_stands_under_the_chart(shipped, visit) -> None:
    """One stream: a certificate that was renewed may explain errors as well as a deployment does."""
    kinds = ("commit", "restart", "configuration", "maintenance", "certificate", "deployment", "vendor", "issue")
    engine = data.store.open(shipped.url)
    with data.store.writing(engine) as c:
        at = shipped.now - timedelta(hours=2)
        changes.add(
            c, [Change(at, kind, f"told of {kind}", "database" if kind != "vendor" else None) for kind in kinds]
        )
        figures.add(c, "sentry.issues", at, [Figure("events_per_hour", 12)])
    engine.dispose()

    chart = visit("deployments", window="7d").get("plotly_chart")[0].proto.spec

    assert [kind for kind in kinds if f"told of {kind}" not in chart] == []
