"""When each outside service is read: one question at a time of each, jittered, at another pace while it fails."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import integrations
from model import Integration, Monitor, Snapshot
from poller._clock import boot
from rules.partial import told

log = logging.getLogger("wardround.poller")
JITTER = 0.1
PATIENCE = 3  # failures in a row from which it is asked more and more seldom
LONGEST = 600.0  # seconds between two questions of a service that fails, unless its own period is longer
AGAIN = (60.0, 120.0, 300.0, LONGEST)  # seconds after each failure of what is asked more seldom than that
FIRST = 3.0  # seconds over which the first questions after a start are spread

Done = Callable[[Monitor, float, Snapshot], None]


class Readings:
    """Asks every reading of every integration; ``done(reading, began, snapshot)`` is called for each answer."""

    def __init__(self, known: Sequence[Integration], now: Callable[[], datetime], done: Done) -> None:
        self.known, self._now, self._done = known, now, done
        self._wanted = {reading.key: asyncio.Event() for each in known for reading in each.readings}

    async def run(self) -> None:
        """Returns at once when there is nothing to read, else never; cancel it."""
        if not self.known:
            return
        async with integrations.open_tools(clock=self._now) as tools, asyncio.TaskGroup() as group:
            for integration in self.known:
                for reading in integration.readings:
                    group.create_task(self._ask(integration, reading, tools))

    def at_once(self, key: str) -> None:
        """Asks the reading ``key`` now, if there is one; one that is being asked is asked again."""
        if key in self._wanted:
            self._wanted[key].set()

    async def _ask(self, integration: Integration, reading: Monitor, tools: integrations.Tools) -> None:
        failures = 0
        await asyncio.sleep(random.uniform(0, min(FIRST, reading.every)))
        while True:
            began = boot()
            self._wanted[reading.key].clear()
            snapshot = await integrations.fetch(integration, reading, tools)
            failures = 0 if told(snapshot) else failures + 1
            self._done(reading, began, snapshot)
            with suppress(TimeoutError):
                wait = max(pause(reading.every, failures), snapshot.wait)
                async with asyncio.timeout(wait * random.uniform(1 - JITTER, 1 + JITTER)):
                    await self._wanted[reading.key].wait()


def pause(every: float, failures: int) -> float:
    """Seconds until the next question.

    What is asked seldom is asked again soon after a failure, then more and more seldom, up to its own period. What is
    asked often has its period doubled with each failure from the third on, up to ten minutes.
    """
    if failures == 0:
        return every
    soon = AGAIN[failures - 1] if failures <= len(AGAIN) else LONGEST * 2.0 ** min(failures - len(AGAIN), 20)
    if every >= LONGEST or failures < PATIENCE:
        return min(every, soon)
    return min(every * 2.0 ** min(failures - PATIENCE + 1, 20), LONGEST)
