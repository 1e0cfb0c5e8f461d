"""What a browser may tell us: closed names, possible values, and no trace of a person in what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Sent, Vital, VitalRollup
from rules import histogram, vitals
from rules.vitals import (
    Known,
    Unfit,
    bucket,
    fit,
    fits,
    folded,
    metric,
    plausible,
    quantile,
    rating,
    read,
    summed,
    template,
)
from tests.generated import documents

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHA = "3f2c" * 10


def taken(body, known=None, device="desktop"):
    return read(body, known or Known(), at=NOON, device=device, nonce="n")[0]


def metric_of(name="LCP", value=2410.5, **more):
    """What the npm package web-vitals sends, serialised whole."""
    shape = {
        "name": name,
        "value": value,
        "rating": "good",
        "delta": value,
        "id": "v6-1763890000000-1234567890123",
        "entries": [{"url": "https://x/?mail=a@b.example"}],
        "navigationType": "navigate",
        "navigationId": 1,
    }
    return shape | more


@pytest.mark.parametrize("name", ["LCP", "INP", "CLS", "FCP", "TTFB", "FID"])
def test_every_vital_is_taken_alone_and_in_a_list(name) -> None:
    (one,) = taken(metric_of(name, 0.07 if name == "CLS" else 90, path="/prescriptions/42?token=x#y"))
    assert (one.name, one.route, one.device, one.release, one.at) == (name, "/prescriptions/:id", "desktop", "", NOON)
    assert len(taken([metric_of("LCP"), metric_of("CLS", 0.1)])) == 2


def test_the_same_measurement_is_the_same_and_its_id_is_not_kept() -> None:
    first, again, other = (taken(each)[0] for each in (metric_of(), metric_of(value=9000), metric_of("FCP")))
    assert first.uid == again.uid != other.uid
    assert "1763890000000" not in repr(first)
    assert taken({"name": "LCP", "value": 1})[0].uid == taken({"name": "LCP", "value": 1})[0].uid, "of one nonce"


def test_only_releases_that_were_deployed_are_kept() -> None:
    known = Known(releases=frozenset({SHA}))
    assert taken(metric_of(release=SHA), known)[0].release == SHA
    assert taken(metric_of(release="MRN-4711"), known)[0].release == ""
    assert taken(metric_of(release=SHA))[0].release == ""


@pytest.mark.parametrize(
    ("said", "kept"), [("phone", "phone"), ("iPhone of Jane", "desktop"), (5, "desktop"), (None, "desktop")]
)
def test_the_device_is_a_class(said, kept) -> None:
    assert taken(metric_of(device=said))[0].device == kept


@pytest.mark.parametrize(
    "bad",
    [
        {},
        [],
        None,
        5,
        "x",
        [5, "x"],
        metric_of("XYZ"),
        metric_of("lcp"),
        metric_of(""),
        metric_of(5),
        metric_of(value="1"),
        metric_of(value=None),
        metric_of(value=True),
        metric_of(value=-1),
        metric_of(value=float("nan")),
        metric_of(value=float("inf")),
        metric_of(value=120_001),
        metric_of("CLS", 10.1),
        metric_of("api."),
        metric_of("api"),
        metric_of("page.home.sideways"),
        metric_of("mail.x"),
        metric_of(id=""),
        metric_of(id=5),
        metric_of(id="x" * 201),
        metric_of(rating=5),
        metric_of(delta="x"),
        metric_of(navigationType=[]),
        metric_of("api.auth", tags=[]),
        metric_of(path=5),
        metric_of(value=10**400),
    ],
)
def test_what_is_no_measurement_is_refused(bad) -> None:
    with pytest.raises(Unfit) as caught:
        taken(bad)
    assert "Jane" not in caught.value.words


def test_one_bad_item_costs_no_other() -> None:
    found, unfit = read([metric_of(), 5, metric_of("XYZ"), metric_of("FCP")], Known(), at=NOON, device="", nonce="n")
    assert ([each.name for each in found], unfit) == (["LCP", "FCP"], 2)
    found, unfit = read([metric_of(id=str(n)) for n in range(70)], Known(), at=NOON, device="", nonce="n")
    assert (len(found), unfit) == (50, 20)
    with pytest.raises(Unfit) as caught:
        read([5] * 60, Known(), at=NOON, device="", nonce="n")
    assert caught.value.many == 60


def row(uid="v6-1", hours=1.0, name="LCP", value=2000.0, path="/prescriptions/7"):
    return Sent(uid, name, value, path, "phone", NOON - timedelta(hours=hours))


def test_rows_of_a_table_are_read_by_the_same_rules() -> None:
    found = fit([row(), row("v6-2", name="XYZ"), row("v6-3", value=-1), row("", 1), row("v6-4", -1)], Known(), NOON)
    assert [(each.route, each.device, each.source) for each in found] == [
        ("/prescriptions/:id", "phone", "supabase")
    ] * 2
    assert [each.at for each in found] == [NOON - timedelta(hours=1), NOON], "a clock that is ahead is ours"


def test_rows_that_are_old_are_left_out_or_they_would_come_again_when_they_are_deleted() -> None:
    assert [len(fit([row(hours=hours)], Known(), NOON)) for hours in (47.9, 48.1, 24 * 91)] == [1, 0, 0]


def test_whatever_is_sent_it_is_taken_or_refused() -> None:
    fit = 0
    for body in documents(5000):
        try:
            found = taken(body)
        except Unfit:
            continue
        fit += 1
        assert found, body
        assert all(isinstance(each, Vital) and plausible(each.name, each.value) for each in found), body
    assert 800 < fit < 4000, "most of them are no measurements"


ROUTES = ("/", "/prescriptions", "/prescriptions/[id]", "/patients/:id/history", "/docs/[...rest]")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/prescriptions", "/prescriptions"),
        ("/prescriptions/4711", "/prescriptions/[id]"),
        ("/prescriptions/jane-doe?x=1", "/prescriptions/[id]"),
        ("/patients/7/history#a", "/patients/:id/history"),
        ("/docs/a/b/c", "/docs/[...rest]"),
        ("/docs", "other"),
        ("/jane-doe", "other"),
        ("/prescriptions/1/2", "other"),
        ("https://x.example/prescriptions/9?y", "/prescriptions/[id]"),
        ("", "other"),
        (None, "other"),
        ({"a": 1}, "other"),
        ("/" + "a" * 3000, "other"),
    ],
)
def test_a_path_becomes_one_of_the_configured_templates(path, route) -> None:
    assert template(path, ROUTES) == route


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/patients/jane-doe", "/patients/:id"),
        ("/prescriptions/4711/labels", "/prescriptions/:id/labels"),
        ("/jane.doe@clinic.example", "/:id"),
        ("/a/b/c/d/e/f", "other"),
        ("/Patients", "/:id"),
        ("", "other"),
        ("/", "/"),
    ],
)
def test_without_templates_only_words_of_nobody_survive(path, route) -> None:
    assert template(path, ()) == route


@settings(max_examples=500)
@given(st.text(min_size=1, max_size=80))
def test_no_part_of_a_path_survives_that_is_not_a_known_word(path) -> None:
    for piece in template(path, ()).split("/"):
        assert piece in ("", ":id", "other") or piece in vitals.WORDS


@pytest.mark.parametrize(
    ("name", "metrics", "kept"),
    [
        ("api.prescriptions", (), "api.prescriptions"),
        ("api.jane-doe", (), "api.other"),
        ("api.jane", ("api.jane",), "api.jane"),
        ("api.prescriptions", ("api.jane",), "api.other"),
        ("page.checkout.first_byte", (), "page.checkout.first_byte"),
        ("page.jane.load_complete", (), "page.other.load_complete"),
        ("database.medicines", (), "database.medicines"),
        ("realtime.jane.insert", (), "realtime.other"),
    ],
)
def test_metrics_have_names_of_nobody(name, metrics, kept) -> None:
    assert metric(name, metrics) == kept


@pytest.mark.parametrize(
    ("name", "route", "kept"),
    [
        ("LCP", "/mine", ("LCP", "/mine")),
        ("LCP", "/users/:id", ("LCP", "other")),
        ("api.mine", "/mine", ("api.mine", "/mine")),
        ("api.users", "/mine", ("api.other", "/mine")),
        ("realtime.insert", "other", ("realtime.other", "other")),
        ("page.users.first_byte", "/mine", ("page.other.first_byte", "/mine")),
    ],
)
def test_what_was_configured_is_never_folded(name, route, kept) -> None:
    assert folded(Known(("/mine",), ("api.mine",)), name, route) == kept


@pytest.mark.parametrize(
    ("tags", "failed"),
    [
        ({"status": "error"}, True),
        ({"status": "success"}, False),
        ({"success": False}, True),
        ({"success": "true"}, False),
        ({}, False),
    ],
)
def test_a_metric_says_whether_it_failed(tags, failed) -> None:
    assert taken({"name": "api.auth", "value": 90, "tags": tags})[0].failed is failed


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("LCP", 2500, "good"),
        ("LCP", 2500.1, "needs"),
        ("LCP", 4000, "needs"),
        ("LCP", 4000.1, "poor"),
        ("CLS", 0.1, "good"),
        ("CLS", 0.25, "needs"),
        ("CLS", 0.26, "poor"),
        ("INP", 200, "good"),
        ("FID", 301, "poor"),
        ("api.auth", 99_999, "good"),
    ],
)
def test_boundaries_belong_to_the_better_class(name, value, wanted) -> None:
    assert rating(name, value) == wanted


@settings(max_examples=300)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=300), st.sampled_from([0.5, 0.75, 0.95]))
def test_quantiles_of_cls_are_within_one_per_cent(values, q) -> None:
    found = quantile("CLS", histogram.of(value * 1000 for value in values), q)
    rank = max(1, -(-int(q * 1e6) * len(values) // 10**6))
    exact = sorted(values)[rank - 1]
    assert found == pytest.approx(exact, rel=0.011, abs=2e-6)


def rollup(name="LCP", n=100, value=2000.0, **more):
    counts = histogram.of([value] * n)
    return VitalRollup(name, more.pop("route", "/"), more.pop("device", "phone"), "", "beacon", NOON, n, 0, 0, counts)


def test_sums_are_made_of_buckets_and_few_are_not_said() -> None:
    whole = summed("LCP", [rollup(n=60, value=1000), rollup(n=60, value=5000)])
    assert (whole.n, whole.enough, whole.rating) == (120, True, "poor")
    assert whole.p75 == pytest.approx(5000, rel=0.01)
    few = summed("LCP", [rollup(n=99)])
    assert (few.enough, few.rating) == (False, "")
    assert summed("LCP", []).p75 is None


@pytest.mark.parametrize(
    ("name", "wanted", "fit"),
    [
        ("LCP", ("LCP", None, None), True),
        ("LCP", ("CLS", None, None), False),
        ("api.auth", ("api.*", None, None), True),
        ("LCP", ("LCP", "/x", None), False),
        ("LCP", ("LCP", "/", "phone"), True),
        ("LCP", ("LCP", "/", "desktop"), False),
    ],
)
def test_what_belongs_to_a_question(name, wanted, fit) -> None:
    assert fits(rollup(name), *wanted) is fit


def test_buckets_of_the_two_scales() -> None:
    assert bucket("CLS", 0.1) == bucket("LCP", 100.0)


@pytest.mark.parametrize(("name", "failed"), [("api.auth", True), ("api.auth", False), ("LCP", True)])
def test_a_row_of_a_table_says_whether_its_metric_failed(name, failed) -> None:
    sent = Sent("7", name, 80.0, "/", "phone", NOON, failed)

    (found,) = vitals.fit([sent], Known(), NOON)

    assert found.failed is (failed and name == "api.auth")
