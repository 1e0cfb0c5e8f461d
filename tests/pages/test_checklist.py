"""The page Checklist: the verdict, the evidence and its age, signing that is written once, strangers' text inert."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import data.revision
import data.series
import data.snapshots
import data.standings
import data.store
import gate
import settings
from data import audit, deployments, runs
from model import Act, Deployment, Item, Result, Ruling, Snapshot, Standing, Status, Verdict
from tests import filled
from ui import shelf, store

SHA = "3f2c" * 10
KEY = "an-audit-key-of-the-test"
HOSTILE = "<img src=x onerror=alert(1)> **bold**"
TABLE = """
[[checklist]]
key = "release"
name = "Before production"
[[checklist.item]]
key = "up"
title = "The home page is operational"
group = "Back end"
gate = "up"
series = ["home-page"]
[[checklist.item]]
key = "login"
title = "The login flow works"
group = "People"
[[checklist.item]]
key = "review"
title = "Reviewed"
group = "People"
blocking = false
"""


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.fixture
def listed(stage):
    scene = stage()
    path = settings.current().path
    text = path.read_text()
    key = f'audit_key = "{KEY}"\n'
    text = text.replace("[server]\n", f"[server]\n{key}") if "[server]" in text else f"{text}\n[server]\n{key}"
    path.write_text(text + TABLE)
    settings.current.cache_clear()
    shelf.forget()
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        at = scene.now - timedelta(minutes=9)
        deployments.put(c, [Deployment("dpl_1", "web", "production", "ready", at, at, SHA, serving=True)])
    engine.dispose()
    return scene


def acts(scene) -> list[str]:
    """What was written into the trail, oldest first."""
    engine = data.store.open(scene.url)
    with data.store.reading(engine) as c:
        entries = [
            entry
            for subject in (gate.subject("release", SHA, name) for name in ("up", "login", "review", "verdict"))
            for entry in audit.of(c, subject)
        ]
        assert len(entries) == audit.count(c)
        assert audit.verify(c, KEY.encode()) is None
    engine.dispose()
    return [entry.act.action for entry in sorted(entries, key=lambda each: each.seq)]


@contextmanager
def writing(scene):
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        yield c
    engine.dispose()


def click(app):
    return next(each for each in app.button if each.label == "Write it down").click().run()


def write(app, **fields: str):
    labels = {each.label: each for each in (*app.text_input, *app.selectbox)}
    for label, value in fields.items():
        labels[label].set_value(value)
    return click(app)


def test_the_verdict_and_its_evidence(listed, visit) -> None:
    app = visit("checklist")

    text = said(app)
    assert not app.exception
    assert [each.value for each in app.subheader] == ["Back end", "People", "Sign"]
    for words in ("UNSURE", "The login flow works: not signed yet", "1 of 3", "up for", "from home-page", "measured"):
        assert words in text


def test_the_last_signature_turns_it_go_and_a_second_click_writes_nothing(listed, visit) -> None:
    app = write(
        visit("checklist"),
        Item="login",
        Name="Ada",
        Role="on-call",
        **{"Note, reason of a waiver, or comment": HOSTILE},
    )

    text = said(app)
    assert not app.exception
    assert ">GO<" in text
    assert "signed by Ada (on-call, not verified), " in text
    assert "<img" not in text
    assert acts(listed) == ["signed", "verdict"], "no GO is shown that is not written down"
    app = write(app, Item="login", Name="Ada")
    assert "already" in app.error[0].value
    assert acts(listed) == ["signed", "verdict"]


def test_the_item_that_was_picked_stays_picked_when_another_one_turns(listed, visit) -> None:
    app = visit("checklist")
    picked = app.selectbox(key="item 0 of release")
    assert picked.value is None
    assert picked.options == ["The home page is operational", "The login flow works", "Reviewed"]

    with writing(listed) as c:
        down = Standing("home-page", Status.DOWN, listed.now, listed.now, "refused")
        data.standings.keep(c, data.series.ids(c), [down])
        data.revision.bump(c)
    write(visit("checklist"), Item="login", Name="Bob")
    shelf.forget()
    app.run()

    assert "NO-GO" in said(app)
    now = app.selectbox(key="item 0 of release")
    assert (now.id, now.options) == (picked.id, picked.options), "a browser then keeps what was picked and not yet sent"


def test_nothing_is_signed_that_was_not_picked(listed, visit) -> None:
    assert "pick an item" in write(visit("checklist"), Name="Ada").error[0].value
    assert acts(listed) == []


def test_only_what_counts_stands_beside_an_item_with_its_kind_end_and_evidence(listed, visit) -> None:
    checklist = settings.current().checklists[0]
    now = datetime.now(UTC)
    with writing(listed) as c:

        def say(item: int, kind: str, name: str, **more) -> None:
            gate.sign(c, settings.current(), checklist, SHA, checklist.items[item], kind, name, now, **more)

        say(1, "signed", "Ada", note="gone")
        say(1, "withdrawn", "Ada")
        say(1, "signed", "Bob", role="lead", link="https://ci.example/run/7?a=<b>")
        say(1, "commented", "Cyd", note="only words")
        say(0, "waived", "Eve", note="ticket 7", asked_by="Dan", until=now + timedelta(hours=2))
        say(0, "waived", "Fay", note="over", asked_by="Dan", until=now + timedelta(seconds=1))
        with pytest.raises(gate.Refused, match="link"):
            say(2, "signed", "Bob", link="javascript:alert(1)")
        for link in ("javascript:alert(1)", "http://["):  # as an older program let it in
            audit.add(
                c, Act(now, "p", "", "signed", gate.subject("release", SHA, "review"), (("link", link),)), KEY.encode()
            )
        data.revision.bump(c)
    time.sleep(1.1)
    shelf.forget()

    app = visit("checklist")
    items = [part for part in said(app).split("wr-item") if "wr-what" in part]
    up, login, review = (next(part for part in items if f"<b>{title}" in part)
                         for title in ("The home page", "The login flow", "Reviewed"))  # fmt: skip
    assert "signed by Bob (lead, not verified)" in login
    assert 'href="https://ci.example/run/7?a=&lt;b&gt;"' in login
    assert "evidence at ci.example" in login
    assert not [name for name in ("Ada", "Cyd") if name in login]
    assert "waived by Eve (no role, not verified) until" in up
    assert "asked for by Dan: ticket 7" in up
    assert "Fay" not in up
    assert "href" not in review
    trail = said(app).partition("Who decided")[0]
    for words in ("Ada signed login", "Ada withdrawn login", "Cyd commented login", "asked for by Dan"):
        assert words in trail


def test_a_stale_tab_is_told_to_look_again_before_it_signs(listed, visit) -> None:
    here, there = visit("checklist"), visit("checklist")
    write(there, Item="login", Name="Bob")

    here = write(here, Item="login", Name="Ada")
    assert "look again" in here.error[0].value
    assert "Bob" in said(here), "and this is what there is to see"
    assert acts(listed) == ["signed", "verdict"]

    assert not click(here).error, "what was typed is still there, and by now he has seen it"
    assert acts(listed) == ["signed", "verdict", "signed"]


def test_two_people_at_once_write_one_row_each(listed, visit) -> None:
    seen = visit("checklist")
    judged, together = store.verdict("release", SHA), threading.Barrier(2)

    def both(name: str) -> str:
        together.wait(20)
        return store.sign(judged, "login", "signed", name, 0)  # what the button of either page does

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(both, ("Ada", "Bob")))

    assert told[0] == ""
    assert "look again" in told[1]
    assert acts(listed) == ["signed", "verdict"]
    late = write(seen, Item="login", Name="Cyd")
    assert "look again" in late.error[0].value
    assert not click(late).error
    assert acts(listed) == ["signed", "verdict", "signed"]


def test_what_the_store_does_not_take_is_said_and_stays_in_the_form(listed, visit) -> None:
    app = visit("checklist")
    with writing(listed):  # somebody else has the store, for longer than anybody waits
        app = write(app, Item="login", Name="Ada")

    assert app.error[0].value.startswith("Nothing was written: try again: the store is held")
    assert acts(listed) == []
    assert not click(app).error
    assert acts(listed) == ["signed", "verdict"]


def test_what_is_measured_cannot_be_signed_and_a_name_is_needed(listed, visit) -> None:
    app = write(visit("checklist"), Item="up", Name="Ada")
    assert "waived, not signed" in app.error[0].value
    app = write(app, Item="login", Name=" ")
    assert "name" in app.error[0].value
    assert acts(listed) == []


def test_the_address_names_the_list(listed, visit) -> None:
    path = settings.current().path
    more = '[[checklist]]\nkey = "other"\nname = "Another"\n[[checklist.item]]\nkey = "a"\ntitle = "Only this"\n'
    path.write_text(path.read_text() + more)
    settings.current.cache_clear()
    shelf.forget()
    assert "Only this" in said(visit("checklist", checklist="other"))
    assert "Only this" not in said(visit("checklist", checklist="nonsense"))


def test_without_a_list_it_says_how_to_make_one(stage, visit) -> None:
    stage(watched=filled.monitors())
    assert "There is no checklist yet." in said(visit("checklist"))


def judged(scene, state: str, release: str, title: str) -> Verdict:
    item = Item("up", title, "Back end", "up", ("home-page",))
    ruling = Ruling(item, "fail" if state == "no-go" else "pass", f"{title} as it was", scene.now - timedelta(days=3))
    at = scene.now - timedelta(days=2)
    return Verdict("release", release, state, f"{state.upper()}: {HOSTILE}", at, (ruling,))


def test_an_earlier_run_is_shown_as_it_was_and_takes_no_signature(listed, visit) -> None:
    old = "a" * 40
    engine = data.store.open(listed.url)
    with data.store.writing(engine) as c:
        runs.put(c, judged(listed, "no-go", old, "The old home page"))
        runs.put(c, judged(listed, "go", SHA, "The home page"))
    engine.dispose()
    shelf.forget()

    now = visit("checklist")
    assert "Runs of this list" in [each.value for each in now.subheader]
    assert f"release={old}" in said(now)
    assert "<img" not in said(now)

    then = visit("checklist")
    then.selectbox(key="release ").set_value(old).run()
    assert "The old home page as it was" in said(then)
    assert "The old home page as it was" in said(visit("checklist", checklist="release", release=old)), "by its link"
    assert "The old home page as it was" in said(visit("checklist", release=old[:12]))
    assert "last judged 2 d ago" in said(then)
    assert not [each for each in then.button if each.label == "Write it down"]
    assert [each for each in now.button if each.label == "Write it down"]


def test_a_release_that_nobody_has_deployed_is_signed_by_its_address_and_offered_when_a_pipeline_asked(
    listed, visit
) -> None:
    new = "b" * 40
    assert new not in visit("checklist").selectbox(key="release ").options
    assert "no release" not in said(visit("checklist", release="<img src=x>"))
    app = visit("checklist", release=new)
    assert app.selectbox(key=f"release {new}").value == new
    assert not write(app, Item="login", Name="Ada").error
    with writing(listed) as c:
        assert [entry.act.action for entry in audit.of(c, gate.subject("release", new, "login"))] == ["signed"]
        gate.ask(c, "c" * 40, datetime.now(UTC))
        data.revision.bump(c)
    shelf.forget()
    offered = visit("checklist").selectbox(key="release ").options
    assert offered[0] == SHA[:12]
    assert set(offered[1:3]) == {"c" * 12, "b" * 12}


def test_a_list_about_no_release_says_so_and_asks_for_none(listed, visit) -> None:
    path = settings.current().path
    item = '[[checklist.item]]\nkey = "a"\ntitle = "Only this"\n'
    path.write_text(path.read_text() + f'[[checklist]]\nkey = "weeks"\nname = "Weeks"\nper_release = false\n{item}')
    settings.current.cache_clear()
    shelf.forget()
    app = visit("checklist", checklist="weeks", release=SHA)
    assert "goes on" in app.caption[0].value
    assert [each.key for each in app.selectbox if "release" in str(each.key) and each.label == "Release"] == []
    assert not write(app, Item="a", Name="Ada").error
    assert ">GO<" in said(app)
    with writing(listed) as c:
        assert [entry.act.action for entry in audit.of(c, gate.subject("weeks", "", "a"))] == ["signed"]


def identity(sub: str, name: str, minutes: float = 1) -> dict[str, object]:
    at = int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp())
    return {"is_logged_in": True, "iss": "https://id.example", "sub": sub, "name": name, "iat": at}


def test_where_people_sign_in_a_typed_name_signs_nothing(listed, visit) -> None:
    app = visit("checklist")
    app.user = {"is_logged_in": False}
    app.run()
    assert not [each for each in app.button if each.label == "Write it down"]
    assert [each.label for each in app.button] == ["Sign in to sign"]
    assert "typed name" in app.caption[0].value

    app.user = identity("7", "Ada", minutes=20)
    app.run()
    assert "Sign in again" in [each.label for each in app.button]
    assert "15 minutes" in write(app, Item="login").error[0].value
    assert acts(listed) == []

    app.user = identity("7", "Ada")
    assert not write(app.run(), Item="login").error
    assert "signed by Ada (no role), " in said(app), "and it is verified"
    assert acts(listed) == ["signed", "verdict"]


def test_a_typed_name_withdraws_nothing_of_who_signed_in(listed, visit) -> None:
    checklist = settings.current().checklists[0]
    now = datetime.now(UTC)
    with writing(listed) as c:
        told = settings.current()
        one = checklist.items[1]
        gate.sign(c, told, checklist, SHA, one, "signed", "Ada", now, person="https://id.example\n7")
        with pytest.raises(gate.Refused, match="nothing of yours"):
            gate.sign(c, told, checklist, SHA, one, "withdrawn", "Ada", now)
        with pytest.raises(gate.Refused, match="nothing of yours"):
            gate.sign(c, told, checklist, SHA, one, "withdrawn", "Ada", now, person="https://id.example\n8")
        more = {"note": "x", "asked_by": " ada ", "until": now + timedelta(days=1)}
        with pytest.raises(gate.Refused, match="another person"):
            gate.sign(c, told, checklist, SHA, one, "waived", "Ada", now, person="https://id.example\n7", **more)
        gate.sign(c, told, checklist, SHA, one, "withdrawn", "Ada L.", now, person="https://id.example\n7")
        assert set(audit.names(c).values()) == {"Ada L."}


def test_the_way_back_says_what_speaks_for_it(listed, visit) -> None:
    old = "a" * 40
    with writing(listed) as c:
        at = listed.now - timedelta(hours=5)
        back = Deployment("dpl_0", "web", "production", "ready", at, at, old, candidate=True)
        serves = Deployment("dpl_1", "web", "production", "ready", listed.now, listed.now, SHA, serving=True)
        deployments.put(c, [back])
        facts = (("serving", SHA[:7]), ("previous", old[:7]), ("rollback", "vercel rollback dpl_0"))
        said_last = Snapshot(Result(Status.UP, facts=facts), deployments=(serves, back))
        data.snapshots.put(c, {"vercel.deployments": (listed.now, said_last)})
    shelf.forget()
    page = said(visit("checklist"))
    assert "Its evidence" in page
    assert "report card: " in page

    with writing(listed) as c:
        runs.put(c, judged(listed, "no-go", old, "Old"))
        runs.put(c, replace(judged(listed, "go", old, "Old"), checklist="gone"))
    shelf.forget()
    page = said(visit("checklist"))
    assert "Before production: NO-GO, 2 d ago; report card: " in page
    assert "gone: GO" not in page


def of(scene, item: str) -> list[Act]:
    with writing(scene) as c:
        return list(audit.of(c, gate.subject("again", SHA, item)))


def test_of_two_that_are_called_the_same_the_chosen_one_is_meant(listed, visit) -> None:
    path = settings.current().path
    twins = TABLE.replace('title = "Reviewed"', 'title = "The login flow works"')
    path.write_text(path.read_text().replace(TABLE, twins) + twins.replace('key = "release"', 'key = "again"'))
    settings.current.cache_clear()
    shelf.forget()
    app = visit("checklist", checklist="again")
    assert app.selectbox(key="list again").value == "again"
    item = app.selectbox(key="item 0 of again")
    assert item.options[1:] == ["The login flow works (login)", "The login flow works (review)"]
    write(app, Item="review", Name="Bob")
    signed = [len(of(listed, name)) for name in ("login", "review")]
    assert signed == [0, 1], "what was picked is signed, and no other"
