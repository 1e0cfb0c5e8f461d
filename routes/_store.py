"""The store as the doors see it: opened once, asked in a thread, never on the loop that serves pages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

import settings
from data import store

if TYPE_CHECKING:
    from data.store import Connection, Engine

T = TypeVar("T")


@functools.lru_cache(maxsize=4)
def _engine(url: str, readonly: bool) -> Engine:
    return store.open(url, create=not readonly, readonly=readonly, check=False)


async def read(work: Callable[[Connection], T]) -> T:
    """What ``work`` reads in one snapshot. Raises data.store.StoreError."""

    def inside() -> T:
        with store.reading(_engine(settings.current().store.url, True)) as c:
            return work(c)

    return await run_in_threadpool(inside)


async def write(work: Callable[[Connection], T]) -> T:
    """What ``work`` writes, committed when this returns; tried twice on a full disk. Raises data.store.StoreError."""

    def inside() -> T:
        with store.writing(_engine(settings.current().store.url, False)) as c:
            return work(c)

    try:
        return await run_in_threadpool(inside)
    except store.Full:  # the ballast has been given up
        return await run_in_threadpool(inside)


async def fresh(work: Callable[[Connection], T]) -> T:
    """The same as ``read`` over a connection that is opened now: proves that the store can be opened at all."""

    def inside() -> T:
        engine = store.open(settings.current().store.url, create=False, readonly=True, check=False)
        try:
            with store.reading(engine) as c:
                return work(c)
        finally:
            engine.dispose()

    return await run_in_threadpool(inside)
