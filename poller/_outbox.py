"""Delivers what is owed: lease, send, mark; one channel never waits for another, and probing waits for none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import notify
from data import notifications, revision, store
from data.store import Engine
from model import Channel, Notification
from rules import alerting
from settings import Settings

T = TypeVar("T")
InWriter = Callable[[Callable[[], T]], Awaitable[T]]


class Outbox:
    """``turn`` starts a delivery for every channel that has something due and is not busy."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        holder: str,
        now: Callable[[], datetime],
        writer: Callable[[Callable[[], object]], Awaitable[object]],
    ) -> None:
        self.engine, self.settings, self.holder, self.now, self._writer = engine, settings, holder, now, writer
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.oldest: datetime | None = None

    async def turn(self) -> None:
        """Looks once; returns at once, the sending goes on by itself."""
        count, self.oldest = await asyncio.to_thread(self._waiting)
        for channel in self.settings.channels if count else ():
            running = self._busy.get(channel.key)
            if running is None or _ended(running):
                self._busy[channel.key] = asyncio.create_task(self._deliver(channel))

    async def close(self) -> None:
        """Lets go of what is still being sent; it stays owed."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _waiting(self) -> tuple[int, datetime | None]:
        with store.reading(self.engine) as c:
            return notifications.waiting(c)

    async def _deliver(self, channel: Channel) -> None:
        batch = await self._writer(lambda: self._claim(channel))
        assert isinstance(batch, tuple)
        if not batch:
            return
        notice = alerting.grouped([owed.notice for owed in batch])
        error = await in_thread(lambda: notify.deliver(channel, notice, batch[0].batch or ""), channel.timeout)
        await self._writer(lambda: self._mark(batch, error))

    def _claim(self, channel: Channel) -> tuple[Notification, ...]:
        now = self.now()
        with store.writing(self.engine) as c:
            last = notifications.last_sent(c, channel.key)
            if last is not None and now - last < timedelta(seconds=self.settings.watch.group_window):
                return ()
            return notifications.claim(c, channel.key, self.holder, now, channel.timeout + 30)

    def _mark(self, batch: tuple[Notification, ...], error: str | None) -> None:
        now, ids = self.now(), [owed.id for owed in batch]
        with store.writing(self.engine) as c:
            if error is None:
                notifications.sent(c, ids, now)
            else:
                again = now + timedelta(seconds=alerting.retry_after(batch[0].attempts))
                notifications.failed(c, ids, error, again, alerting.dead(batch[0].created, now))
            revision.bump(c)


def _ended(task: asyncio.Task[None]) -> bool:
    """Whether a delivery is over; raises what broke it when that was not the store, which may come back."""
    if not task.done():
        return False
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, store.StoreError | store.Broken):
        raise error
    return True


async def in_thread(send: Callable[[], str | None], seconds: float) -> str | None:
    """Runs ``send`` in a thread of its own; after ``seconds`` that thread is left alone, and it counts as failed."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str | None] = loop.create_future()

    def finish(error: str | None) -> None:
        if not done.done():
            done.set_result(error)

    def work() -> None:
        error = send()
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=work, daemon=True, name="send").start()
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        return f"not delivered within {seconds:.0f} s"
