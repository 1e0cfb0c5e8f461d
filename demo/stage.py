"""Puts the demo on: one process a folder, its store, the sockets, the jobs, and the history behind it."""

from __future__ import annotations

import asyncio
import fcntl
import sys
import time
from collections.abc import Callable
from pathlib import Path

from data import pings, store
from data.store import Engine
from demo import HOME, certificate, config, opening, past, posture, server
from demo.schedule import JOBS, Schedule
from model import Ping

EXPECTED_S = 10.0  # until another process in the same folder has written its configuration


def play(var: Path, *, ready: Callable[[Path], object]) -> None:
    """Plays until interrupted; ``ready`` gets the path of the configuration once every port answers.

    When another process plays in the same folder already, its configuration is shared, and its part taken over when it
    ends: two windows on one demo are one demo.
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as lock:
        shared = _shared(lock.fileno(), var / "demo.toml")
        if shared:
            ready(shared)
            fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(_play(var, (lambda path: None) if shared else ready))


def _shared(lock: int, path: Path) -> Path | None:
    """The configuration of the process that holds the lock; None when the lock is ours now."""
    end = time.monotonic() + EXPECTED_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if path.exists() or time.monotonic() > end:
                return path
            time.sleep(0.1)
        else:
            return None


async def _play(var: Path, ready: Callable[[Path], object]) -> None:
    engine, schedule, unfinished = opening.opened(var)
    ports = server.free(config.ports(var) or server.PREFERRED)
    _, chain, key = certificate.make(var / "demo", past.expires(schedule.opened))
    path = config.write(schedule, ports, var)
    await asyncio.to_thread(posture.dump, var, schedule.seed, server.now())
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(schedule, ports, server.context(chain, key), lambda: ready(path)))
        group.create_task(_jobs(engine, schedule))
        group.create_task(_dumps(var, schedule))
        if unfinished:
            group.create_task(_filled(var))


async def _filled(var: Path) -> None:
    """The rest of the history is written by a process of its own: the sockets must stay quick."""
    command = (sys.executable, "-m", "demo", "fill", str(var))
    process = await asyncio.create_subprocess_exec(*command, cwd=HOME, stdin=asyncio.subprocess.PIPE)
    await process.wait()


async def _jobs(engine: Engine, schedule: Schedule) -> None:
    """The demo's jobs report when they have run."""
    told: dict[str, Ping] = {}
    while True:
        for job in JOBS:
            ping = Ping(job.key, schedule.pushed(job, server.now()), "ok")
            if told.get(job.key) != ping:
                await asyncio.to_thread(_push, engine, ping)
                told[job.key] = ping
        await asyncio.sleep(1)


async def _dumps(var: Path, schedule: Schedule) -> None:
    """The nightly dump, for demos that run through the night."""
    while True:
        await asyncio.sleep(60)
        await asyncio.to_thread(posture.dump, var, schedule.seed, server.now())


def _push(engine: Engine, ping: Ping) -> None:
    with store.writing(engine) as c:
        pings.add(c, ping)
