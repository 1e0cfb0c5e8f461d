"""What is told, and what is not: across restarts, behind parents, in maintenance, with hostile text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Channel, Doubt, Maintenance, Monitor, Notice, Secret, Standing, Status, Told
from rules import alerting

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
TZ = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def monitor(key: str = "api", **more) -> Monitor:
    return Monitor(key, key.upper(), "http", None, **more)


class Story:
    """Remembers what was told, as the store does; ``forget`` is a restart that reads it from there again."""

    def __init__(self, *monitors: Monitor, on: frozenset[Status] = frozenset({DOWN}), maintenance=()) -> None:
        self.monitors, self.on, self.maintenance = monitors, on, maintenance
        self.told: dict[str, Told] = {}
        self.said: list[str] = []

    def look(self, now: datetime, *standings: Standing) -> list[str]:
        notices, changed, cleared = alerting.owed(
            now, self.monitors, {s.series: s for s in standings}, self.told, self.maintenance, TZ, self.on
        )
        self.told |= {each.monitor: each for each in changed}
        self.told = {key: told for key, told in self.told.items() if key not in cleared}
        self.said += [notice.title for notice in notices]
        return [notice.title for notice in notices]


def standing(state: Status, since: datetime, key: str = "api", **more) -> Standing:
    return Standing(key, state, since, more.pop("seen", since), **more)


def test_down_is_told_once_and_recovery_once(noon: datetime) -> None:
    story = Story(monitor())
    for minute in range(5):
        story.look(noon + minute * MINUTE, standing(DOWN, noon, seen=noon + minute * MINUTE))
    for minute in range(12, 15):
        story.look(noon + minute * MINUTE, standing(UP, noon + 12 * MINUTE))

    assert story.said == ["API is down", "API recovered after 12 min"]


def test_unknown_neither_tells_nor_clears(noon: datetime) -> None:
    story = Story(monitor())

    assert story.look(noon, standing(UNKNOWN, noon)) == []
    story.look(noon, standing(DOWN, noon))
    assert story.look(noon + MINUTE, standing(UNKNOWN, noon + MINUTE)) == []
    assert story.look(noon + 2 * MINUTE, standing(DOWN, noon + 2 * MINUTE)) == []
    assert story.look(noon + 3 * MINUTE, standing(UP, noon + 3 * MINUTE)) == ["API recovered after 3 min"]


def test_down_degraded_down_is_one_trouble(noon: datetime) -> None:
    story = Story(monitor(), on=frozenset({DOWN, DEGRADED}))
    for minute, state in enumerate([DEGRADED, DOWN, DEGRADED, DOWN, UP]):
        story.look(noon + minute * MINUTE, standing(state, noon + minute * MINUTE))

    assert story.said == ["API is degraded", "API is down", "API recovered after 4 min"]


def test_degraded_is_told_only_where_it_is_wanted(noon: datetime) -> None:
    assert Story(monitor()).look(noon, standing(DEGRADED, noon)) == []


def test_announced_maintenance_is_quiet_until_it_is_over(noon: datetime) -> None:
    story = Story(monitor(), maintenance=[Maintenance("work", noon, noon + 5 * MINUTE, ("api",))])

    assert story.look(noon + MINUTE, standing(DOWN, noon)) == []
    assert story.look(noon + 6 * MINUTE, standing(DOWN, noon)) == ["API is down"]


def test_a_paused_monitor_tells_nothing(noon: datetime) -> None:
    assert Story(monitor(paused=True)).look(noon, standing(DOWN, noon)) == []


FAMILY = monitor("database"), monitor("api", depends_on=("database",)), monitor("page", depends_on=("api",))


@pytest.mark.parametrize(
    "parent",
    [
        pytest.param(lambda now: standing(DOWN, now, "database"), id="a parent that is down"),
        pytest.param(
            lambda now: standing(UP, now, "database", doubts=(Doubt(now, DOWN),)), id="a parent that may be down"
        ),
    ],
)
def test_a_child_waits_for(noon: datetime, parent) -> None:
    by_key = {each.key: each for each in FAMILY}
    stood = {"database": parent(noon), "api": standing(DOWN, noon, "api"), "page": standing(DOWN, noon, "page")}

    assert alerting.waiting(by_key["api"], by_key, stood) == "DATABASE"
    assert alerting.waiting(by_key["page"], by_key, stood) is not None
    assert alerting.waiting(by_key["database"], by_key, stood) is None


def test_a_child_that_is_confirmed_first_does_not_alarm_before_its_parent(noon: datetime) -> None:
    story = Story(*FAMILY[:2])
    doubt = standing(UP, noon - MINUTE, "database", doubts=(Doubt(noon, DOWN),), seen=noon)

    assert story.look(noon, doubt, standing(DOWN, noon)) == []
    assert story.look(noon + MINUTE, standing(DOWN, noon, "database"), standing(DOWN, noon)) == ["DATABASE is down"]


def test_a_child_that_stays_down_alarms_after_its_own_look(noon: datetime) -> None:
    story = Story(*FAMILY[:2])
    story.look(noon, standing(DOWN, noon, "database"), standing(DOWN, noon))
    back = standing(UP, noon + 5 * MINUTE, "database")

    before = story.look(noon + 5 * MINUTE, back, standing(DOWN, noon, seen=noon + 4 * MINUTE))
    after = story.look(noon + 6 * MINUTE, back, standing(DOWN, noon, seen=noon + 6 * MINUTE))

    assert (before, after) == (["DATABASE recovered after 5 min"], ["API is down"])


def test_parents_in_a_circle_end(noon: datetime) -> None:
    pair = {"a": monitor("a", depends_on=("b",)), "b": monitor("b", depends_on=("a",))}

    assert alerting.waiting(pair["a"], pair, {"a": standing(DOWN, noon, "a")}) is None


states = st.lists(st.sampled_from([UP, UP, DOWN, DEGRADED, UNKNOWN]), min_size=1, max_size=30)


@settings(max_examples=300, deadline=None)
@given(states, st.sets(st.integers(0, 29)))
def test_a_restart_changes_nothing_that_is_said(walk: list[Status], restarts: set[int]) -> None:
    from datetime import UTC

    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    on = frozenset({DOWN, DEGRADED})
    steady, shaken = Story(monitor(), on=on), Story(monitor(), on=on)
    since = noon
    for i, state in enumerate(walk):
        since = noon + i * MINUTE if i and walk[i - 1] is not state else since
        now = noon + i * MINUTE
        for story in (steady, shaken):
            story.look(now, standing(state, since, seen=now))
        if i in restarts:  # everything but what the store keeps is gone; the same moment is looked at again
            told = dict(shaken.told)
            said = shaken.said
            shaken = Story(monitor(), on=on)
            shaken.told, shaken.said = told, said
            shaken.look(now, standing(state, since, seen=now))

    assert shaken.said == steady.said
    recovered = sum("recovered" in title for title in steady.said)
    assert recovered <= sum("recovered" not in title for title in steady.said)


HOSTILE = [
    "a\r\nBcc: everybody@example.com",
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png) **bold** `code`",
    "@everyone <!channel> @here",
    "{{7*7}} ${HOME} %s {0}",
    "\x00\x1b[31m\u202eevil\u2066",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_text_is_inert(noon: datetime, text: str) -> None:
    hostile = replace(monitor(), name=text, group=text, runbook=None)
    notices, _, _ = alerting.owed(
        noon, [hostile], {"api": standing(DOWN, noon, words=text)}, {}, (), TZ, frozenset({DOWN})
    )

    check(notices[0])


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_is_inert(name: str, why: str) -> None:
    from datetime import UTC

    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    notices, _, _ = alerting.owed(
        noon, [replace(monitor(), name=name)], {"api": standing(DOWN, noon, words=why)}, {}, (), TZ, frozenset({DOWN})
    )
    check(notices[0])
    check(alerting.grouped([notices[0]] * 60))


def check(notice: Notice) -> None:
    assert len(notice.title) <= 120
    assert len(notice.body) <= 2000
    assert "\n" not in notice.title
    for text in (notice.title, *notice.body.split("\n")):
        assert text.isprintable()
        assert not set("<>@*_`[]{}&") & set(text)


def test_many_become_one_message() -> None:
    notices = [Notice(f"m{i}:down", "down", f"M{i} is down", "") for i in range(60)]
    one = alerting.grouped([*notices, Notice("x:recovered", "recovered", "X recovered after 1 min", "")])

    assert one.title == "61 messages: 60 down, 1 recovered"
    assert one.body.count("\n") == 40
    assert "and 21 more" in one.body
    assert alerting.grouped(notices[:1]) is notices[0]


def test_news_goes_where_it_is_wanted() -> None:
    down, both = Channel("a", Secret("json://a")), Channel("b", Secret("json://b"), (DOWN, DEGRADED))
    keys = {
        kind: [c.key for c in alerting.recipients(Notice("k", kind, "", ""), (down, both))]
        for kind in ("down", "degraded", "recovered", "watch")
    }

    assert keys == {"down": ["a", "b"], "degraded": ["b"], "recovered": ["a", "b"], "watch": ["a", "b"]}


def test_patience_grows_and_ends(noon: datetime) -> None:
    assert [alerting.retry_after(n) for n in (1, 2, 3, 9, 500)] == [5, 10, 20, 900, 900]
    assert not alerting.dead(noon, noon + timedelta(hours=47))
    assert alerting.dead(noon, noon + timedelta(hours=49))
