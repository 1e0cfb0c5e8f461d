"""1,000 beacons a second for 30 s while 200 monitors are probed and 10 viewers refresh: what is accepted is stored."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from _pages import HOME, Viewer, cpu, free_port, serving
from _report import report
from probes import configuration, started, watched

OFFERED, SECONDS, ADDRESSES = 1000, 30, 250
MONITORS, VIEWERS, EVERY = 200, 10, 5.0
PAGES = ("", "vitals")  # what they view, by turns
SLOWEST, LATEST = 500, 50  # ms: p95 of a page's run, p99 of the poller's lateness
ORIGIN = "https://shop.example"
NAMES = ("LCP", "INP", "CLS", "FCP", "TTFB")
PATHS = ("/", "/prescriptions", "/prescriptions/17", "/checkout", "/dashboard")


def request(host: str, number: int) -> bytes:
    """One beacon as a browser sends it."""
    name = NAMES[number % 5]
    value = 0.05 if name == "CLS" else 100.0 + number * 7919 % 3000
    body = json.dumps(
        {"name": name, "value": value, "id": f"v6-{number}", "path": PATHS[number // 5 % 5], "rating": "good"}
    )
    head = (
        f"POST /api/vitals HTTP/1.1\r\nHost: {host}\r\nOrigin: {ORIGIN}\r\nContent-Type: text/plain;charset=UTF-8\r\n"
    )
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def browser(host: str, address: str, numbers: range, start: float, codes: Counter[str]) -> None:
    """One address: sends each beacon at its time over one connection; what is late is sent as soon as it can be."""
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port), local_addr=(address, 0))
    try:
        for number in numbers:
            await asyncio.sleep(max(0.0, start + number / OFFERED - time.monotonic()))
            if time.monotonic() > start + SECONDS + 2:
                codes["never sent"] += 1
                continue
            writer.write(request(host, number))
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            codes[head[9:12].decode()] += 1
    finally:
        writer.close()


async def offered(host: str) -> Counter[str]:
    codes: Counter[str] = Counter()
    start = time.monotonic() + 0.5
    lanes = [range(n, OFFERED * SECONDS, ADDRESSES) for n in range(ADDRESSES)]
    await asyncio.gather(*(browser(host, f"127.0.1.{n + 1}", lane, start, codes) for n, lane in enumerate(lanes)))
    return codes


async def look(viewer: Viewer, delay: float, until: float) -> list[float]:
    await asyncio.sleep(delay)
    took = []
    while time.monotonic() < until:
        took.append(await viewer.run(fragment=bool(viewer.fragment) and len(took) % 2 == 0))
        await asyncio.sleep(max(0.0, EVERY - took[-1]))
    return took


async def both(url: str) -> tuple[Counter[str], list[float]]:
    """The beacons come from a process of their own, so that the viewers' clock is not theirs."""
    viewers = [await Viewer.open(url, PAGES[n % len(PAGES)]) for n in range(VIEWERS)]
    await asyncio.gather(*(viewer.run() for viewer in viewers))
    assert len({viewer.page for viewer in viewers}) == len(PAGES), "they view different pages"
    command = [sys.executable, __file__, "--offer", url.removeprefix("http://")]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    until = time.monotonic() + SECONDS
    runs = await asyncio.gather(*(look(viewer, EVERY * i / VIEWERS, until) for i, viewer in enumerate(viewers)))
    out, _ = await process.communicate()
    for viewer in viewers:
        await viewer.close()
    return Counter(json.loads(out)), sorted(took for each in runs for took in each)


def stored(folder: Path) -> int:
    from data import store, vitals

    now = datetime.now(UTC)
    url = next(line.split('"')[1] for line in (folder / "wardround.toml").read_text().splitlines() if "sqlite" in line)
    engine = store.open(url, create=False, readonly=True, check=False)
    with store.reading(engine) as c:
        found = sum(each.n for each in vitals.between(c, "hour", now - timedelta(hours=2), now))
    engine.dispose()
    return found


def main() -> None:
    port = free_port()
    target = [sys.executable, str(HOME / "bench" / "probes.py"), "--serve", str(port)]
    with tempfile.TemporaryDirectory() as name, started(*target):
        folder = Path(name)
        config = configuration(folder, port, MONITORS)
        config.write_text(f'[vitals]\norigins = ["{ORIGIN}"]\n' + config.read_text(), encoding="utf-8")
        with serving(HOME / "app.py", config) as (url, server):
            time.sleep(25)
            before = cpu(server)
            codes, runs = asyncio.run(both(url))
            spent = cpu(server) - before
            time.sleep(3)
            late = watched(folder)
            kept = stored(folder)
    accepted = codes["204"]
    p95 = 1000 * runs[int(len(runs) * 0.95)]
    turned = ", ".join(f"{many} {code}" for code, many in sorted(codes.items()) if code != "204") or "none"
    each = 1000 * spent / max(1, accepted)
    beside = f"{kept} stored of {accepted} accepted; turned away: {turned}; {each:.2f} ms CPU each"
    report(
        __file__,
        f"{OFFERED} beacons/s offered for {SECONDS} s",
        f"{accepted / SECONDS:.0f}/s accepted",
        beside,
        "all of them stored",
    )
    what = f"page runs meanwhile, {VIEWERS} viewers, {MONITORS} monitors"
    report(
        __file__,
        what,
        f"p95 {p95:.0f} ms",
        f"poller lateness p99 {late.late_p99:.0f} ms, {late.missed} missed",
        f"{SLOWEST} ms; {LATEST} ms",
    )
    assert kept == accepted, f"{accepted} were accepted, {kept} are stored"
    assert p95 < SLOWEST, f"pages took {p95:.0f} ms"
    assert late.late_p99 < LATEST, f"the poller was late by {late.late_p99:.0f} ms"


if __name__ == "__main__":
    if "--offer" in sys.argv:
        print(json.dumps(asyncio.run(offered(sys.argv[-1]))))
    else:
        main()
