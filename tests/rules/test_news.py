"""What outside services tell anew becomes changes, and an open problem finds those that may explain it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from model import Change, Deployment, Issue, Maintenance
from rules import changes

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


def deployed(name: str, minutes: float, *, serving: bool = False, state: str = "ready", target: str = "production"):
    return Deployment(
        f"dpl_{name}",
        "web",
        target,
        state,
        ago(minutes + 1),
        ago(minutes) if state == "ready" else None,
        f"{name}abcdef0",
        "main",
        "fix",
        serving=serving,
    )


def said(before, after):
    return [(each.at, each.words) for each in changes.deployments(before, after, NOON)]


def test_what_serves_anew_is_news_at_the_moment_it_was_ready() -> None:
    old, new = deployed("a", 60), deployed("b", 3, serving=True)
    assert said([deployed("a", 60, serving=True)], [new, old]) == [(ago(3), "production: babcdef main: fix")]
    assert said([new, old], [new, old]) == []


def test_going_back_is_news_now() -> None:
    before = [deployed("b", 3, serving=True), deployed("a", 60)]
    after = [deployed("b", 3), deployed("a", 60, serving=True)]
    assert said(before, after) == [(NOON, "rolled back to aabcdef main: fix")]


def test_what_was_staged_is_news_when_it_is_promoted() -> None:
    before = [deployed("b", 90), deployed("a", 300, serving=True)]
    after = [deployed("b", 90, serving=True), deployed("a", 300)]
    assert said(before, after) == [(NOON, "production: babcdef main: fix")]


@pytest.mark.parametrize(("minutes", "news"), [(60, 1), (60 * 25, 0)])
def test_what_is_first_heard_of_is_news_only_when_it_is_young(minutes, news) -> None:
    assert len(said([], [deployed("a", minutes, serving=True)])) == news


def test_a_failed_production_build_is_news_once_and_a_preview_is_none() -> None:
    failed, preview = deployed("x", 5, state="error"), deployed("p", 2, target="preview", state="error")
    old = deployed("a", 99, serving=True)
    assert said([old], [preview, failed, old]) == [(ago(6), "failed build: xabcdef main: fix")]
    assert said([failed, old], [failed, old]) == []


def test_only_issues_that_nobody_knew_and_that_are_young_are_news() -> None:
    def issue(uid, minutes):
        return Issue(uid, f"WEB-{uid}", "TypeError", "web", "error", "new", 1, 1, ago(minutes), NOON)

    found = changes.issues({"1"}, [issue("1", 5), issue("2", 7), issue("3", 60 * 25), issue("4", -3)], NOON)

    assert [(each.at, each.kind, each.words) for each in found] == [
        (ago(7), "issue", "new issue WEB-2: TypeError"),
        (NOON, "issue", "new issue WEB-4: TypeError"),
    ]


def test_planned_quiet_is_told_when_it_begins_and_ends() -> None:
    windows = [Maintenance("Upgrade", ago(30), ago(10), ("web",)), Maintenance("Move", ago(5), ago(-5), ("a", "b"))]

    assert [(e.at, e.words, e.monitor) for e in changes.planned(windows, ago(30), NOON)] == [
        (ago(10), "planned work is over: Upgrade", "web"),
        (ago(5), "planned work begins: Move", None),
    ]
    assert changes.planned(windows, NOON, NOON + timedelta(minutes=4)) == ()


def test_a_problem_finds_the_changes_of_the_two_hours_before_nearest_first() -> None:
    found = [
        Change(ago(121), "deployment", "too old"),
        Change(ago(90), "deployment", "far"),
        Change(ago(3), "issue", "near"),
        Change(ago(-2), "deployment", "seen just after"),
        Change(ago(-6), "deployment", "later"),
        Change(ago(1), "restart", "of another", "api"),
        Change(ago(10), "restart", "its own", "web"),
        Change(ago(1), "watch", "ours"),
        Change(ago(1), "checklist", "a verdict that turned because of it"),
    ]

    assert [each.words for each in changes.nearest(found, NOON, "web")] == ["seen just after", "near", "its own", "far"]
