"""A turn is served once, by few at a time, never twice at once, and not at all for what is paused or closed."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

from model import Monitor, Result, Status
from poller._probing import PER_HOST, Probing, host_of

EVERY, MONITORS, ROUNDS = 0.2, 150, 8


async def looks() -> dict[str, list[float]]:
    """The turns at which each monitor was looked at, on the axis that never steps."""
    enough = asyncio.Event()
    due: dict[str, list[float]] = defaultdict(list)

    async def answer(monitor: Monitor) -> Result:
        return Result(Status.UP)

    def done(monitor: Monitor, began: float, _: Result) -> None:
        due[monitor.key].append(began - probing.late[-1][1] / 1000)  # nothing runs between the two: it is its own
        if sum(map(len, due.values())) == MONITORS * ROUNDS:
            enough.set()

    monitors = [Monitor(f"m{i}", f"m{i}", "tcp", None, every=EVERY) for i in range(MONITORS)]
    probing = Probing(monitors, answer, done, 50)
    running = asyncio.create_task(probing.run())
    await asyncio.wait_for(enough.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await probing.close()
    return due


def test_no_turn_is_served_twice() -> None:
    due = asyncio.run(looks())
    assert len(due) == MONITORS
    gaps = [b - a for at in due.values() for a, b in itertools.pairwise(at)]
    assert min(gaps) > EVERY / 2


class Stage:
    """Probing with answers that a test lets go; counts how many run at one time, of each host and in all."""

    def __init__(self, monitors: list[Monitor], concurrency: int = 50) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.began: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.probing = Probing(monitors, self._answer, lambda one, *_: self.done.update([one.key]), concurrency)

    async def _answer(self, monitor: Monitor) -> Result:
        names = (monitor.key, host_of(monitor), "all")
        self.began[monitor.key] += 1
        self.running.update(names)
        self.most |= self.running
        await self.gate.wait()
        self.running.subtract(names)
        return Result(Status.UP)


@asynccontextmanager
async def staged(monitors: list[Monitor], concurrency: int = 50) -> AsyncIterator[Stage]:
    stage = Stage(monitors, concurrency)
    task = asyncio.create_task(stage.probing.run())
    try:
        yield stage
    finally:
        await stage.probing.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def web(key: str, host: str, every: float = 0.2, **more: Any) -> Monitor:
    return Monitor(key, key, "http", SimpleNamespace(url=f"http://{host}/{key}"), every=every, **more)


async def test_a_host_is_asked_a_few_things_at_one_time_and_others_need_not_wait(until) -> None:
    many = [web(f"m{n}", "one.example") for n in range(3 * PER_HOST)]
    async with staged([*many, web("other", "two.example")]) as stage:
        await until(lambda: stage.running["one.example"] == PER_HOST and stage.running["other"])
        await asyncio.sleep(0.5)
        assert stage.most["one.example"] == PER_HOST
        stage.gate.set()
        await until(lambda: len(stage.done) == len(many) + 1)
        assert stage.most["one.example"] == PER_HOST


async def test_no_more_run_at_one_time_than_may(until) -> None:
    async with staged([web(f"m{n}", f"h{n}.example") for n in range(30)], concurrency=7) as stage:
        await until(lambda: stage.running["all"] == 7)
        await asyncio.sleep(0.5)
        assert stage.most["all"] == 7
        stage.gate.set()
        await until(lambda: len(stage.done) == 30)
        assert stage.most["all"] == 7


async def test_one_that_hangs_does_not_pile_up_and_its_turns_are_missed_not_made_up_for(until) -> None:
    async with staged([web("m", "one.example", every=0.1)]) as stage:
        await until(lambda: stage.began["m"] == 1)
        await asyncio.sleep(1.0)  # ten turns
        stage.probing.doubtful(frozenset({"m"}))
        stage.probing.at_once(["m"])
        await asyncio.sleep(0.1)
        assert stage.began["m"] == 1
        assert stage.probing.running == {"m"}
        stage.gate.set()
        await until(lambda: stage.done["m"])
        assert stage.probing.missed >= 8


async def test_what_is_paused_is_never_looked_at(until) -> None:
    async with staged([web("m", "one.example"), web("rest", "one.example", paused=True)]) as stage:
        stage.gate.set()
        await until(lambda: stage.done["m"] >= 3)
        stage.probing.at_once(["rest"])
        stage.probing.doubtful(frozenset({"rest"}))
        await until(lambda: stage.done["m"] >= 6)
        assert stage.began["rest"] == 0


async def test_what_is_closed_starts_nothing_more(until) -> None:
    stage = Stage([web(f"m{n}", f"h{n}.example", every=0.05) for n in range(20)])
    task = asyncio.create_task(stage.probing.run())
    stage.gate.set()
    await until(lambda: stage.done.total() > 20)
    await stage.probing.close()
    began = stage.began.total()
    await asyncio.sleep(0.3)
    assert stage.began.total() == began
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
