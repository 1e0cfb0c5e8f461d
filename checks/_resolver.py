"""Names to addresses in threads of our own: a name server that is silent for some names must not delay the others.

A lookup cannot be stopped: it holds its thread until the system gives up, long after the probe's deadline. So a name
has at most one lookup at a time, which all that want it share, and names whose lookups hang may hold only a part of the
threads.
Nothing is cached: the DNS stretch of a probe is what a fresh visitor would wait.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable
from time import monotonic

Lookup = Callable[[str], tuple[str, ...]]
THREADS, SUSPECTS = 64, 40  # the difference stays free for names that have not hung lately
HANGING = 1.0  # seconds after which a lookup makes its name suspect
MOST = 8  # addresses of one name that are looked at


def system(name: str) -> tuple[str, ...]:
    """The addresses as this machine resolves the name (hosts file, search list and all), in the order to try them."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))[:MOST]


class Resolver:
    """Bounded, shared lookups; open from within the running loop, ``close`` when done."""

    def __init__(self, lookup: Lookup = system) -> None:
        self._lookup = lookup
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[str, asyncio.Future[tuple[str, ...]]] | None] = queue.SimpleQueue()
        self._running: dict[str, asyncio.Future[tuple[str, ...]]] = {}
        self._since: dict[str, float] = {}
        self._suspects: set[str] = set()
        self._room = asyncio.Semaphore(SUSPECTS)
        self._threads = 0

    async def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of a name, IPv6 and IPv4; raises socket.gaierror."""
        running = self._running.get(name)
        if running is not None:
            return await asyncio.shield(running)
        if name in self._suspects:
            return await self._suspected(name)
        return await asyncio.shield(self._begin(name))

    async def _suspected(self, name: str) -> tuple[str, ...]:
        await self._room.acquire()
        running = self._running.get(name)
        if running is None:
            running = self._begin(name)
            running.add_done_callback(lambda _: self._room.release())
        else:
            self._room.release()
        return await asyncio.shield(running)

    def _begin(self, name: str) -> asyncio.Future[tuple[str, ...]]:
        future: asyncio.Future[tuple[str, ...]] = self._loop.create_future()
        future.add_done_callback(lambda done: self._ended(name, done))
        self._running[name], self._since[name] = future, monotonic()
        if self._threads < min(THREADS, len(self._running)):
            self._threads += 1
            threading.Thread(target=self._work, name=f"dns-{self._threads}", daemon=True).start()
        self._jobs.put((name, future))
        return future

    def _ended(self, name: str, done: asyncio.Future[tuple[str, ...]]) -> None:
        self._running.pop(name, None)
        hung = monotonic() - self._since.pop(name) > HANGING
        (self._suspects.add if hung else self._suspects.discard)(name)
        if not done.cancelled():
            done.exception()  # the probe that wanted it may be gone: the error counts as seen

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            name, future = job
            try:
                found, error = self._lookup(name), None
            except Exception as caught:  # carried over to whoever waits
                found, error = (), caught
            self._hand_over(future, found, error)

    def _hand_over(
        self, future: asyncio.Future[tuple[str, ...]], found: tuple[str, ...], error: Exception | None
    ) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, future, found, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def close(self) -> None:
        """Lets the idle threads go; those inside a hung lookup are daemons and hold nobody up."""
        for _ in range(self._threads):
            self._jobs.put(None)
        for future in tuple(self._running.values()):
            future.cancel()


def _settle(future: asyncio.Future[tuple[str, ...]], found: tuple[str, ...], error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(found)
