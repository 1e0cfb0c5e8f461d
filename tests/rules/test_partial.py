"""A look that was blind in part mends nothing, forgets nothing, and says how old what it kept is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from model import Deployment, Figure, Finding, Leak, Part, Result, Snapshot, Status
from rules import partial

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
OPEN = Finding("rls-open-a", "anyone can read a", "close it", "a")


def look(status: Status, parts: dict[str, Status], findings=(), unread=(), **more) -> Snapshot:
    made = tuple(Part(name, state, None, f"{name} is {state}") for name, state in parts.items())
    return Snapshot(Result(status, "", 12.0, parts=made, findings=tuple(findings)), unread=tuple(unread), **more)


BEFORE = look(DOWN, {"a": DOWN, "b": UP}, [OPEN])


def test_a_part_that_was_down_and_is_not_seen_now_is_no_recovery() -> None:
    found = partial.judged(BEFORE, look(UP, {"a": UNKNOWN, "b": UP}, unread=["a"])).result

    assert found.status is UNKNOWN
    assert found.words == "a could not be read; before it was down: a is down"
    assert found.findings == (OPEN,)
    assert found.latency is None


@pytest.mark.parametrize(
    ("now", "status", "findings"),
    [
        (look(UP, {"a": UP, "b": UP}), UP, ()),
        (look(UP, {"a": UP, "b": UNKNOWN}, unread=["b"]), UP, ()),
        (look(DOWN, {"a": UNKNOWN, "b": DOWN}, unread=["a"]), DOWN, (OPEN,)),
        (look(DEGRADED, {"a": UNKNOWN, "b": DEGRADED}, unread=["a"]), UNKNOWN, (OPEN,)),
        (look(UNKNOWN, {"a": UP, "b": UNKNOWN}, unread=["b"]), UNKNOWN, ()),
        (look(UP, {"b": UP}, unread=["x-*"]), UP, ()),
    ],
)
def test_only_what_was_not_seen_and_was_worse_is_held_against_the_rest(now, status, findings) -> None:
    found = partial.judged(BEFORE, now).result

    assert (found.status, found.findings) == (status, findings)


def test_a_finding_that_is_seen_anew_is_said_once() -> None:
    again = Finding("rls-open-a", "still", "close it", "a")

    assert partial.judged(BEFORE, look(DOWN, {"a": DOWN}, [again], ["a"])).result.findings == (again,)


def test_what_could_not_be_read_is_kept_with_its_age() -> None:
    ship = Deployment("dpl_1", "web", "production", "ready", NOON)
    facts = (("rollback", "vercel rollback dpl_0"), ("serving", "dpl_1"))
    whole = Snapshot(
        Result(UP, parts=(Part("builds", UP), Part("web", UP)), facts=facts),
        figures=(Figure("built", 3.0), Figure("shown", 1.0)), deployments=(ship,),
    )  # fmt: skip
    names = ("builds", "deployments", "facts", "built")
    now = look(UP, {"web": UP, "builds": UNKNOWN}, unread=names, figures=(Figure("shown", 2.0),))

    once = partial.together(whole, NOON, now)
    twice = partial.together(once, NOON + timedelta(minutes=1), now)

    for found in (once, twice):
        assert found.deployments == (ship,)
        assert dict(found.result.facts) == dict(facts)
        assert {each.name: each.value for each in found.figures} == {"built": 3.0, "shown": 2.0}
        assert [(part.name, part.status) for part in found.result.parts] == [("web", UP), ("builds", UP)]
        assert dict(found.older) == dict.fromkeys(("deployments", "built", "builds"), NOON)
    assert partial.together(twice, NOON, whole).older == (), "once it is read again nothing is old"


def test_a_star_keeps_what_is_no_longer_named() -> None:
    before = look(DOWN, {"webhook-1": DOWN, "other": UP})
    now = look(UP, {"deliveries": UP}, unread=["webhook-*"])

    assert partial.judged(before, now).result.status is UNKNOWN
    assert [part.name for part in partial.together(before, NOON, now).result.parts] == ["deliveries", "webhook-1"]


def test_a_list_of_which_some_was_read_is_both() -> None:
    old, new = Leak("email", "user.email", "e1", "1"), Leak("ip", "user.ip_address", "e2", "2")
    before, now = look(UP, {}, leaks=(old,)), look(UP, {"events": UP}, unread=["leaks"], leaks=(new, old))

    assert partial.together(before, NOON, now).leaks == (new, old)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (look(UP, {}), True),
        (look(UNKNOWN, {}), False),
        (look(UNKNOWN, {"a": UP, "b": UNKNOWN}, unread=["b"]), True),
        (look(UNKNOWN, {"a": UNKNOWN}, unread=["a"]), False),
    ],
)
def test_a_whole_that_is_unknown_may_still_tell_of_a_part(found, told) -> None:
    assert partial.told(found) is told
