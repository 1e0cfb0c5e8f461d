"""A program that gives life on request to a process that a test kills at a given step, and says how each one ended.

It forks where no thread runs: a fork of the process of the tests, which has many, might take a held lock along.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import notify
import settings
from data import notifications, store
from data.store import Engine
from model import Result, Status, WatchReport
from poller._ledger import Ledger, Seen
from poller._outbox import Outbox
from settings import Settings

NEVER = 0


class Killer:
    """Ends this process without a word at the n-th step."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def one_life(known: Settings, trial: int, killer: Killer) -> None:
    """Takes the lease, sees one monitor go bad and good again, delivers what is owed."""
    engine = store.open(known.store.url, check=False)
    ledger = Ledger(engine, known, f"life-{trial}", 0.05)
    while not ledger.take(datetime.now(UTC)):
        time.sleep(0.02)
    for state in (Status.DOWN, Status.DOWN, Status.UP, Status.UP):
        now = datetime.now(UTC)
        seen = Seen(known.monitors[trial % len(known.monitors)], now, Result(state, state))
        killer.step()
        ledger.keep([seen], now, WatchReport(now, now, os.getpid(), 0, "test", 1, 1))
        killer.step()
        time.sleep(0.002)  # the moments of samples are kept to the millisecond
    asyncio.run(delivered(engine, known, trial, killer))


def last_life(known: Settings, trial: int) -> None:
    """Delivers what is owed, and is left to live."""
    asyncio.run(delivered(store.open(known.store.url, check=False), known, trial, Killer(NEVER)))


async def delivered(engine: Engine, known: Settings, trial: int, killer: Killer) -> None:
    async def write(work: Callable[[], object]) -> object:
        killer.step()
        done = work()
        killer.step()
        return done

    outbox = Outbox(engine, known, f"life-{trial}", lambda: datetime.now(UTC), write)
    patient = time.monotonic() + 120
    while time.monotonic() < patient:
        await outbox.turn()
        await asyncio.sleep(0.01)
        with store.reading(engine) as c:
            if notifications.waiting(c)[0] == 0:
                return


def born(work: Callable[[], None]) -> int:
    """Runs ``work`` in a process of its own; its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def main(path: Path) -> None:
    """Reads "trial step" lines; step 0 lets it live."""
    known = settings.load(path)
    notify._apprise().Apprise().add("json://127.0.0.1:9")  # loads all its plugins, once for all lives
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        trial, step = map(int, line.split())
        ended = born(lambda t=trial, s=step: one_life(known, t, Killer(s)) if s else last_life(known, t))
        print(ended, flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
