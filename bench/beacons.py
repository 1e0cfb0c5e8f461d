"""1,000 beacons a second for 30 s while 200 monitors are probed and 10 viewers refresh: what is accepted is stored."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psutil
import uvloop
from _pages import HOME, Viewer, cpu, free_port, serving
from _report import report
from probes import configuration, started, watched

OFFERED, SECONDS, ADDRESSES = 1000, 30, 250
MONITORS, VIEWERS, EVERY = 200, 10, 5.0
PAGES = ("", "vitals")  # what they view, by turns
SLOWEST, LATEST = 500, 50  # ms: p95 of a page's run, p99 of the poller's lateness
CONNECTIONS, IDLE = 2000, 3.0  # at most open at once; seconds after which a browser's is not used again
QUIET = 10.0  # seconds in which pages alone are looked at
PATIENCE = 60.0  # seconds for the last answers
LEAST = 0.95  # of what is offered is accepted
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


class Connection(asyncio.Protocol):
    """One of a browser's: sends a beacon, tells the crowd what was answered, and is free again."""

    def __init__(self, crowd: Crowd, address: str) -> None:
        self.crowd, self.address = crowd, address
        self.answer, self.since, self.busy = b"", 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def send(self, raw: bytes) -> None:
        self.answer, self.since, self.busy = b"", time.monotonic(), True
        self.transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        told = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if end and len(body) >= sum(int(line.split(b":")[1]) for line in told):
            self.busy = False
            self.crowd.answered(self, head[9:12].decode())

    def connection_lost(self, _error: Exception | None) -> None:
        self.crowd.lost(self)


class Crowd:
    """Sends every beacon at its time, whatever became of those before; opens connections as a crowd would."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.free: dict[str, list[Connection]] = {f"127.0.1.{n + 1}": [] for n in range(ADDRESSES)}
        self.open = 0
        self.all = asyncio.Event()
        self.codes: Counter[str] = Counter()
        self.took: list[float] = []
        self.late: list[float] = []

    async def offer(self) -> dict[str, object]:
        start, addresses, tasks = time.monotonic() + 0.5, list(self.free), set()
        for number in range(OFFERED * SECONDS):
            due = start + number / OFFERED
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            address, raw = addresses[number % ADDRESSES], request(self.host, number)
            if connection := self.idle(address):
                self.send(connection, raw, due)
            elif self.open < CONNECTIONS:
                self.open += 1
                tasks.add(task := asyncio.create_task(self.opened(address, raw, due)))
                task.add_done_callback(tasks.discard)
            else:
                self.done("never sent")
        with suppress(TimeoutError):
            await asyncio.wait_for(self.all.wait(), PATIENCE)
        self.codes["unanswered"] = OFFERED * SECONDS - sum(self.codes.values())
        late, took = (1000 * sorted(each)[int(len(each) * q)] for each, q in ((self.late, 0.99), (self.took, 0.95)))
        return {"codes": +self.codes, "late": late, "took": took}

    def idle(self, address: str) -> Connection | None:
        """One that is open and free; the server closes those that rest for long."""
        free = self.free[address]
        while free and time.monotonic() - free[-1].since > IDLE:
            free.pop().transport.close()
        return free.pop() if free else None

    async def opened(self, address: str, raw: bytes, due: float) -> None:
        name, _, port = self.host.partition(":")
        made = asyncio.get_running_loop().create_connection(
            lambda: Connection(self, address), name, int(port), local_addr=(address, 0)
        )
        try:
            self.send((await made)[1], raw, due)
        except OSError:
            self.open -= 1
            self.done("not connected")

    def send(self, connection: Connection, raw: bytes, due: float) -> None:
        self.late.append(time.monotonic() - due)
        connection.send(raw)

    def done(self, code: str) -> None:
        self.codes[code] += 1
        if sum(self.codes.values()) == OFFERED * SECONDS:
            self.all.set()

    def answered(self, connection: Connection, code: str) -> None:
        now = time.monotonic()
        self.took.append(now - connection.since)
        connection.since = now
        self.free[connection.address].append(connection)
        self.done(code)

    def lost(self, connection: Connection) -> None:
        self.open -= 1
        if connection.busy:
            self.done("cut off")
        elif connection in self.free[connection.address]:
            self.free[connection.address].remove(connection)


async def look(viewer: Viewer, delay: float, until: float) -> list[float]:
    await asyncio.sleep(delay)
    took = []
    while time.monotonic() < until:
        took.append(await viewer.run(fragment=bool(viewer.fragment) and len(took) % 2 == 0))
        await asyncio.sleep(max(0.0, EVERY - took[-1]))
    return took


async def looked(viewers: list[Viewer], seconds: float) -> list[float]:
    until = time.monotonic() + seconds
    runs = await asyncio.gather(*(look(viewer, EVERY * i / VIEWERS, until) for i, viewer in enumerate(viewers)))
    return sorted(took for each in runs for took in each)


async def both(url: str, server: psutil.Process) -> tuple[dict[str, Any], list[float]]:
    """The beacons come from a process of their own, so that the viewers' clock is not theirs.

    What the pages take without any beacon is measured first, and is no part of what a beacon costs.
    """
    viewers = [await Viewer.open(url, PAGES[n % len(PAGES)]) for n in range(VIEWERS)]
    await asyncio.gather(*(viewer.run() for viewer in viewers))
    assert len({viewer.page for viewer in viewers}) == len(PAGES), "they view different pages"
    before, began = cpu(server), time.monotonic()
    await looked(viewers, QUIET)
    idle = (cpu(server) - before) / (time.monotonic() - began)
    before, began = cpu(server), time.monotonic()
    command = [sys.executable, __file__, "--offer", url.removeprefix("http://")]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    runs = await looked(viewers, SECONDS)
    out, _ = await process.communicate()
    spent = cpu(server) - before - idle * (time.monotonic() - began)
    for viewer in viewers:
        await viewer.close()
    return json.loads(out) | {"spent": spent, "idle": idle}, runs


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
            said, runs = asyncio.run(both(url, server))
            time.sleep(3)
            late = watched(folder)
            kept = stored(folder)
    codes, offered = Counter(said["codes"]), OFFERED * SECONDS
    accepted = codes["204"]
    p95 = 1000 * runs[int(len(runs) * 0.95)]
    turned = ", ".join(f"{many} {code}" for code, many in sorted(codes.items()) if code != "204") or "none"
    each = 1000 * said["spent"] / max(1, accepted)
    beside = (
        f"{kept} stored of {accepted} accepted; not accepted: {turned}; answered within {said['took']:.0f} ms (p95)"
    )
    report(
        __file__,
        f"{OFFERED} beacons/s offered for {SECONDS} s",
        f"{accepted / SECONDS:.0f}/s accepted",
        f"{beside}; {each:.2f} ms CPU each",
        f"all of them stored, {100 * LEAST:.0f} % accepted",
    )
    what = f"page runs meanwhile, {VIEWERS} viewers, {MONITORS} monitors"
    report(
        __file__,
        what,
        f"p95 {p95:.0f} ms",
        f"{100 * said['idle']:.0f} % of a core; poller lateness p99 {late.late_p99:.0f} ms, {late.missed} missed",
        f"{SLOWEST} ms; {LATEST} ms",
    )
    assert kept == accepted, f"{accepted} were accepted, {kept} are stored"
    assert not codes["never sent"], f"{codes['never sent']} of {offered} were never sent"
    assert said["late"] < 1000, f"they were sent {said['late']:.0f} ms late: what was offered is not known"
    assert accepted >= LEAST * offered, f"{accepted} of {offered} were accepted"
    assert p95 < SLOWEST, f"pages took {p95:.0f} ms"
    assert late.late_p99 < LATEST, f"the poller was late by {late.late_p99:.0f} ms"


if __name__ == "__main__":
    if "--offer" in sys.argv:
        print(json.dumps(uvloop.run(Crowd(sys.argv[-1]).offer())))
    else:
        main()
