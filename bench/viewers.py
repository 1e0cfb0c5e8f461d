"""Fifty viewers refresh every five seconds while the store changes every second: CPU, a run's time, the loop's lag."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from _pages import Viewer, both, cpu
from _report import report

VIEWERS, EVERY, SECONDS = 50, 5.0, 30.0
ASKED = 0.2  # seconds between two looks at how long the server's loop lets one wait


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


async def lag(url: str, until: float) -> list[float]:
    """How long the smallest answer takes meanwhile, in s: it needs nothing but the server's loop."""
    took = []
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        while time.monotonic() < until:
            start = time.perf_counter()
            (await client.get(f"{url}/_stcore/health")).raise_for_status()
            took.append(time.perf_counter() - start)
            await asyncio.sleep(ASKED)
    return sorted(took)


async def crowd(url: str) -> tuple[list[float], list[float]]:
    """The durations of all refreshes and of the smallest answers beside them, ascending."""
    viewers = [await Viewer.open(url) for _ in range(VIEWERS)]
    for viewer in viewers:
        await viewer.run()
    until = time.monotonic() + SECONDS
    looks = (look(viewer, EVERY * i / VIEWERS, until) for i, viewer in enumerate(viewers))
    late, *runs = await asyncio.gather(lag(url, until), *looks)
    for viewer in viewers:
        await viewer.close()
    return sorted(took for each in runs for took in each), late


def measured(url: str, process) -> tuple[float, list[float], list[float]]:
    """(share of a core, durations in s of the runs and of the smallest answers)."""
    start, before = time.monotonic(), cpu(process)
    runs, late = asyncio.run(crowd(url))
    return (cpu(process) - before) / (time.monotonic() - start), runs, late


def main() -> None:
    with tempfile.TemporaryDirectory() as name, both(Path(name), 100) as (ours, empty):
        stop = threading.Event()
        writer = threading.Thread(target=write, args=(Path(name), stop))
        writer.start()
        core, runs, late = measured(*ours)
        floor, _, idle = measured(*empty)
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
    what = "50 viewers every 5 s: how long the smallest answer takes meanwhile, at most"
    report(__file__, what, f"{1000 * late[-1]:.0f} ms", f"{late[-1] / idle[-1]:.1f} of an empty page's", "500 ms")


if __name__ == "__main__":
    main()
