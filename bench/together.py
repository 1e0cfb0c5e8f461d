"""Everything at once: 500 monitors every 20 s by the real server's own poller while 25 viewers refresh every 5 s."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from _pages import HOME, Viewer, cpu, free_port, serving
from _report import report
from probes import configuration, spent, started, watched

MONITORS, VIEWERS, EVERY, SECONDS = 500, 25, 5.0, 60.0


async def look(viewer: Viewer, delay: float, until: float) -> list[float]:
    """The durations of one viewer's refreshes."""
    await asyncio.sleep(delay)
    took = []
    while time.monotonic() < until:
        took.append(await viewer.run(fragment=True))
        await asyncio.sleep(max(0.0, EVERY - took[-1]))
    return took


async def crowd(url: str) -> list[float]:
    """All refreshes of all viewers, in seconds, ascending."""
    viewers = [await Viewer.open(url) for _ in range(VIEWERS)]
    await asyncio.gather(*(viewer.run() for viewer in viewers))
    until = time.monotonic() + SECONDS
    runs = await asyncio.gather(*(look(viewer, EVERY * i / VIEWERS, until) for i, viewer in enumerate(viewers)))
    for viewer in viewers:
        await viewer.close()
    return sorted(took for each in runs for took in each)


def main() -> None:
    port = free_port()
    target = [sys.executable, str(HOME / "bench" / "probes.py"), "--serve", str(port)]
    with tempfile.TemporaryDirectory() as name, started(*target):
        folder = Path(name)
        config = configuration(folder, port, MONITORS)
        with serving(HOME / "app.py", config) as (url, server):
            time.sleep(30)  # everybody was looked at, and the first rush has left the last minute's figures
            pages, whole = cpu(server), spent(server)
            runs = asyncio.run(crowd(url))
            pages, whole = cpu(server) - pages, spent(server) - whole
            time.sleep(6)
            last = watched(folder)
    p95 = 1000 * runs[int(len(runs) * 0.95)]
    beside = f"{last.missed} missed of {last.probes}; refresh p95 {p95:.0f} ms; pages {pages / whole:.0%} of all CPU"
    what = f"lateness p99, {MONITORS} monitors every 20 s, {VIEWERS} viewers"
    report(__file__, what, f"{last.late_p99:.0f} ms", beside, "50 ms, none missed; stretch 20")


if __name__ == "__main__":
    main()
