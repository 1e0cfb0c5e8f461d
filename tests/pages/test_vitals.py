"""The page Vitals: cards with what is enough and what is not, the worst first, the lines to paste, nothing at all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

import data.store
from data import changes, deployments, snapshots, vitals, watch
from model import Change, Deployment, Figure, Result, Snapshot, Status, Vital
from rules.vitals import bucket, rating
from ui import course, store

OLD, NEW = "a" * 40, "b" * 40


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


def figure(app):
    """What the browser is told to draw: its traces by name, and its bands."""
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {each["name"]: each for each in spec["data"]}, spec["layout"]["shapes"]


def outside(c, at, about):
    """What Chrome and Sentry said ``at`` a moment, Chrome ``about`` the days up to another."""
    values = {"lcp_all": 2222.0, "lcp_phone": 3333.0}
    facts = (("last_day", about.date().isoformat()),)
    crux = Snapshot(
        Result(Status.UP, facts=facts), figures=tuple(Figure(name, each, "ms") for name, each in values.items())
    )
    sentry = Snapshot(Result(Status.UP), figures=(Figure("lcp_p75", 2100.0, "ms"), Figure("samples", 9300)))
    snapshots.put(c, {"crux.record": (at, crux), "sentry.vitals": (at, sentry)})


@pytest.fixture
def measured(stage):
    """Phones are slower than desktops; the new release is slower than the old one; one page is seldom seen."""
    scene = stage()
    uid = iter(range(10**6))

    def many(n, name, value, hours, route="/", device="desktop", release="", failed=False):
        at = scene.now - timedelta(hours=hours)
        return [
            Vital(
                next(uid), name, value * (0.9 + 0.2 * k / n), at, route, device, release, failed=failed and k < n // 10
            )
            for k in range(n)
        ]

    found = [
        *many(150, "LCP", 2000, 1, release=NEW),
        *many(150, "LCP", 5000, 1, "/checkout", "phone", NEW),
        *many(150, "FCP", 4000, 1, "/slow"),
        *many(30, "LCP", 2000, 9),
        *many(150, "LCP", 2000, 30, release=OLD),
        *many(150, "CLS", 0.05, 2),
        *many(40, "INP", 900, 2, "/rare"),
        *many(200, "api.auth", 80, 2, "other", failed=True),
    ]
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        vitals.add(c, found, bucket, rating)
        for name, commit, hours in (("n", NEW, 2), ("o", OLD, 40)):
            at = scene.now - timedelta(hours=hours)
            deployments.put(c, [Deployment(f"dpl_{name}", "web", "production", "ready", at, at, commit)])
        outside(c, scene.now, scene.now)
        watch.note(c, "beacons", json.dumps({"day": scene.now.date().isoformat(), "accepted": 840, "shed": 12}))
    engine.dispose()
    return scene


def test_each_card_says_its_p75_its_rating_and_from_how_many(measured, visit) -> None:
    app = visit("vitals")

    text = said(app)
    assert not app.exception
    assert text.count('class="wr-figure"') == 6
    for words in (
        "LCP · Largest paint · core",
        "poor",
        "phones 5.",
        "desktops 2.",
        "p75 of 330",
        "40 of 100 measurements",
        "not enough data",
        "Chrome UX, 28 days: 2.2 s",
        "840 measurements by beacon today, 12 shed",
        "not proof",
    ):
        assert words in text, words
    assert "on the release before" in text
    assert "nothing to compare with yet" in text


def test_pages_are_listed_worst_first_and_few_are_no_number(measured, visit) -> None:
    pages, metrics = (each.value for each in visit("vitals").dataframe[:2])

    assert list(pages["route"]) == ["/checkout", "/rare", "/", "/slow"]
    assert list(pages["poor"]) == [150, 40, 0, 0], "a first paint is no core vital"
    assert pages["INP"].isna().all()
    assert list(metrics["metric"]) == ["api.auth"]
    assert metrics["failed"][0] == 10.0


@pytest.mark.parametrize(("device", "routes"), [("Phones", ["/checkout"]), ("Desktops", ["/rare", "/", "/slow"])])
def test_phones_and_desktops_are_apart(device, routes, measured, visit) -> None:
    assert list(visit("vitals", device=device).dataframe[0].value["route"]) == routes


def test_the_lines_to_paste_have_the_address(measured, visit) -> None:
    app = visit("vitals")

    code = [each.value for each in app.code]
    assert any('from "web-vitals"' in each and "/api/vitals" in each for each in code)
    assert any("useReportWebVitals" in each for each in code)
    assert any("rewrites" in each for each in code)


@pytest.mark.parametrize("window", ["24h", "7d", "30d", "90d"])
def test_without_any_it_says_how_to_begin(stage, visit, window) -> None:
    stage()

    app = visit("vitals", window=window)

    assert not app.exception
    assert "No browser has told anything yet." in said(app)
    assert "No LCP in this window." in said(app)


def written(scene, *puts):
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        for put in puts:
            put(c)
    engine.dispose()


def test_a_page_view_with_several_poor_vitals_counts_once(measured, visit) -> None:
    uid = iter(range(10**6, 2 * 10**6))
    at = measured.now - timedelta(hours=1)
    views = [Vital(next(uid), name, poor, at, "/twice") for _ in range(120) for name, poor in BAD]
    written(measured, lambda c: vitals.add(c, views, bucket, rating))

    pages = visit("vitals").dataframe[0].value.set_index("route")

    assert list(pages.loc["/twice", ["poor", "views"]]) == [120, 120]
    assert list(pages.index[:2]) == ["/checkout", "/twice"]


BAD = (("LCP", 9000.0), ("INP", 900.0), ("CLS", 0.9), ("FCP", 9000.0), ("TTFB", 9000.0))


@pytest.mark.parametrize(("rolled_back", "sign"), [(False, "+"), (True, "-")])
def test_the_release_that_serves_is_compared_with_the_one_that_served_before(
    rolled_back, sign, measured, visit
) -> None:
    """After a rollback the older one serves, and the newer one is what served before."""
    found = [
        Deployment(
            f"dpl_{name}", "web", "production", "ready", at := measured.now - timedelta(hours=hours), at, commit,
            serving=(commit == OLD) == rolled_back, candidate=(commit != OLD) == rolled_back or name == "x",
        )
        for name, commit, hours in (("n", NEW, 2), ("o", OLD, 40), ("x", "c" * 40, 60))
    ]  # fmt: skip
    written(measured, lambda c: deployments.put(c, found))

    (card,) = [each for each in said(visit("vitals")).split('class="wr-figure"') if "LCP ·" in each]

    change = re.search(r"([+-])(\d+) % on the release before", card)
    assert change
    assert change[1] == sign
    assert int(change[2]) > 30


def test_the_figure_has_bands_lines_shares_and_changes(measured, visit) -> None:
    written(measured, lambda c: changes.add(c, [Change(measured.now - timedelta(hours=2), "deployment", "bbbbbbb")]))

    traces, shapes = figure(visit("vitals", vital="LCP"))

    assert [(each["y0"], each["y1"]) for each in shapes[:2]] == [(0, 2500), (2500, 4000)]
    assert shapes[2]["y0"] == 4000
    phones, desktops = traces["phones"]["y"], traces["desktops"]["y"]
    assert [round(each / 1000) for each in desktops if each] == [2, 2]
    assert [round(each / 1000) for each in phones if each] == [5]
    shares = [[traces[name]["y"][k] for name in ("good", "needs improvement", "poor")] for k in range(2)]
    assert shares == [[100, 0, 0], [50, 0, 50]]
    assert traces["Chrome UX, 28 days"]["y"] == [2222, 2222]
    assert traces["deployment"]["text"] == ["bbbbbbb"]


def test_the_figure_is_drawn_once_for_all_who_look_at_the_same(measured) -> None:
    seen = store.vitals("24h", None)
    once = course.drawn(seen, "LCP", "dark", UTC)
    assert course.drawn(seen, "LCP", "dark", UTC) is once
    assert course.drawn(seen, "LCP", "light", UTC) is not once
    assert course.drawn(seen, "CLS", "dark", UTC).layout.yaxis.title.text == "p75"
    assert course.drawn(replace(seen, points=seen.points | {"LCP": ()}), "LCP", "dark", UTC) is not once


def test_few_are_drawn_hollow_and_nothing_is_drawn_over_a_gap(measured, visit) -> None:
    app = visit("vitals", vital="LCP")

    line = figure(app)[0]["desktops"]

    assert [each is None for each in line["y"]] == [False, True, False], "eight hours lie between the two"
    assert line["marker"]["symbol"] == ["circle-open", "circle-open", "circle"]
    assert line["customdata"] == ["30: not enough data", "0: not enough data", "150"]
    alt = app.get("plotly_chart")[0].proto.alt
    assert "2 points, 1 of them of fewer than 100 measurements" in alt
    assert "of 300;" in alt


def test_a_cards_curve_tells_of_the_whole_window_and_never_of_a_few(measured, visit) -> None:
    at = measured.now.replace(minute=0, second=0, microsecond=0)
    found = [
        Vital(10**8 + 100 * hour + k, "TTFB", 100.0 * hour, at - timedelta(hours=hour), "/")
        for hour in range(1, 40)
        for k in range(60)
    ]
    written(measured, lambda c: vitals.add(c, found, bucket, rating))

    (card,) = [each for each in store.vitals("7d", None).cards if each.name == "TTFB"]

    assert len(card.curve) == 19, "two hours each: sixty are too few"
    assert card.curve[0] > 3800
    assert card.curve[-1] < 400


def test_the_line_of_chrome_is_of_the_chosen_devices(measured, visit) -> None:
    app = visit("vitals", device="Phones")

    assert figure(app)[0]["Chrome UX, phones"]["y"] == [3333, 3333]
    assert "Chrome UX, 28 days: 3.3 s" in said(app)
    assert not [name for name in figure(visit("vitals", device="Desktops"))[0] if name.startswith("Chrome")]


def test_every_source_says_how_old_it_is(measured, visit) -> None:
    text = said(visit("vitals"))

    day = measured.now.date()
    assert "The newest measurement came 1 h ago." in text
    assert f"Chrome UX: 28 days up to {day.day} {day:%b %Y}; read" in text
    assert ">old<" not in text


def test_what_is_old_is_called_so(stage, visit) -> None:
    scene = stage()
    ago = scene.now - timedelta(days=20)
    views = [Vital(k, "LCP", 2000.0, ago, "/") for k in range(150)]
    written(scene, lambda c: outside(c, ago, ago), lambda c: vitals.add(c, views, bucket, rating))

    text = said(visit("vitals"))
    seen = store.vitals("30d", None)
    (line,) = [each for each in course.drawn(seen, "LCP", "dark", UTC).data if "Chrome" in str(each.name)]

    assert text.count(">old<") == 3, "the newest measurement, Chrome's report, what Sentry said"
    assert (line.name, line.opacity) == ("Chrome UX, 28 days, old", 0.5)


def test_ways_are_never_added_up(measured, visit) -> None:
    """The same visit comes by beacon and by drain: the one that told most is shown, the other can be chosen."""
    at = measured.now - timedelta(hours=1)
    drained = [Vital(10**7 + k, "LCP", 1000.0, at, "/drained", source="drain") for k in range(120)]
    written(measured, lambda c: vitals.add(c, drained, bucket, rating))

    app = visit("vitals")
    most, caption = list(app.dataframe[0].value["route"]), app.caption[0].value
    other = visit("vitals", source="Vercel drain")

    assert "/drained" not in most
    assert "Beacons 670, Vercel drain 120" in caption
    assert "Shown: Beacons, which told most" in caption
    assert list(other.dataframe[0].value["route"]) == ["/drained"]
    assert list(other.dataframe[1].value["metric"]) == ["api.auth"], "which only beacons tell"
    assert "as chosen" in other.caption[0].value


def test_one_way_is_no_choice(measured, visit) -> None:
    app = visit("vitals")

    assert not [each for each in app.selectbox if each.label == "Source"]
    assert not [each for each in app.caption if "never added up" in each.value]


@pytest.mark.parametrize("note", ["{", "[]", "5", '{"day": "DAY", "accepted": "x", "shed": [], "refused": -1}'])
def test_a_damaged_account_leaves_the_page_as_it_is(note, measured, visit) -> None:
    told = note.replace("DAY", measured.now.date().isoformat())
    written(measured, lambda c: watch.note(c, "beacons", told))

    app = visit("vitals")

    assert not app.exception
    assert "0 measurements by beacon today. Anybody" in said(app)


def test_what_a_drain_brought_is_said_where_there_is_any(measured, visit) -> None:
    today = {"day": measured.now.date().isoformat(), "accepted": 5, "drained": 1200, "dropped": 3}
    written(measured, lambda c: watch.note(c, "beacons", json.dumps(today)))

    assert "5 measurements by beacon today, 1 200 by Vercel drain, 3 of the drain left out." in said(visit("vitals"))
