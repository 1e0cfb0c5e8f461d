"""A turn of the grid is served once, however early its timer rings and however quickly the answer comes."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict

from model import Monitor, Result, Status
from poller._probing import Probing

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
