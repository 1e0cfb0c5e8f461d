"""Server CPU of one more viewer's refresh while the store is unchanged, beside an empty fragment in the same run."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

import psutil
from _pages import Viewer, both, cpu
from _report import report

ROUNDS, RUNS = 5, 60


async def spent(viewer: Viewer, process: psutil.Process, fragment: bool) -> float:
    """Milliseconds of CPU for one run."""
    before = cpu(process)
    for _ in range(RUNS):
        await viewer.run(fragment)
    return 1000 * (cpu(process) - before) / RUNS


async def compare(
    ours: tuple[str, psutil.Process], empty: tuple[str, psutil.Process], fragment: bool
) -> list[tuple[float, float]]:
    mine, floor = await Viewer.open(ours[0]), await Viewer.open(empty[0])
    for viewer in (mine, floor):
        await viewer.run()
        await viewer.run()
    pairs = [(await spent(mine, ours[1], fragment), await spent(floor, empty[1], fragment)) for _ in range(ROUNDS)]
    await mine.close()
    await floor.close()
    return pairs


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, both(Path(folder), 500) as (ours, empty):
        for fragment, what in (
            (True, "refresh of an open page, 500 monitors"),
            (False, "whole run of the page, 500 monitors"),
        ):
            pairs = asyncio.run(compare(ours, empty, fragment))
            ratios = sorted(mine / floor for mine, floor in pairs)
            said = f"{statistics.median(ratios):.1f} of an empty one, from {ratios[0]:.1f} to {ratios[-1]:.1f}"
            report(
                __file__, what, f"{statistics.median(mine for mine, _ in pairs):.1f} ms CPU", said, "15 ms, stretch 5"
            )


if __name__ == "__main__":
    main()
