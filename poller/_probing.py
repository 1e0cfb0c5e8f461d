"""When each monitor is probed: absolute due times, no pile-up, missed turns skipped, a quick look while in doubt."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from urllib.parse import urlsplit

from model import Monitor, Result
from poller._clock import boot
from rules import schedule

FIRST = 5.0  # seconds over which the first looks after a start are spread
PER_HOST = 8
GRAIN = 0.002  # seconds that a timer may ring early; what is due within them starts together

Probe = Callable[[Monitor], Awaitable[Result]]
Done = Callable[[Monitor, float, Result], None]


class Probing:
    """A heap of due times; ``done(monitor, began, result)`` is called for each probe that ends."""

    def __init__(self, monitors: Sequence[Monitor], probe: Probe, done: Done, concurrency: int) -> None:
        self.monitors = {monitor.key: monitor for monitor in monitors if not monitor.paused}
        self._probe, self._done = probe, done
        self._room = asyncio.Semaphore(concurrency)
        self._hosts: dict[str, asyncio.Semaphore] = {}  # by monitor
        self._rooms: dict[str, asyncio.Semaphore] = {}  # by host
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}  # the one entry of the heap that counts; older ones are passed over
        self._grid: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._armed = 0.0
        self._closed = False
        self.running: set[str] = set()
        self.late: deque[tuple[float, float]] = deque(maxlen=20_000)  # (when, ms it began after it was due)
        self.probes = self.missed = 0

    async def run(self) -> None:
        """Never returns; cancel it, and ``close``."""
        start = boot()
        for key, monitor in self.monitors.items():
            self._grid[key] = start + schedule.phase(key, monitor.every)
            self._at(key, start + schedule.phase(key, min(FIRST, monitor.every)))
        await asyncio.Event().wait()

    def doubtful(self, keys: frozenset[str]) -> None:
        """Looks at these again in a few seconds, not a whole interval later."""
        for key in keys & self._due.keys() - self.running:
            self._hasten(key, boot() + min(schedule.FAST, self.monitors[key].every))

    def at_once(self, keys: Collection[str]) -> None:
        """Looks at these now; those that are being looked at, right afterwards at their next turn."""
        for key in set(keys) & self._due.keys() - self.running:
            self._hasten(key, boot())

    def _hasten(self, key: str, soon: float) -> None:
        if soon < self._due[key]:
            self._at(key, soon)

    async def close(self) -> None:
        """Ends what runs, and starts nothing any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _at(self, key: str, due: float) -> None:
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        self._arm()

    def _arm(self) -> None:
        """One timer for the earliest due time: no task wakes up for nothing."""
        due = self._heap[0][0]
        if self._closed:
            return
        if self._timer is not None:
            if due >= self._armed:
                return
            self._timer.cancel()
        self._armed = due
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due - boot()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._start_due(boot() + GRAIN)
        if self._heap:
            self._arm()

    def _start_due(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                self.running.add(key)
                task = asyncio.create_task(self._look(self.monitors[key], due))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _look(self, monitor: Monitor, due: float) -> None:
        async with self._host(monitor), self._room:
            began = boot()
            self.late.append((began, (began - due) * 1000))
            result = await self._probe(monitor)
        self.probes += 1
        self._done(monitor, began, result)
        self._next(monitor)

    def _next(self, monitor: Monitor) -> None:
        """The next turn of its grid; the turns that passed meanwhile are missed, never made up for."""
        key, now = monitor.key, boot() + GRAIN  # it may have begun, and ended, that much before its turn
        if self._grid[key] <= now:
            after = schedule.next_due(self._grid[key], monitor.every, now, False)
            self.missed += max(0, round((after - self._grid[key]) / monitor.every) - 1)
            self._grid[key] = after
        self.running.discard(key)
        self._at(key, self._grid[key])

    def _host(self, monitor: Monitor) -> asyncio.Semaphore:
        """The room that this monitor's host has for probes at the same time."""
        found = self._hosts.get(monitor.key)
        if found is None:
            found = self._hosts[monitor.key] = self._rooms.setdefault(host_of(monitor), asyncio.Semaphore(PER_HOST))
        return found


def host_of(monitor: Monitor) -> str:
    """Whom a monitor asks; itself when that cannot be told."""
    target = str(getattr(monitor.options, "url", None) or getattr(monitor.options, "host", ""))
    return (urlsplit(target).hostname if "//" in target else target) or monitor.key
