"""The real checks look at the real demo: what they see is what its history says of that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

import checks
import demo
import settings
from data import pings, standings, store
from demo.rhythm import RHYTHMS
from model import Monitor, Ping, Result, Standing, Status
from rules import status

LOADED_MS = 500


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Monitor, Result, Standing]]:
    """Every monitor of the demo, probed once as it opens, beside where its history stands."""
    playing = demo.start(tmp_path_factory.mktemp("var"))
    try:
        return asyncio.run(_probed(playing.config))
    finally:
        playing.stop()


async def _probed(config: Path) -> dict[str, tuple[Monitor, Result, Standing]]:
    known = settings.load(config)
    engine = store.open(known.store.url)

    async def pinged(key: str) -> Mapping[str, Ping]:
        with store.reading(engine) as c:
            return pings.latest(c, key)

    async with checks.open_tools(networks=known.watch.networks, pings=pinged) as tools:
        results = [status.graded(await checks.run(each, tools), each.slow) for each in known.monitors]
    with store.reading(engine) as c:
        stood = standings.read(c)
    engine.dispose()
    return {each.key: (each, result, stood[each.key]) for each, result in zip(known.monitors, results, strict=True)}


def test_what_is_seen_is_what_history_says(seen) -> None:
    different = {
        key: (result.words, standing.words)
        for key, (_, result, standing) in seen.items()
        if result.status is not standing.status and not _noise(result)
    }
    assert different == {}


def _noise(result: Result) -> bool:
    return "memory" in result.words


def test_the_words_of_trouble_are_the_words_of_the_checks(seen) -> None:
    for key in ("storage", "search", "certificate"):
        _, result, standing = seen[key]
        assert result.words == standing.words
    _, result, standing = seen["payments"]
    assert result.words.partition(" in ")[0] == standing.words.partition(" in ")[0] == "answered"


def test_latency_continues(seen) -> None:
    """The demo waits as long as its rhythm says; what comes on top is this machine's, not the demo's."""
    for key in ("home", "auth", "realtime", "functions", "hosting"):
        _, result, standing = seen[key]
        level = RHYTHMS[key].level(standing.seen.timestamp())
        assert 0.4 * level < standing.latency < 5 * level
        assert 0.4 * level < result.latency < 5 * level + LOADED_MS, key


def test_the_parts_are_those_of_the_history(seen, schedule) -> None:
    from demo import telling

    for player, _ in telling.told(schedule):
        _, result, _ = seen[player.key]
        assert {f"{player.key}/{part.name}" for part in result.parts} == {line.series for line in player.parts}


def test_only_the_vendor_and_the_policy_have_something_to_mend(seen) -> None:
    assert {key for key, (_, result, _) in seen.items() if result.findings} == {"hosting", "headers"}
    assert seen["certificate"][1].status is Status.DEGRADED
