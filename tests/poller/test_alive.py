"""The outside watch hears of us while results are kept, and no longer; and it can be as slow as it likes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

import settings
from data import store
from model import Monitor
from poller import _alive

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute is a fraction of a second."""
    for name, seconds in (("EVERY", 0.2), ("AGAIN", 0.1), ("LEAST", 1.0)):
        monkeypatch.setattr(_alive, name, seconds)


def calling(configure, target, outside, **more) -> settings.Settings:
    return configure(target.url, extra=f'dead_man = "http://{outside.url}/secret-key"\n', **more)


async def test_it_is_called_while_results_are_kept_and_no_longer(
    quick, soon_locked_out, webs, configure, polling, until
) -> None:
    target, outside = webs(), webs()
    async with polling(calling(configure, target, outside), patience=0.5) as running:
        await until(lambda: len(outside.asked) >= 5, 30)
        with store.writing(running.engine):  # nothing can be kept meanwhile
            await until(lambda: time.monotonic() - outside.asked[-1] > 2, 30)
        again = len(outside.asked)
        await until(lambda: len(outside.asked) > again, 30)


async def test_one_that_hangs_holds_up_no_message(quick, webs, configure, polling, until) -> None:
    target, outside, hook = webs(), webs(), webs()
    outside.hang = 60
    async with polling(calling(configure, target, outside, channels=(f"json://{hook.url}/",))) as running:
        await until(lambda: outside.asked and running.poller.ledger.standings, 30)
        target.status = 503
        await until(lambda: hook.said, 9)  # the call itself is given up after ten seconds
        assert len(outside.asked) == 1


async def test_without_any_result_it_is_not_called(quick, webs, configure, polling, until) -> None:
    target, outside = webs(), webs()
    known = calling(configure, target, outside)
    known = replace(known, monitors=tuple(replace(each, paused=True) for each in known.monitors))
    async with polling(known) as running:
        await until(lambda: running.poller.ledger.epoch)
        await asyncio.sleep(1.5)
        assert outside.asked == []


@pytest.mark.parametrize(
    ("looks", "seconds"),
    [
        ([(30, 10, False)], 60),
        ([(3600, 60, False), (300, 30, False)], 330),
        ([(3600, 60, False), (300, 30, True)], 3660),
        ([], 60),
    ],
    ids=["a minute at least", "the most frequent", "a pause is no look", "nothing to look at"],
)
def test_how_long_no_result_is_all_right(looks, seconds) -> None:
    made = [Monitor("m", "M", "tcp", None, every=every, timeout=late, paused=off) for every, late, off in looks]
    assert _alive.patience(made) == seconds
