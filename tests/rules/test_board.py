"""The overview's order and words, and that a stranger can see nothing but what the allow-list lets through."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from model import Change, Day, Interval, Maintenance, Monitor, Standing, Status, Uptime
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
    assert public.summary(status)["status"] == {"indicator": "major", "description": "Payments: does not work"}


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
