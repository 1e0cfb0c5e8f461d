"""A release is allowed because evidence says so: unknown never passes, evidence ages, waivers are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Budget, Change, Checklist, Deployment, Doubt, Interval, Item, Signature, Standing, Status
from rules import status
from rules.checklist import rule, verdict
from rules.gates import News, Ships, Telling, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


def standing(state=UP, since=60.0, seen=0.1, key="web", **more):
    return Standing(
        key, state, ago(since), None if seen is None else ago(seen), "answered 503" if state is DOWN else "", **more
    )


def world(*found, **more):
    return World(NOON, {each.series: each for each in found}, {each.series: 70.0 for each in found}, **more)


def item(gate="up", **more):
    return Item("i", "The item", gate=gate, **({"series": ("web",)} | more))


@pytest.mark.parametrize(
    ("found", "seconds", "state", "words"),
    [
        (standing(), 0, "pass", "up for 1 h"),
        (standing(), 3600, "pass", ""),
        (standing(), 3601, "fail", "only 1 h"),
        (standing(DOWN), 0, "fail", "web is down: answered 503"),
        (standing(DEGRADED), 0, "fail", "degraded"),
        (standing(UNKNOWN), 0, "unknown", ""),
        (standing(seen=5), 0, "unknown", "no sample for 5 min"),
        (standing(seen=None), 0, "unknown", "not measured"),
        (standing(doubts=(Doubt(ago(0.1), DOWN),)), 0, "unknown", "in doubt"),
        (standing(key="other"), 0, "missing", "never measured"),
    ],
)
def test_up_for_a_time(found, seconds, state, words) -> None:
    ruling = rule(item(seconds=seconds), world(found))
    assert (ruling.state, words in ruling.words) == (state, True)
    assert ruling.fine is (state == "pass")


def test_every_series_must_be_up_and_the_oldest_look_counts() -> None:
    both = item(series=("web", "api"))
    assert rule(both, world(standing(), standing(key="api", seen=1))).at == ago(1)
    assert rule(both, world(standing(), standing(DOWN, key="api"))).state == "fail"
    assert rule(item(series=()), world()).state == "missing"


def past(*parts, key="web"):
    """(status, from, to) in minutes ago."""
    return {key: tuple(Interval(key, state, ago(start), ago(end)) for state, start, end in parts)}


@pytest.mark.parametrize(
    ("parts", "state", "words"),
    [
        ([(UP, 90, 0)], "pass", "no trouble for 30 min"),
        ([(UP, 30, 12), (UP, 12, 0)], "pass", ""),
        ([(DOWN, 90, 31), (UP, 31, 0)], "pass", ""),
        ([(DOWN, 90, 29), (UP, 29, 0)], "fail", "had trouble 29 min ago"),
        ([(UP, 90, 9), (DEGRADED, 9, 8), (UP, 8, 0)], "fail", "had trouble 8 min ago"),
        ([(DOWN, 90, 29), (UNKNOWN, 29, 3), (UP, 3, 0)], "fail", ""),
        ([(UP, 90, 29), (UNKNOWN, 29, 3), (UP, 3, 0)], "missing", "watched for only 4 min of the last 30 min"),
        ([(UP, 1, 0)], "missing", "watched for only 1 min"),
        ([(UP, 29, 0)], "missing", ""),
        ([], "missing", ""),
    ],
)
def test_calm_for_a_time(parts, state, words) -> None:
    ruling = rule(item("calm", seconds=1800), world(standing(), past=past(*parts)))
    assert (ruling.state, words in ruling.words, ruling.at) == (state, True, ago(0.1))


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ([(UP, 90, 0)], "pass"),
        ([(DOWN, 90, 29), (UP, 29, 0)], "pass"),
        ([(UP, 90, 29), (UNKNOWN, 29, 3), (UP, 3, 0)], "missing"),
        ([(UP, 1, 0)], "missing"),
    ],
)
def test_no_restart_in_a_time_that_was_watched(parts, state) -> None:
    assert rule(item("no-restart", seconds=1800), world(standing(), past=past(*parts))).state == state


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (standing(DOWN), "fail"),
        (standing(seen=9), "unknown"),
        (standing(doubts=(Doubt(ago(0.1), DOWN),)), "unknown"),
        (standing(key="other"), "missing"),
    ],
)
@pytest.mark.parametrize("gate", ["calm", "no-restart"])
def test_a_time_without_trouble_ends_now(found, state, gate) -> None:
    assert rule(item(gate, seconds=1800), world(found, past=past((UP, 90, 0)))).state == state


@pytest.mark.parametrize(
    ("minutes", "monitor", "state"), [(10, "web", "fail"), (31, "web", "pass"), (10, "api", "pass")]
)
def test_no_restart_since(minutes, monitor, state) -> None:
    changes = (Change(ago(minutes), "restart", "restarted", monitor), Change(ago(1), "commit", "x", "web"))
    known = world(standing(), changes=changes, past=past((UP, 90, 0)))
    assert rule(item("no-restart", seconds=1800), known).state == state


@pytest.mark.parametrize(
    ("said", "state"), [("22", "pass"), ("21 days", "pass"), ("20.9", "fail"), ("", "missing"), ("soon", "missing")]
)
def test_numbers_among_facts(said, state) -> None:
    facts = {"web": {"days_left": said}}
    assert rule(item("days-left", limit=21), world(standing(), facts=facts)).state == state


@pytest.mark.parametrize("gate", ["days-left", "score"])
@pytest.mark.parametrize(
    ("found", "state"),
    [
        (standing(DEGRADED), "pass"),
        (standing(DOWN), "fail"),
        (standing(UNKNOWN), "unknown"),
        (standing(seen=5), "unknown"),
        (standing(doubts=(Doubt(ago(0.1), DOWN),)), "unknown"),
        (standing(doubts=(Doubt(ago(0.1), DEGRADED),)), "pass"),
        (standing(key="other"), "missing"),
    ],
)
def test_a_fact_counts_only_while_its_look_stands(found, state, gate) -> None:
    """A probe that failed keeps the facts of the one before: they prove nothing of now."""
    facts = {"web": {"days_left": "90", "score": "90"}}
    assert rule(item(gate, limit=21), world(found, facts=facts)).state == state


@pytest.mark.parametrize(
    ("more", "gate", "limit", "state"),
    [
        ({"figures": {"web": (ago(1), 80.0)}}, "below", 80, "pass"),
        ({"figures": {"web": (ago(1), 81.0)}}, "below", 80, "fail"),
        ({}, "below", 80, "missing"),
        ({"p95": {"web": (ago(1), 500.0)}}, "p95", 500, "pass"),
        ({"p95": {"web": (ago(1), 501.0)}}, "p95", 500, "fail"),
        ({}, "p95", 500, "missing"),
        ({"news": News(ago(1), 0)}, "no-new-issue", None, "pass"),
        ({"news": News(ago(1), 1)}, "no-new-issue", None, "fail"),
        ({}, "no-new-issue", None, "missing"),
        ({"deployed": ago(60), "event": ago(30)}, "event-received", None, "pass"),
        ({"deployed": ago(60), "event": ago(61)}, "event-received", None, "missing"),
        ({"deployed": ago(60)}, "event-received", None, "missing"),
        ({"event": ago(0)}, "event-received", None, "missing"),
        ({"measured": 100}, "arriving", 100, "pass"),
        ({"measured": 99}, "arriving", 100, "fail"),
    ],
)
def test_bars(more, gate, limit, state) -> None:
    assert rule(item(gate, limit=limit), world(standing(), **more)).state == state


def ship(state="ready", minutes=5, **more):
    return Deployment("d", "web", "production", state, ago(minutes), **more)


@pytest.mark.parametrize(
    ("gate", "ships", "state", "words"),
    [
        ("built", Ships(ago(1), "", (ship("error", 1, error="out of memory"), ship())), "pass", "built"),
        ("built", Ships(ago(1), "", (ship("error", error="out of memory"),)), "fail", "error: out of memory"),
        ("built", Ships(ago(1), "", (ship("building"),)), "missing", "building"),
        ("built", Ships(ago(1), ""), "missing", "no deployment of this release"),
        ("built", Ships(ago(1), "read lately"), "unknown", "read lately"),
        ("live", Ships(ago(1), "", (ship(serving=True),)), "pass", "serves production"),
        ("live", Ships(ago(1), "", (ship(),)), "missing", "does not serve"),
        ("live", Ships(), "unknown", "not asked"),
        ("way-back", Ships(ago(1), "", (), "1111"), "pass", "back to 1111"),
        ("way-back", Ships(ago(1), "", (ship(serving=True),)), "fail", "no earlier good deployment"),
        ("way-back", Ships(ago(1), "read lately", (), "1111"), "unknown", "read lately"),
    ],
)
def test_deployments_of_this_very_release(gate, ships, state, words) -> None:
    ruling = rule(item(gate, series=()), world(ships=ships))
    assert (ruling.state, words in ruling.words, ruling.at) == (state, True, ships.at)


@pytest.mark.parametrize(
    ("telling", "state"),
    [
        (Telling(ago(9)), "pass"),
        (Telling(ago(9), "the poller does not run"), "fail"),
        (Telling(), "missing"),
        (Telling(ago(24 * 60 + 1)), "stale"),
    ],
)
def test_alerting_works_when_messages_arrive(telling, state) -> None:
    assert rule(item("alerting", series=()), world(telling=telling)).state == state


@pytest.mark.parametrize(
    ("more", "gate"), [({"p95": {"web": (ago(50), 1.0)}}, "p95"), ({"news": News(ago(50), 0)}, "no-new-issue")]
)
def test_evidence_is_as_old_as_what_it_was_made_from(more, gate) -> None:
    one = item(gate, limit=5, valid=3600)
    assert (rule(one, world(standing(), **more)).state, rule(one, world(standing(), **more)).at) == ("pass", ago(50))
    assert rule(replace(one, valid=600), world(standing(), **more)).state == "stale"


def test_latency_of_what_nobody_sees_any_more_proves_nothing() -> None:
    known = world(standing(seen=9), p95={"web": (ago(9), 1.0)})
    assert rule(item("p95", limit=5), known).state == "unknown"


def budget(left, minutes=1.0, of="web"):
    return Budget(2592.0, 0.0 if left == 1 else 600.0, left, of, None if minutes is None else ago(minutes))


@pytest.mark.parametrize(
    ("left", "limit", "state", "words"),
    [
        (1.0, None, "pass", "100 % left"),
        (1.0, 100, "pass", "100 % left"),
        (1e-9, None, "pass", "less than 0.01 % left"),
        (0.0, None, "fail", "web: 0 % left, 10 min of 43 min spent by web"),
        (0.0, 0, "fail", "0 % left"),
        (0.29, 29, "pass", ""),
        (0.2899, 29, "fail", "wanted at least 29 %"),
        (None, None, "missing", "never measured (web)"),
    ],
)
def test_a_budget_must_have_something_left(left, limit, state, words) -> None:
    ruling = rule(item("budget", limit=limit), world(budgets={"web": budget(left)}))
    assert (ruling.state, words in ruling.words) == (state, True)


def test_every_budget_counts_and_the_oldest_look() -> None:
    both = item("budget", series=("web", "api"))
    assert rule(both, world(budgets={"web": budget(1.0)})).words == "api was never measured"
    assert rule(both, world(budgets={"web": budget(1.0), "api": budget(0.0, of="db")})).state == "fail"
    ruling = rule(both, world(budgets={"web": budget(1.0), "api": budget(0.5, 9)}))
    assert (ruling.state, ruling.at) == ("pass", ago(9))
    assert rule(replace(both, valid=500.0), world(budgets={"web": budget(1.0), "api": budget(0.5, 9)})).state == "stale"
    for first, second in ((None, 1), (1, None)):
        found = world(budgets={"web": budget(1.0, first), "api": budget(1.0, second)})
        assert rule(both, found).state == "stale", "nobody knows how old it is"


def test_evidence_grows_old() -> None:
    fresh = item("below", limit=80, valid=600)
    assert rule(fresh, world(figures={"web": (ago(9), 1.0)})).state == "pass"
    assert rule(fresh, world(figures={"web": (ago(11), 1.0)})).state == "stale"


def signed(actor="ada", minutes=5.0, kind="signed", **more):
    return Signature(ago(minutes), kind, actor, "on-call", **({"note": "tried it"} | more))


MANUAL = item("", valid=3600)


@pytest.mark.parametrize(
    ("signatures", "state"),
    [
        ([], "missing"),
        ([signed()], "pass"),
        ([signed(minutes=61)], "stale"),
        ([signed(), signed(kind="withdrawn", minutes=1)], "missing"),
        ([signed(), signed("bob", 1, "withdrawn")], "pass"),
        ([signed(kind="commented")], "missing"),
        ([signed(minutes=61), signed("bob", 2)], "pass"),
    ],
)
def test_a_person_signs(signatures, state) -> None:
    assert rule(MANUAL, world(), signatures).state == state


def test_two_people_sign_where_two_must() -> None:
    two = replace(MANUAL, two_person=True)
    assert rule(two, world(), [signed(), signed()]).words == "1 of 2 signatures"
    assert rule(two, world(), [signed(), signed("bob", 1)]).state == "pass"
    assert rule(two, world(), [signed(minutes=90), signed("bob", 1)]).state == "missing"


def test_a_typed_name_is_said_to_be_not_verified() -> None:
    assert "not verified" in rule(MANUAL, world(), [signed()]).words
    assert "not verified" not in rule(MANUAL, world(), [signed(verified=True)]).words


@pytest.mark.parametrize(
    ("waiver", "state"),
    [
        (signed("eve", kind="waived", asked_by="ada", until=NOON + timedelta(days=1)), "waived"),
        (signed("ada", kind="waived", asked_by="ada", until=NOON + timedelta(days=1)), "fail"),
        (signed("eve", kind="waived", asked_by="ada", until=ago(1)), "fail"),
        (signed("eve", kind="waived", asked_by="ada", note=""), "fail"),
    ],
)
def test_a_waiver_needs_a_reason_another_person_and_an_end(waiver, state) -> None:
    ruling = rule(item(), world(standing(DOWN)), [waiver])
    assert ruling.state == state
    assert "answered 503" in ruling.words, "what was seen is said all the same"


def test_a_waiver_that_is_not_needed_is_not_counted() -> None:
    waiver = signed("eve", kind="waived", asked_by="ada", until=NOON + timedelta(days=1))
    assert rule(item(), world(standing()), [waiver]).state == "pass"


def judged(found, signatures=None, **more):
    items = (
        item(**more),
        replace(MANUAL, key="m", title="Login works"),
        replace(item(), key="a", title="Advice", blocking=False),
    )
    return verdict(Checklist("release", "Release", items), "3f2c", world(*found), signatures or {})


@pytest.mark.parametrize(
    ("found", "signatures", "state", "words"),
    [
        ([standing()], {"m": [signed()]}, "go", "GO: every blocking item passes"),
        ([standing()], {}, "unsure", "UNSURE: Login works: not signed yet"),
        ([standing(DOWN)], {"m": [signed()]}, "no-go", "NO-GO: The item: web is down"),
        ([standing(DOWN)], {}, "no-go", "web is down"),
        ([standing(seen=9)], {"m": [signed()]}, "unsure", "no sample"),
        (
            [standing(DOWN)],
            {"m": [signed()], "i": [signed("eve", kind="waived", asked_by="ada")]},
            "go",
            "GO with 1 waiver",
        ),
    ],
)
def test_the_verdict(found, signatures, state, words) -> None:
    said = judged(found, signatures)
    assert (said.state, words in said.words) == (state, True)


DOUBTED = (Doubt(ago(0.1), DOWN),)


@pytest.mark.parametrize(
    ("found", "stood", "state", "words"),
    [
        ([standing(doubts=DOUBTED)], True, "go", "GO: held while The item: web is in doubt right now"),
        ([standing(doubts=DOUBTED)], False, "unsure", "UNSURE: The item: web is in doubt"),
        ([standing(DOWN)], True, "no-go", "web is down"),
        ([standing(DOWN, doubts=(Doubt(ago(0.1), UP),))], True, "no-go", "web is down"),
        ([standing(seen=9)], True, "unsure", "no sample"),
        ([standing(seen=9, doubts=DOUBTED)], True, "unsure", "no sample"),
    ],
)
def test_a_go_that_stood_is_held_while_something_is_merely_in_doubt(found, stood, state, words) -> None:
    items = (item(), replace(MANUAL, key="m", title="Login works"))
    one = verdict(Checklist("release", "Release", items), "3f2c", world(*found), {"m": [signed()]}, stood)
    assert (one.state, words in one.words) == (state, True), one.words
    missing = verdict(Checklist("release", "Release", items), "3f2c", world(*found), {}, stood)
    assert missing.state != "go", "a doubt excuses nothing else"


def test_an_empty_list_allows_nothing() -> None:
    assert verdict(Checklist("x", "X"), "", world(), {}).state == "unsure"


states = st.sampled_from([UP, DEGRADED, DOWN, UNKNOWN])


@given(
    st.lists(
        st.tuples(states, st.floats(0, 500), st.one_of(st.none(), st.floats(0, 10)), st.floats(0, 100), st.booleans()),
        min_size=1, max_size=5,
    ),
    st.sampled_from(["up", "calm", "no-restart", "days-left", "score"]),
)  # fmt: skip
def test_nothing_unknown_ever_passes(found, gate) -> None:
    standings = [
        standing(state, since, seen, f"s{n}", doubts=(Doubt(ago(0), DOWN),) if doubted else ())
        for n, (state, since, seen, _, doubted) in enumerate(found)
    ]
    seconds = 1800.0 if gate in ("calm", "no-restart") else 0.0
    one = item(gate, series=tuple(each.series for each in standings), limit=0.0, seconds=seconds)
    seen = {f"s{n}": (Interval(f"s{n}", UP, ago(back), NOON),) for n, (_, _, _, back, _) in enumerate(found)}
    facts = {each.series: {"days_left": "9", "score": "9"} for each in standings}
    ruling = rule(one, world(*standings, past=seen, facts=facts))

    fine = (UP, DEGRADED) if gate in ("days-left", "score") else (UP,)
    stands = [status.current(each, 70.0, NOON)[0] in fine and not each.doubts for each in standings]
    watched = [back * 60 >= seconds - 1 for _, _, _, back, _ in found]
    assert (ruling.state == "pass") == (all(stands) and all(watched))
