"""Fifty viewers refresh every five seconds while the store changes every second: CPU, and how long a run takes."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from _pages import Viewer, both, cpu
from _report import report

VIEWERS, EVERY, SECONDS = 50, 5.0, 30.0


def write(folder: Path, stop: threading.Event) -> None:
    """What a poller does: every second a twentieth of the monitors is seen again, and the revision grows."""
    from dataclasses import replace

    from data import revision, series, standings, store

    engine, turn = store.open(f"sqlite:///{folder / 'store.db'}"), 0
    while not stop.wait(1.0):
        turn += 1
        with store.writing(engine) as c:
            known = sorted(standings.read(c).items())[turn % 20 :: 20]
            standings.keep(c, series.ids(c), [replace(each, seen=datetime.now(UTC)) for _, each in known])
            revision.bump(c)
    engine.dispose()


async def look(viewer: Viewer, delay: float, until: float) -> list[float]:
    """The durations of one viewer's refreshes."""
    await asyncio.sleep(delay)
    took = []
    while time.monotonic() < until:
        took.append(await viewer.run(fragment=True))
        await asyncio.sleep(max(0.0, EVERY - took[-1]))
    return took


async def crowd(url: str) -> list[float]:
    viewers = [await Viewer.open(url) for _ in range(VIEWERS)]
    for viewer in viewers:
        await viewer.run()
    until = time.monotonic() + SECONDS
    runs = await asyncio.gather(*(look(viewer, EVERY * i / VIEWERS, until) for i, viewer in enumerate(viewers)))
    for viewer in viewers:
        await viewer.close()
    return sorted(took for each in runs for took in each)


def measured(url: str, process) -> tuple[float, list[float]]:
    """(share of a core, durations in s)."""
    start, before = time.monotonic(), cpu(process)
    runs = asyncio.run(crowd(url))
    return (cpu(process) - before) / (time.monotonic() - start), runs


def main() -> None:
    with tempfile.TemporaryDirectory() as name, both(Path(name), 100) as (ours, empty):
        stop = threading.Event()
        writer = threading.Thread(target=write, args=(Path(name), stop))
        writer.start()
        core, runs = measured(*ours)
        floor, _ = measured(*empty)
        stop.set()
        writer.join()
    p50, p95 = (1000 * statistics.quantiles(runs, n=100)[q - 1] for q in (50, 95))
    said = f"{core / floor:.1f} of an empty page; a run takes {p50:.0f} ms, p95 {p95:.0f} ms"
    report(
        __file__,
        "50 viewers every 5 s, 100 monitors",
        f"{100 * core:.0f} % of a core",
        said,
        "50 %, stretch 25 %, p95 1 s",
    )


if __name__ == "__main__":
    main()
