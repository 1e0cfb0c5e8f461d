"""What takes longer than a probe may: one piece of work at a time, beside the probes, and ended with them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]


class Desk:
    """``begin`` starts work that a probe may wait for, or look after at its next turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = threading.Event()

    def begin(self, key: str, work: Work) -> asyncio.Task[None]:
        """Starts it as soon as the desk is free; what runs or waits under that key already comes first."""
        running = self._tasks.get(key)
        if running is None or running.done():
            running = self._tasks[key] = asyncio.create_task(self._next(work))
        return running

    async def _next(self, work: Work) -> None:
        async with self._turn:
            await work()

    async def thread(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Runs it in a thread that holds up nobody's end; it is handed a question whether to stop."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def told(said: Callable[[], None]) -> None:
            if not done.done():
                said()

        def run() -> None:
            try:
                found = work(self._closed.is_set)
            except BaseException as error:  # it belongs to whoever waits
                _tell(loop, lambda error=error: told(lambda: done.set_exception(error)))  # type: ignore[misc]
            else:
                _tell(loop, lambda: told(lambda: done.set_result(found)))

        threading.Thread(target=run, name="desk", daemon=True).start()
        return await done

    async def close(self) -> None:
        """Ends what runs, and what waits."""
        self._closed.set()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(loop: asyncio.AbstractEventLoop, said: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(said)
