"""The store as the doors see it: opened once, asked in a thread, never on the loop that serves pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

import settings
from data import store

if TYPE_CHECKING:
    from data.store import Connection, Engine

T = TypeVar("T")
DRIVERS = ("sqlalchemy.", "pysqlite3.", "sqlite3.", "psycopg.")
_engines: dict[tuple[str, bool], Engine] = {}
_opening = Lock()


def engine(url: str, readonly: bool) -> Engine:
    """The one engine of this process for ``url``. Raises data.store.StoreError."""
    with _opening:
        if (url, readonly) not in _engines:
            _engines[url, readonly] = store.open(url, create=not readonly, readonly=readonly, check=False)
        return _engines[url, readonly]


def close() -> None:
    """Gives all connections back; the next question opens the store anew."""
    with _opening:
        for each in _engines.values():
            each.dispose()
        _engines.clear()


async def read(work: Callable[[Connection], T]) -> T:
    """What ``work`` reads in one snapshot. Raises data.store.StoreError."""

    def inside() -> T:
        with _in_our_words(), store.reading(engine(settings.current().store.url, True)) as c:
            return work(c)

    return await run_in_threadpool(inside)


async def write(work: Callable[[Connection], T]) -> T:
    """What ``work`` writes, committed when this returns; tried twice on a full disk. Raises data.store.StoreError."""

    def inside() -> T:
        with _in_our_words(), store.writing(engine(settings.current().store.url, False)) as c:
            return work(c)

    try:
        return await run_in_threadpool(inside)
    except store.Full:  # the ballast has been given up
        return await run_in_threadpool(inside)


async def fresh(work: Callable[[Connection], T]) -> T:
    """The same as ``read`` over a connection that is opened now: proves that the store can be opened at all."""

    def inside() -> T:
        with _in_our_words():
            new = store.open(settings.current().store.url, create=False, readonly=True, check=False)
            try:
                with store.reading(new) as c:
                    return work(c)
            finally:
                new.dispose()

    return await run_in_threadpool(inside)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """A file that cannot be opened, or a driver that gives up, is trouble of the store and no mistake of a door."""
    try:
        yield
    except store.StoreError:
        raise
    except OSError as error:
        raise store.StoreError(f"the store cannot be opened: {error.strerror}") from error
    except Exception as error:
        if f"{type(error).__module__}.".startswith(DRIVERS):
            raise store.StoreError(f"the store does not answer ({type(error).__name__})") from error
        raise
