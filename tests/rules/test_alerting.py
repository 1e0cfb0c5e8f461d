"""What is told, and what is not: across restarts, behind parents, in maintenance, with hostile text."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Channel, Doubt, Maintenance, Monitor, Notice, Sample, Secret, Standing, Status, Told
from rules import alerting, status

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
    assert story.look(noon + 6 * MINUTE, standing(DOWN, noon, seen=noon + 6 * MINUTE)) == ["API is down"]


def test_what_was_down_before_a_long_stop_is_looked_at_before_it_alarms(noon: datetime) -> None:
    story, stopped = Story(monitor()), standing(DOWN, noon)

    assert story.look(noon + 120 * MINUTE, stopped) == []
    assert story.look(noon + 120 * MINUTE, standing(DOWN, noon, seen=noon + 120 * MINUTE)) == ["API is down"]


def test_trouble_that_is_already_in_doubt_alarms_nobody(noon: datetime) -> None:
    assert Story(monitor()).look(noon, standing(DOWN, noon, doubts=(Doubt(noon, UP),))) == []


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
    assert alerting.waiting(by_key["page"], by_key, stood) in ("DATABASE", "API")
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


def test_a_grandchild_waits_for_the_root_of_it(noon: datetime) -> None:
    by_key = {each.key: each for each in FAMILY}
    stood = {key: standing(DOWN, noon, key) for key in by_key}

    assert alerting.waiting(by_key["page"], by_key, stood) == "DATABASE"


def test_a_child_waits_for_the_first_look_at_its_parent_but_not_for_ever(noon: datetime) -> None:
    parent = standing(UP, noon - 60 * MINUTE, "database", seen=noon - timedelta(seconds=20))
    story = Story(*FAMILY[:2])

    assert story.look(noon + timedelta(seconds=3), parent, standing(DOWN, noon)) == []
    asked = replace(parent, seen=noon + timedelta(seconds=10))
    assert Story(*FAMILY[:2]).look(noon + timedelta(seconds=10), asked, standing(DOWN, noon)) == ["API is down"]
    late = noon + timedelta(seconds=61)
    slow = (monitor("database", every=3600), FAMILY[1])
    assert Story(*slow).look(late, parent, standing(DOWN, noon, seen=late)) == ["API is down"]


@pytest.mark.parametrize(
    ("parent", "stood"),
    [
        pytest.param(monitor("database", paused=True), lambda now: standing(DOWN, now, "database"), id="is paused"),
        pytest.param(
            monitor("database"), lambda now: standing(DOWN, now - 60 * MINUTE, "database"), id="nobody looks at"
        ),
        pytest.param(monitor("database"), lambda now: Standing("database", DOWN, now), id="was never measured"),
    ],
)
def test_a_child_never_waits_for_a_parent_that(noon: datetime, parent: Monitor, stood) -> None:
    assert Story(parent, FAMILY[1]).look(noon, stood(noon), standing(DOWN, noon)) == ["API is down"]


EVERY, AGAIN = 30.0, 3.0


@settings(max_examples=150)
@given(st.floats(0, EVERY), st.floats(0, EVERY), st.integers(1, 3), st.integers(1, 3), st.integers(40, 300))
def test_when_parent_and_child_fall_and_rise_together_only_the_parent_is_told(
    first: float, second: float, patient: int, childish: int, length: int
) -> None:
    """Both are judged as the poller does it: every 30 s, after 3 s in doubt; what is owed is asked each second."""
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    family = monitor("database", confirm=patient), monitor("api", confirm=childish, depends_on=("database",))
    story, due = Story(*family), {"database": first, "api": second}
    stood = {one.key: status.first(one.key, start) for one in family}
    for now in range(800):
        for one in family:
            while due[one.key] <= now:
                at = due[one.key]
                state = DOWN if 200 <= at < 200 + length else UP
                sample = Sample(one.key, start + timedelta(seconds=at), state)
                stood[one.key] = status.judge(stood[one.key], sample, one.confirm, one.horizon).standing
                due[one.key] = at + (AGAIN if stood[one.key].unsure else EVERY)
        story.look(start + timedelta(seconds=now), *stood.values())

    assert [title.split(" after")[0] for title in story.said] == ["DATABASE is down", "DATABASE recovered"]


def test_parents_in_a_circle_end(noon: datetime) -> None:
    pair = {"a": monitor("a", depends_on=("b",)), "b": monitor("b", depends_on=("a",))}

    assert alerting.waiting(pair["a"], pair, {"a": standing(DOWN, noon, "a")}) is None


states = st.lists(st.sampled_from([UP, UP, DOWN, DEGRADED, UNKNOWN]), min_size=1, max_size=30)


@settings(max_examples=300)
@given(states, st.sets(st.integers(0, 29)))
def test_a_restart_changes_nothing_that_is_said(walk: list[Status], restarts: set[int]) -> None:
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


def test_a_long_name_leaves_room_for_what_happened(noon: datetime) -> None:
    story = Story(replace(monitor(), name="y" * 500))

    assert story.look(noon, standing(DOWN, noon))[0].endswith("… is down")


@pytest.mark.parametrize(
    ("runbook", "line"),
    [
        ("https://wiki.example/run_book?id=3&x=[1]", "Runbook: https://wiki.example/run＿book?id=3＆x=［1］"),
        ("https://wiki.example/run_book?id=3&x=1#top", "Runbook: https://wiki.example/run_book?id=3&x=1#top"),
        ("see <b>the</b>\r\nwiki", "Runbook: see ‹b›the‹/b› wiki"),
    ],
    ids=["signs that no address needs", "a link works when it is pressed", "words"],
)
def test_the_runbook(noon: datetime, runbook: str, line: str) -> None:
    notices, _, _ = alerting.owed(
        noon, [monitor(runbook=runbook)], {"api": standing(DOWN, noon)}, {}, (), TZ, frozenset({DOWN})
    )

    assert notices[0].body.split("\n")[-1] == line


HOSTILE = [
    "a\r\nBcc: everybody@example.com",
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png) **bold** `code`",
    "@everyone <!channel> @here",
    "{{7*7}} ${HOME} %s {0}",
    "\x00\x1b[31m\u202eevil\u2066",
    "# heading ~~struck~~ ||hidden|| \\n",
    "x" * 1_000_000,
    "<@*" * 300_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_text_is_inert(noon: datetime, text: str) -> None:
    hostile = replace(monitor(), name=text, group=text, runbook=None)
    notices, _, _ = alerting.owed(
        noon, [hostile], {"api": standing(DOWN, noon, words=text)}, {}, (), TZ, frozenset({DOWN})
    )

    check(notices[0])


def said(noon: datetime, name: str, why: str) -> Notice:
    notices, _, _ = alerting.owed(
        noon, [replace(monitor(), name=name)], {"api": standing(DOWN, noon, words=why)}, {}, (), TZ, frozenset({DOWN})
    )
    return notices[0]


@settings(max_examples=300)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_is_inert(name: str, why: str) -> None:
    notice = said(datetime(2026, 11, 23, 12, tzinfo=UTC), name, why)

    check(notice)
    check(alerting.grouped([notice] * 60))


def test_ten_thousand_mixtures_of_the_worst_are_inert(noon: datetime) -> None:
    dice = random.Random(11)
    pieces = [*HOSTILE[:-2], *"<>@*_`[]{}&~|\\#\r\n\t\0", "\u2028", "\u200b", "\ud800", "\U000e0041", "é", "字", " "]
    for _ in range(10_000):
        name, why = ("".join(dice.choices(pieces, k=dice.randrange(12))) for _ in range(2))
        check(said(noon, name, why))


def check(notice: Notice) -> None:
    assert len(notice.title) <= 120
    assert len(notice.body) <= 2000
    assert "\n" not in notice.title
    for text in (notice.title, *notice.body.split("\n")):
        assert text.isprintable()
        assert not set("<>@*_`[]{}&~|\\#") & set(text)


def test_many_become_one_message() -> None:
    notices = [Notice(f"m{i}:down", "down", f"M{i} is down", "since\nReason: refused") for i in range(60)]
    back = Notice("x:recovered", "recovered", "X recovered after 1 min", "")

    assert alerting.grouped(notices[:1]) is notices[0]
    assert alerting.grouped(notices[:2]).title == "2 monitors are down"
    assert alerting.grouped(notices[:2]).body == "M0 is down: refused\nM1 is down: refused"
    assert alerting.grouped([back, back]).title == "2 monitors recovered"
    many = alerting.grouped([*notices, back])
    assert (many.title, many.kind) == ("60 down, 1 recovered", "down")
    assert many.body.count("\n") == 40
    assert many.body.endswith("\nand 21 more")


def test_long_reasons_do_not_hide_how_many_more_there_are() -> None:
    notices = [Notice(f"m{i}", "down", f"M{i} is down", "Reason: " + "long " * 50) for i in range(60)]
    lines = alerting.grouped(notices).body.split("\n")

    assert sum(map(len, lines)) <= 2000
    assert lines[-1] == f"and {60 - (len(lines) - 1)} more"


def test_news_goes_where_it_is_wanted() -> None:
    down, both = Channel("a", Secret("json://a")), Channel("b", Secret("json://b"), (DOWN, DEGRADED))
    keys = {
        kind: [c.key for c in alerting.recipients(Notice("k", kind, "", ""), (down, both))]
        for kind in ("down", "degraded", "recovered", "watch")
    }

    assert keys == {"down": ["a", "b"], "degraded": ["b"], "recovered": ["a", "b"], "watch": ["a", "b"]}


@pytest.mark.parametrize(
    ("worst", "heard"), [(DOWN, ["a", "b"]), (DEGRADED, ["b"])], ids=["down", "degraded is not the pager's trouble"]
)
def test_the_end_is_told_to_those_who_heard_of_the_beginning(worst: Status, heard: list[str], noon: datetime) -> None:
    channels = Channel("a", Secret("json://a")), Channel("b", Secret("json://b"), (DOWN, DEGRADED))
    told = {"api": Told("api", worst, noon)}
    notices, _, _ = alerting.owed(noon, [monitor()], {"api": standing(UP, noon)}, told, (), TZ, frozenset({DOWN}))

    assert [channel.key for channel in alerting.recipients(notices[0], channels)] == heard


def test_blindness_has_a_beginning_and_an_end(noon: datetime) -> None:
    dark, light = (alerting.blindness(blind, noon, noon + 5 * MINUTE, TZ) for blind in (True, False))

    assert (dark.kind, dark.title) == ("watch", "Wardround is blind: its own network is cut")
    assert light.title == "Wardround can see again after 5 min"
    assert dark.key != light.key


def test_patience_grows_and_ends(noon: datetime) -> None:
    assert [alerting.retry_after(n) for n in (1, 2, 3, 9, 500)] == [5, 10, 20, 900, 900]
    assert not alerting.dead(noon, noon + timedelta(hours=47))
    assert alerting.dead(noon, noon + timedelta(hours=49))
