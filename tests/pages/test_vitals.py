"""The page Vitals: cards with what is enough and what is not, the worst first, the lines to paste, nothing at all."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

import data.store
from data import deployments, snapshots, vitals, watch
from model import Deployment, Figure, Result, Snapshot, Status, Vital
from rules.vitals import bucket, rating

OLD, NEW = "a" * 40, "b" * 40


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


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
        crux = Snapshot(Result(Status.UP), figures=(Figure("lcp_all", 2222.0, "ms"),))
        sentry = Snapshot(Result(Status.UP), figures=(Figure("lcp_p75", 2100.0, "ms"), Figure("samples", 9300)))
        snapshots.put(c, {"crux.record": (scene.now, crux), "sentry.vitals": (scene.now, sentry)})
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
        "p75 of 300",
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

    assert list(pages["route"]) == ["/checkout", "/rare", "/"]
    assert list(pages["poor"]) == [150, 40, 0]
    assert pages["INP"].isna().all()
    assert list(metrics["metric"]) == ["api.auth"]
    assert metrics["failed"][0] == 10.0


@pytest.mark.parametrize(("device", "routes"), [("Phones", ["/checkout"]), ("Desktops", ["/rare", "/"])])
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
