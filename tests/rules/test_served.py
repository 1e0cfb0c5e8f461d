"""What served, from when to when: a build that nobody got is none, and going back makes a stretch of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model import Change, Deployment
from rules import changes
from rules.served import spells

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


def built(name: str, created: float, ready: float, **more) -> Deployment:
    at = {"created": ago(created), "ready": ago(ready)}
    return Deployment(f"dpl_{name}", "web", "production", "ready", commit=f"{name}0000000", branch="main", **at, **more)


def began(one: Deployment, minutes: float, how: str = "production:") -> Change:
    return Change(ago(minutes), "deployment", f"{how} {changes.named(one)}")


def stretches(found, told, serving):
    """(name, minutes ago it began, minutes ago it ended), newest first; and the name of what serves now."""
    every, newest = spells(found, told, serving)

    def minutes(at):
        return None if at is None else (NOON - at) / timedelta(minutes=1)

    told_of = [(each.deployment.id[4:], minutes(each.start), minutes(each.end)) for each in every]
    return told_of, newest and newest.deployment.id[4:]


def test_after_going_back_what_serves_is_the_older_build() -> None:
    first, a, b = built("z", 600, 599), built("a", 300, 299), built("b", 60, 59)
    told = [began(first, 599), began(a, 299), began(b, 59), began(a, 20, "rolled back to")]

    found, newest = stretches([b, a, first], told, a)

    assert newest == "a"
    assert found == [("a", 20, None), ("b", 59, 20), ("a", 299, 59), ("z", 599, 299)]


@pytest.mark.parametrize("told", [[], [Change(ago(9), "deployment", "failed build: staged00 main")]])
def test_a_build_that_never_served_is_none(told) -> None:
    serving, staged, old = built("now", 300, 299), built("staged", 10, 9), built("old", 900, 899, candidate=True)

    assert stretches([staged, serving, old], told, serving) == ([("now", 299, None), ("old", 899, 299)], "now")


def test_of_builds_side_by_side_the_one_that_was_ready_first_served_first() -> None:
    """Created first and ready last: it serves last, and the stretch of the other ends then."""
    slow, quick, old = built("slow", 60, 20), built("quick", 50, 45, candidate=True), built("old", 300, 299)

    found, newest = stretches([quick, slow, old], [began(old, 299), began(quick, 45), began(slow, 20)], slow)

    assert found == [("slow", 20, None), ("quick", 45, 20), ("old", 299, 45)]
    assert newest == "slow"


def test_a_build_that_was_promoted_late_served_from_then_on() -> None:
    staged, old = built("staged", 300, 299), built("old", 900, 899, candidate=True)

    assert stretches([staged, old], [began(staged, 30)], staged)[0] == [("staged", 30, None), ("old", 899, 30)]


def test_the_same_commit_built_twice_is_told_apart_by_when_it_was_ready() -> None:
    once = built("x", 300, 299)
    again = replace(once, id="dpl_y", created=ago(60), ready=ago(59))

    found, newest = stretches([again, once], [began(once, 299), began(again, 59)], again)

    assert (found, newest) == ([("y", 59, None), ("x", 299, 59)], "y")


def test_long_words_are_known_again_though_the_store_cut_them() -> None:
    one = replace(built("a", 60, 59), message="m" * 200)
    told = replace(began(one, 59), words=began(one, 59).words[:200])

    assert stretches([one], [told], one)[1] == "a"


def test_what_people_went_back_to_had_served_before() -> None:
    a, b = built("a", 300, 299), built("b", 60, 59)

    found, _ = stretches([b, a], [began(b, 59), began(a, 20, "rolled back to")], a)

    assert found == [("a", 20, None), ("b", 59, 20), ("a", 299, 59)]


def test_since_when_an_older_build_serves_is_not_guessed() -> None:
    """Somebody went back while nobody looked: the newest that is known to have begun is not what serves."""
    a, b = built("a", 300, 299), built("b", 60, 59)

    assert stretches([b, a], [began(a, 299), began(b, 59)], a)[1] is None
    assert stretches([], [], None) == ([], None)
