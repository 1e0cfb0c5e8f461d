"""The price of the poller: CPU for 1,000 probes, memory, lateness; beside plain httpx with a row a sample, and peers.

`python bench/probes.py [--monitors 500] [--seconds 60] [--peers]`: everything runs at the same time against one target.
`--peers` adds prometheus and prometheus-blackbox-exporter where Debian's packages are installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from _report import report

HOME = Path(__file__).resolve().parents[1]
EVERY = 20.0
BODY = json.dumps(
    {"status": "healthy", "checks": {f"part{i}": {"status": "pass", "responseTime": i} for i in range(20)}}
)
ANSWER = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode()


class Target(asyncio.Protocol):
    """Answers every request with one document of a kilobyte."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if b"\r\n\r\n" in data:
            self.transport.write(ANSWER)  # type: ignore[attr-defined]
            if b"onnection: close" in data:
                self.transport.close()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


async def plain(port: int, monitors: int, path: str) -> None:
    """What a first version would be: one httpx client, a task a monitor, one row a sample, one commit a second."""
    import httpx

    store = sqlite3.connect(path)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE sample (monitor TEXT, at TEXT, status TEXT, ms REAL)")
    rows: list[tuple[str, str, str, float]] = []
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=10) as client:

        async def look(i: int) -> None:
            await asyncio.sleep(EVERY * i / monitors)
            while True:
                began = time.perf_counter()
                answer = await client.get(f"http://127.0.0.1:{port}/{i}")
                answer.json()
                rows.append((f"m{i}", str(time.time()), str(answer.status_code), (time.perf_counter() - began) * 1000))
                await asyncio.sleep(EVERY - (time.perf_counter() - began))

        looking = [asyncio.create_task(look(i)) for i in range(monitors)]
        while True:
            await asyncio.sleep(1)
            store.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", rows)
            store.commit()
            rows.clear()
            assert not [task.result() for task in looking if task.done()]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def started(*command: str) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(15)


def spent(process: psutil.Process) -> float:
    """CPU seconds of a process and its children."""
    tree = [process, *process.children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in tree)


def configuration(folder: Path, port: int, monitors: int) -> Path:
    tables = [
        '[site]\nname = "Bench"\n',
        f'[store]\nurl = "sqlite:///{folder / "w.db"}"\n[watch]\nnetworks = ["127.0.0.0/8"]\nconcurrency = 200\n',
    ]
    tables += [
        f'[[monitor]]\nkey = "m{i}"\ncheck = "http"\nurl = "http://127.0.0.1:{port}/{i}"\nevery = "{EVERY:g}s"\n'
        'json = [{ path = "$.status", equals = "healthy" }]\n'
        for i in range(monitors)
    ]
    path = folder / "wardround.toml"
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


def peers(folder: Path, port: int, monitors: int) -> list[list[str]]:
    """The commands of blackbox exporter and prometheus, configured for the same targets and interval."""
    box, server = free_port(), free_port()
    (folder / "box.yml").write_text("modules:\n  up:\n    prober: http\n    timeout: 10s\n")
    targets = "".join(f'          - "http://127.0.0.1:{port}/{i}"\n' for i in range(monitors))
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: {EVERY:g}s}}\nscrape_configs:\n  - job_name: box\n    metrics_path: /probe\n"
        f"    params: {{module: [up]}}\n    static_configs:\n      - targets:\n{targets}"
        "    relabel_configs:\n      - {source_labels: [__address__], target_label: __param_target}\n"
        "      - {source_labels: [__param_target], target_label: instance}\n"
        f"      - {{target_label: __address__, replacement: '127.0.0.1:{box}'}}\n"
    )
    return [
        ["prometheus-blackbox-exporter", f"--config.file={folder / 'box.yml'}",
         f"--web.listen-address=127.0.0.1:{box}"],
        ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
         f"--web.listen-address=127.0.0.1:{server}"],
    ]  # fmt: skip


def made(folder: Path) -> None:
    from data import store

    store.open(f"sqlite:///{folder / 'w.db'}").dispose()


def watched(folder: Path):
    from data import store, watch

    with store.reading(store.open(f"sqlite:///{folder / 'w.db'}", create=False, readonly=True, check=False)) as c:
        return watch.read(c)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--monitors", type=int, default=500)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--peers", action="store_true")
    asked.add_argument("--serve", type=int)
    asked.add_argument("--plain", nargs=2)
    given = asked.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve))
    if given.plain:
        asyncio.run(plain(int(given.plain[0]), given.monitors, given.plain[1]))
    measure(given.monitors, given.seconds, given.peers and shutil.which("prometheus-blackbox-exporter") is not None)


def measure(monitors: int, seconds: float, with_peers: bool) -> None:
    port, me = free_port(), str(Path(__file__))
    with tempfile.TemporaryDirectory() as name, started(sys.executable, me, "--serve", str(port)):
        folder = Path(name)
        time.sleep(0.5)
        toml = configuration(folder, port, monitors)
        made(folder)  # as on every start but the first, which imports Alembic for once
        commands = [[sys.executable, str(HOME / "wardround.py"), "poll", "--config", str(toml)]]
        plainly = [sys.executable, me, "--monitors", str(monitors), "--plain", str(port), str(folder / "plain.db")]
        commands += [plainly, *(peers(folder, port, monitors) if with_peers else [])]
        with contexts(commands) as processes:
            time.sleep(EVERY + 5)  # everybody has gone once round
            seen = [looked(processes, folder)]
            for _ in range(max(1, round(seconds / EVERY))):
                time.sleep(EVERY)
                seen.append(looked(processes, folder))
            memory = [each.memory_info().rss / 2**20 for each in processes]
        probes, expected = seen[-1][1].probes - seen[0][1].probes, monitors * (len(seen) - 1)
        assert 0.97 < probes / expected < 1.03, f"{probes} probes, expected {expected}"
        said(monitors, [window(monitors, *pair) for pair in pairwise(seen)], memory, seen[-1][1])


@contextmanager
def contexts(commands: list[list[str]]) -> Iterator[list[psutil.Process]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield [stack.enter_context(started(*command)) for command in commands]


Look = tuple[list[float], Any]  # CPU seconds of each process, and what our poller says of itself


def looked(processes: list[psutil.Process], folder: Path) -> Look:
    return [spent(each) for each in processes], watched(folder)


def window(monitors: int, before: Look, after: Look) -> list[float]:
    """CPU seconds for 1,000 probes in one round: ours, plain httpx, and blackbox with prometheus if they run."""
    ours, plainly, *peers = ((b - a) / monitors * 1000 for a, b in zip(before[0], after[0], strict=True))
    return [ours, plainly, *([sum(peers)] if peers else [])]


def said(monitors: int, windows: list[list[float]], memory: list[float], last: Any) -> None:
    ours, *others = zip(*windows, strict=True)
    names = ["plain httpx", "blackbox + prometheus"]
    beside = "; ".join(times(ours, other, name) for other, name in zip(others, names, strict=False))
    name, bar = f"{monitors} monitors every {EVERY:g} s", "1.2 s, stretch 0.8; half of blackbox + prometheus"
    report(__file__, f"{name}: CPU for 1,000 probes, store included", f"{median(ours):.2f} s", beside, bar)
    mem = f"plain httpx {memory[1]:.0f}" + (f", blackbox + prometheus {sum(memory[2:]):.0f}" if len(memory) > 2 else "")
    report(__file__, f"{name}: memory", f"{memory[0]:.0f} MiB", mem, "100 MiB at 2,000, stretch 60")
    late = f"{last.missed} missed of {last.probes}"
    report(__file__, f"{name}: lateness p99", f"{last.late_p99:.0f} ms", late, "50 ms with 25 viewers, stretch 20")


def times(ours: Sequence[float], other: Sequence[float], name: str) -> str:
    """The median of the ratios taken in the same round, with the least and the greatest."""
    ratios = sorted(a / b for a, b in zip(ours, other, strict=True))
    return f"{median(ratios):.2f} of {name} ({ratios[0]:.2f} to {ratios[-1]:.2f}), {median(other):.2f} s"


if __name__ == "__main__":
    main()
