"""A turn of the grid is served once, however early its timer rings and however quickly the answer comes."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from contextlib import suppress

from model import Monitor, Result, Status
from poller._probing import Probing

EVERY, MONITORS, ROUNDS = 0.2, 150, 8


async def looks() -> dict[str, list[float]]:
    """When each monitor was looked at, on the axis that never steps."""
    began: dict[str, list[float]] = defaultdict(list)

    async def answer(monitor: Monitor) -> Result:
        return Result(Status.UP)

    monitors = [Monitor(f"m{i}", f"m{i}", "tcp", None, every=EVERY) for i in range(MONITORS)]
    probing = Probing(monitors, answer, lambda monitor, at, _: began[monitor.key].append(at), 50)
    with suppress(TimeoutError):
        async with asyncio.timeout(EVERY * ROUNDS):
            await probing.run()
    await probing.close()
    return began


def test_no_turn_is_served_twice() -> None:
    began = asyncio.run(looks())
    assert len(began) == MONITORS
    gaps = [b - a for at in began.values() for a, b in itertools.pairwise(at)]  # the first look is off the grid
    assert len(gaps) > MONITORS * (ROUNDS - 4)
    assert min(gaps) > EVERY / 2
