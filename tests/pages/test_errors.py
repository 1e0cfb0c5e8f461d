"""The page Errors: what is unresolved, narrowed as a viewer wants, what must not be in events, and every empty case."""

from __future__ import annotations

from datetime import timedelta

import pytest

import data.store
import settings
from data import changes, figures, findings, issues, series, snapshots, standings
from model import Change, Figure, Finding, Issue, Leak, Release, Result, Snapshot, Standing, Status
from ui import shelf

HOSTILE = "<img src=x onerror=alert(1)> [click](https://evil.example)"
TABLE = '\n[sentry]\ntoken = "sntryi_test"\norg = "acme"\n'


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.fixture
def configured(stage):
    """A store, and a configuration that reads Sentry; nothing was read yet."""
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + TABLE)
    settings.current.cache_clear()
    shelf.forget()
    return scene


@pytest.fixture
def broken(configured):
    """A store in which Sentry has told of three issues, a release and a leak."""
    now = configured.now
    rows = [("1", "new", "web", 0.5, "v2"), ("2", "escalating", "api", 60.0, ""), ("3", "ongoing", "web", 600.0, "v1")]
    known = [
        Issue(
            uid,
            f"WEB-{uid}",
            HOSTILE,
            project,
            "error",
            state,
            7,
            3,
            now - timedelta(hours=hours),
            now,
            HOSTILE,
            link=f"https://acme.sentry.io/issues/{uid}/",
            environment="production" if project == "web" else "",
            hourly=(0, 1, 6),
            release=release if uid != "3" else "",
        )
        for uid, state, project, hours, release in rows
    ]
    found = Snapshot(
        Result(Status.DEGRADED, "3 unresolved"),
        figures=(Figure("issues_unresolved", 3), Figure("users_hit", 1254)),
        issues=tuple(known),
    )
    shipped = (Release("v2", now), Release("v0", now - timedelta(hours=70), environment="staging", projects=("api",)))
    health = Snapshot(Result(Status.UP), figures=(Figure("crash_free", 99.5, "%"),), releases=shipped)
    audit = Snapshot(Result(Status.DEGRADED), leaks=(Leak("email", "user.email", "e1", "1", "sentry.javascript/10"),))
    engine = data.store.open(configured.url)
    with data.store.writing(engine) as c:
        issues.put(c, [*known, Issue("3", "WEB-3", "t", "web", "error", "ongoing", 7, 3, now, now, release="v1")])
        issues.put(c, known)
        snapshots.put(
            c, {"sentry.issues": (now, found), "sentry.health": (now, health), "sentry.privacy": (now, audit)}
        )
        figures.add(c, "sentry.issues", now - timedelta(hours=2), [Figure("events_per_hour", 12)])
        findings.put(c, "sentry.privacy", [Finding("privacy-email", f"error events hold {HOSTILE}", "delete it")], now)
        keys = [f"sentry.{name}" for name in ("issues", "health", "vitals", "privacy")]
        ids = series.ensure(c, keys, now - timedelta(days=1))
        standings.keep(c, ids, [Standing(key, Status.UP, now, now) for key in keys[1:]])
        standings.keep(c, ids, [Standing("sentry.issues", Status.DEGRADED, now, now, "3 unresolved")])
        changes.add(c, [Change(now - timedelta(hours=3), "deployment", HOSTILE)])
    engine.dispose()
    return configured


def test_what_is_unresolved_is_shown_the_most_urgent_first(broken, visit) -> None:
    app = visit("errors")

    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["state"]) == ["escalating", "new", "ongoing"]
    assert list(table["release"]) == ["v0", "v2", "v1"], "where no reading names one, the newest of its project then"
    assert list(table["title"]) == [HOSTILE] * 3
    for words in ("3 unresolved", "1 254", "99.50 %", "delete it", "looked through"):
        assert words in said(app)
    releases, leaks = (each.value for each in app.dataframe[1:])
    assert list(releases["release"]) == ["v2", "v0"]
    assert list(leaks["path"]) == ["user.email"]


def test_what_strangers_wrote_is_inert(broken, visit) -> None:
    app = visit("errors")

    assert "<img" not in said(app)
    assert HOSTILE not in "".join(each.value for each in (*app.markdown, *app.caption, *app.subheader))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"since": "last hour"}, ["WEB-1"]),
        ({"since": "last week"}, ["WEB-2", "WEB-1"]),
        ({"project": "api"}, ["WEB-2"]),
        ({"release": "v1"}, ["WEB-3"]),
        ({"release": "v0"}, ["WEB-2"]),
        ({"environment": "production", "project": "web"}, ["WEB-1", "WEB-3"]),
        ({"environment": "staging"}, ["WEB-2"]),
    ],
)
def test_a_viewer_narrows_it_and_the_address_keeps_it(query, shown, broken, visit) -> None:
    app = visit("errors", **query)

    assert list(app.dataframe[0].value["issue"]) == shown


def test_a_release_that_brought_nothing_can_be_chosen(configured, visit) -> None:
    told = Snapshot(Result(Status.UP), releases=(Release("v9", configured.now),))
    at = configured.now
    one = Issue("1", "WEB-1", "T", "web", "error", "ongoing", 1, 1, at - timedelta(days=9), at)
    engine = data.store.open(configured.url)
    with data.store.writing(engine) as c:
        seen = Snapshot(Result(Status.UP), issues=(one,))
        snapshots.put(c, {"sentry.health": (at, told), "sentry.issues": (at, seen)})
    engine.dispose()

    app = visit("errors", release="v9")

    assert not app.exception
    assert "No issue is like that." in said(app)
    assert next(each for each in app.selectbox if each.label == "Release").options == ["v9"]


def test_nothing_fits(broken, visit) -> None:
    app = visit("errors", since="last hour", project="api")

    assert "No issue is like that." in said(app)


def silence(scene, key: str, ago: timedelta, why: str, fix: str) -> None:
    """The reading ``key`` measured something last ``ago``, and has been refused since."""
    then = scene.now - ago
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        kept = snapshots.read(c)[key].good
        snapshots.put(c, {key: (then, kept)})
        snapshots.put(c, {key: (scene.now, Snapshot(Result(Status.UNKNOWN, why), fix))})
        standings.keep(c, series.ids(c), [Standing(key, Status.UP, then, then, blind=why)])
    engine.dispose()
    shelf.forget()


def test_numbers_of_a_reading_that_fell_silent_are_grey_with_their_age(broken, visit) -> None:
    before = said(visit("errors"))
    silence(broken, "sentry.health", timedelta(days=3), "Sentry refuses the token", "make a new token")

    app = visit("errors")
    text = said(app)

    assert not app.exception
    assert 'class="wr-figure wr-old"' not in before
    old = [each for each in text.split('class="wr-figure') if each.startswith(" wr-old")]
    assert len(old) == 1, "only what is of that reading"
    assert "99.50 %" in old[0]
    assert "as of 3 d ago" in old[0]
    for words in ("measured 3 d ago", "Sentry refuses the token", "make a new token", "What is shown is old"):
        assert words in text
        assert words not in before


def test_an_audit_that_is_refused_says_so_with_what_to_do(broken, visit) -> None:
    why = "Sentry does not let the token read this"
    silence(broken, "sentry.privacy", timedelta(days=2), why, "let it see the projects")

    text = said(visit("errors"))

    for words in (why, "let it see the projects", "measured 2 d ago"):
        assert words in text


def test_before_the_first_answer_it_says_so(configured, visit) -> None:
    app = visit("errors")

    assert not app.exception
    for words in (
        "no data",
        "never measured yet",
        "No unresolved issue.",
        "No numbers yet.",
        "No event was looked through",
    ):
        assert words in said(app)


def test_without_sentry_it_says_how_to_read_it(stage, visit) -> None:
    stage()

    app = visit("errors")

    assert not app.exception
    assert "[sentry] table in wardround.toml" in said(app)


def test_every_kind_of_change_stands_under_the_chart(broken, visit) -> None:
    """One stream: a certificate that was renewed may explain errors as well as a deployment does."""
    kinds = ("commit", "restart", "configuration", "maintenance", "certificate", "deployment", "vendor", "issue")
    engine = data.store.open(broken.url)
    with data.store.writing(engine) as c:
        at = broken.now - timedelta(hours=2)
        changes.add(
            c, [Change(at, kind, f"told of {kind}", "database" if kind != "vendor" else None) for kind in kinds]
        )
        figures.add(c, "sentry.issues", at, [Figure("events_per_hour", 12)])
    engine.dispose()

    chart = visit("errors", window="7d").get("plotly_chart")[0].proto.spec

    assert [kind for kind in kinds if f"told of {kind}" not in chart] == []
