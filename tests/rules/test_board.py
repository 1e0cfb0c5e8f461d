"""The overview's order and words, and that a stranger can see nothing but what the allow-list lets through."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from model import Bar, Board, Change, Day, Interval, Maintenance, Monitor, Standing, Status, Tile, Uptime
from rules import board, public

UP, DEGRADED, DOWN, UNKNOWN, MAINTENANCE = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN, Status.MAINTENANCE
TZ = ZoneInfo("Europe/Berlin")


def monitor(key: str, **more) -> Monitor:
    return Monitor(key, more.pop("name", key), "http", None, **more)


def tile(state: Status, now: datetime, key: str = "m", maintenance=(), **more):
    one = monitor(key, **more)
    return board.tile(one, Standing(key, state, now, now, "because"), now, {key: one}, {}, maintenance)


def test_the_worst_comes_first(noon: datetime) -> None:
    tiles = [
        tile(UP, noon, "fine"),
        tile(DEGRADED, noon, "slow"),
        tile(DOWN, noon, "b-down"),
        tile(DOWN, noon, "z-critical", critical=True),
        tile(UNKNOWN, noon, "dark"),
    ]
    found = board.board(tiles, [monitor("m")], noon)

    assert [t.key for t in found.tiles] == ["z-critical", "b-down", "slow", "dark", "fine"]
    assert board.banner(found) == (DOWN, "2 monitors are down", "1 degraded · 1 unknown · 1 up")


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([UP, UP], (UP, "All 2 monitors are up", "")),
        ([UP], (UP, "The monitor is up", "")),
        ([UP, DEGRADED], (DEGRADED, "1 monitor is degraded", "1 up")),
        ([UNKNOWN, UNKNOWN], (UNKNOWN, "2 monitors are unknown", "")),
        ([], (UNKNOWN, "Nothing is watched yet", "Add a [[monitor]] to wardround.toml.")),
    ],
)
def test_one_sentence_says_the_worst(noon: datetime, states: list[Status], wanted: tuple[Status, str, str]) -> None:
    tiles = [tile(state, noon, f"m{i}") for i, state in enumerate(states)]

    assert board.banner(board.board(tiles, [monitor("m")], noon)) == wanted


@pytest.mark.parametrize(
    ("ages", "paused", "stale"),
    [
        ({"quick": 120, "slow": 120}, (), False),
        ({"quick": 120, "slow": 7300}, (), True),
        ({"quick": 1, "slow": 7300}, (), False),
        ({"quick": 120, "slow": 120}, ("slow",), True),
        ({"quick": 12}, (), False),
        ({"quick": None}, (), True),
    ],
    ids=["one is within its own", "none is", "the quick one is", "who pauses does not count", "just now", "never seen"],
)
def test_it_is_stale_when_nobody_was_measured_within_his_own_horizon(noon: datetime, ages, paused, stale) -> None:
    every = {"quick": 1.0, "slow": 3600.0}
    watched = [monitor(key, every=every[key], timeout=1.0, paused=key in paused) for key in ages]
    tiles = [board.tile(one, stood(one.key, ages[one.key], noon), noon, {}, {}) for one in watched]
    assert board.board(tiles, watched, noon).stale is stale


def stood(key: str, age: float | None, noon: datetime) -> Standing:
    seen = None if age is None else noon - timedelta(seconds=age)
    return Standing(key, UP, noon - timedelta(days=1), seen)


def test_what_somebody_paused_is_said_but_greys_nothing(noon: datetime) -> None:
    paused = monitor("rest", paused=True)
    resting = board.tile(paused, Standing("rest", DOWN, noon, noon, "x"), noon, {}, {})
    found = board.board([resting, tile(UP, noon, "a"), tile(UP, noon, "b")], [monitor("m"), paused], noon)

    assert (resting.status, resting.words) == (UNKNOWN, "paused in the configuration")
    assert board.banner(found) == (UP, "All 2 monitors are up", "1 paused")
    alone = replace(found, tiles=(resting,))
    assert board.banner(alone)[:2] == (UNKNOWN, "Every monitor is paused")


def test_old_samples_are_never_green(noon: datetime) -> None:
    old = noon - timedelta(minutes=5)
    one = monitor("m")
    seen = board.tile(one, Standing("m", UP, old, old), noon, {}, {})
    found = board.board([seen], [one], noon)

    assert (seen.status, seen.latency, found.stale) == (UNKNOWN, None, True)
    assert board.banner(found)[0] is UNKNOWN


def test_maintenance_says_what_is_measured_beneath_it(noon: datetime) -> None:
    plan = Maintenance("New index", noon, noon + timedelta(hours=1), ("m",))
    seen = tile(DOWN, noon, maintenance=[plan])

    assert (seen.status, seen.words) == (MAINTENANCE, "New index; measured down: because")


def test_maintenance_of_one_never_hides_an_outage_of_another() -> None:
    assert board.worst([MAINTENANCE, DOWN, UP]) is DOWN
    assert board.worst([]) is UNKNOWN


def test_a_bar_shows_the_worst_of_its_day_and_grey_for_no_data() -> None:
    first = date(2026, 11, 20)
    days = [
        Day("m", first, Uptime(up=86_400)),
        Day("m", first + timedelta(days=2), Uptime(up=86_000, down=400)),
    ]
    bars = board.bars(days, first, first + timedelta(days=3), TZ)

    assert [bar.status for bar in bars] == [UP, UNKNOWN, DOWN, UNKNOWN]
    assert bars[2].words == "22 Nov: 99.53 %, down 6 min"
    assert bars[1].words == "21 Nov: no data"
    assert bars[0].start == datetime(2026, 11, 19, 23, tzinfo=UTC)


def test_hours_are_cut_out_of_a_timeline(noon: datetime) -> None:
    hour = timedelta(hours=1)
    line = [Interval("m", UP, noon, noon + 1.5 * hour), Interval("m", DOWN, noon + 1.5 * hour, noon + 2 * hour)]
    bars = board.hours(line, noon, 3, TZ)

    assert [(bar.status, bar.uptime.up, bar.uptime.down) for bar in bars] == [
        (UP, 3600, 0),
        (DOWN, 1800, 1800),
        (UNKNOWN, 0, 0),
    ]


def alarm(state: Status, now: datetime, key: str = "supabase.rls", name: str = "Row level security"):
    return board.alarms([monitor(key, name=name)], {key: Standing(key, state, now, now, "strangers see rows")}, now)


@pytest.mark.parametrize(
    ("states", "alarming", "wanted"),
    [
        ([UP, UP], [DOWN], (DOWN, "Row level security is down", "strangers see rows · 2 monitors up")),
        ([DOWN, UP], [DOWN], (DOWN, "1 monitor and 1 outside service are down", "1 monitor up")),
        ([DOWN, UP], [DEGRADED], (DOWN, "1 monitor is down", "Row level security is degraded · 1 monitor up")),
        ([UP, UP], [UNKNOWN], (UP, "All 2 monitors are up", "")),
        ([UP, UP], [UP], (UP, "All 2 monitors are up", "")),
    ],
)
def test_an_outside_service_that_alarms_is_among_what_is_wrong(noon: datetime, states, alarming, wanted) -> None:
    tiles = [tile(state, noon, f"m{i}") for i, state in enumerate(states)]
    loud = [each for state in alarming for each in alarm(state, noon)]

    found = board.board(tiles, [monitor("m")], noon, loud)

    assert board.banner(found) == wanted
    assert len(found.tiles) == len(states), "it is no monitor"


def test_two_alarms_are_counted(noon: datetime) -> None:
    loud = [*alarm(DOWN, noon), *alarm(DOWN, noon, "stripe.account", "Stripe API")]
    found = board.board([tile(UP, noon)], [monitor("m")], noon, loud)

    assert board.banner(found)[:2] == (DOWN, "2 outside services are down")


def test_nothing_alarms_while_nobody_looks(noon: datetime) -> None:
    later = noon + timedelta(hours=1)
    old = board.tile(monitor("m"), Standing("m", UP, noon, noon), later, {}, {})

    found = board.board([old], [monitor("m")], later, alarm(DOWN, noon))

    assert (found.alarms, board.banner(found)[1]) == ((), "Nobody is looking")
    assert board.alarms([monitor("supabase.rls")], {"supabase.rls": Standing("s", DOWN, noon, noon)}, later) == ()


def test_announced_work_says_what_is_measured_of_a_service_beneath_it(noon: datetime) -> None:
    plan = Maintenance("New index", noon, noon + timedelta(hours=1))
    standing = {"supabase.rls": Standing("supabase.rls", DOWN, noon, noon, "open")}
    (found,) = board.alarms([monitor("supabase.rls")], standing, noon, [plan])

    assert (found.status, found.words) == (MAINTENANCE, "New index; measured down: open")


def test_strangers_hear_nothing_of_outside_services(noon: datetime) -> None:
    tiles, watched = [tile(UP, noon, public="Sign-in")], [monitor("m")]
    quiet, loud = (board.board(tiles, watched, noon, more) for more in ((), alarm(DOWN, noon)))

    assert public.public("Site", loud, (), noon) == public.public("Site", quiet, (), noon)
    assert loud.alarms


POISON = [
    "sk_live_POISON",
    "https://internal.POISON.example/x?token=1",
    "POISON-commit",
    "ECONNREFUSED POISON 10.0.0.7",
]


def test_nothing_of_a_poisoned_store_reaches_a_stranger(noon: datetime) -> None:
    words = " ".join(POISON)
    shown = monitor("POISON-key", name="POISON-name", group="POISON-group", public="Payments", runbook=POISON[1])
    hidden = monitor("POISON-internal", name="POISON-internal")
    days = [Day("m", noon.date(), Uptime(up=80_000, down=6_400))]
    tiles = [
        board.tile(
            each,
            Standing(each.key, DOWN, noon, noon, words, blind=words),
            noon,
            {},
            {},
            bars=board.bars(days, noon.date(), noon.date(), TZ),
            total=days[0].uptime,
            last_change=Change(noon, "commit", words, each.key),
        )
        for each in (shown, hidden)
    ]
    plans = [Maintenance("Move", noon, noon + timedelta(hours=1), ("POISON-key",)),
             Maintenance("POISON secret work", noon, noon + timedelta(hours=1), (), public=False)]  # fmt: skip

    status = public.public("Site", board.board(tiles, [shown, hidden], noon), plans, noon)

    assert [c.name for c in status.components] == ["Payments"]
    assert "POISON" not in repr(status)
    assert "POISON" not in json.dumps(public.summary(status))
    assert public.summary(status)["status"] == {"indicator": "critical", "description": "Payments: does not work"}


def poisoned(noon: datetime, **allowed) -> Tile:
    """A tile in which every text is poison but what the allow-list may show."""
    texts = {f.name: f"POISON {POISON[1]} {f.name}" for f in fields(Tile) if "str" in str(f.type)}
    bar = Bar(noon, DOWN, "POISON", Uptime(down=60))
    change = Change(noon, "commit", "POISON", "POISON")
    more = {"status": DOWN, "since": noon, "seen": noon, "bars": (bar,), "last_change": change, "sparkline": (1.0,)}
    return Tile(**(texts | more | allowed))


@pytest.mark.parametrize("state", Status)
def test_no_text_of_a_tile_but_its_public_name_reaches_a_stranger(noon: datetime, state: Status) -> None:
    tiles = [poisoned(noon, public="Payments", status=state), poisoned(noon, public=None)]
    status = public.public("Site", Board(noon, noon, False, tuple(tiles)), (), noon)

    assert {c.name for c in status.components} == {"Payments"}
    assert "POISON" not in repr(status) + json.dumps(public.summary(status))


def test_work_on_what_is_internal_is_not_announced_to_strangers(noon: datetime) -> None:
    tiles = tuple(tile(UP, noon, key, public=name) for key, name in [("shop", "Shop"), ("ledger", None)])
    end = noon + timedelta(hours=1)
    plans = [
        Maintenance("ledger", noon, end, ("ledger",)),
        Maintenance("shop and ledger", noon, end, ("shop", "ledger")),
        Maintenance("all", noon - timedelta(hours=1), end),
        Maintenance("over", noon - timedelta(hours=1), noon),
    ]
    status = public.public("Site", Board(noon, noon, False, tiles), plans, noon)

    assert [plan.title for plan in status.maintenance] == ["all", "shop and ledger"]
    assert all(plan.monitors == () for plan in status.maintenance)


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ([UP, UP], "none"),
        ([UP, DEGRADED], "minor"),
        ([UP, DOWN], "major"),
        ([DOWN, DOWN], "critical"),
        ([UP, MAINTENANCE], "maintenance"),
        ([UP, UNKNOWN], "minor"),
        ([], "minor"),
    ],
)
def test_the_indicator_is_never_green_when_something_is_not_known(
    noon: datetime, states: list[Status], wanted: str
) -> None:
    tiles = tuple(poisoned(noon, status=state, public=f"Thing {i}") for i, state in enumerate(states))
    status = public.public("Site", Board(noon, noon, False, tiles), (), noon)

    assert public.summary(status)["status"]["indicator"] == wanted


def test_days_of_several_monitors_under_one_name_show_the_worst_and_add_their_seconds(noon: datetime) -> None:
    good, bad, grey = Uptime(up=90), Uptime(up=60, down=30), Uptime(unknown=90)
    strips = [[good, good, grey], [bad, grey, grey]]
    tiles = tuple(
        poisoned(noon, public="Shop", bars=tuple(Bar(noon, board.colour(u), "POISON", u) for u in strip))
        for strip in strips
    )
    (shop,) = public.public("Site", Board(noon, noon, False, tiles), (), noon).components

    assert [(bar.status, bar.words) for bar in shop.bars] == [(DOWN, "83.33 %"), (UP, "100 %"), (UNKNOWN, "no data")]
    assert shop.bars[0].uptime == Uptime(up=150, down=30)


def test_one_public_name_for_several_monitors_shows_the_worst(noon: datetime) -> None:
    tiles = [tile(UP, noon, "a", public="Sign-in"), tile(DEGRADED, noon, "b", public="Sign-in")]
    status = public.public("Site", board.board(tiles, [monitor("m")], noon), (), noon)

    assert [(c.name, c.status) for c in status.components] == [("Sign-in", DEGRADED)]


def test_a_stale_board_is_unknown_to_strangers_too(noon: datetime) -> None:
    tiles = [tile(UP, noon, "a", public="Sign-in")]
    seen = board.board(tiles, [monitor("a")], noon + timedelta(hours=1))
    status = public.public("Site", seen, (), noon + timedelta(hours=1))

    assert (status.status, status.components[0].status, status.stale) == (UNKNOWN, UNKNOWN, True)
    assert public.summary(status)["stale"] is True
