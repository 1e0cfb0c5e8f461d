"""What was read from the store, kept for all viewers of this process: one query a revision, however many look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

import data.revision
import data.store
import settings
from data.store import Engine

PATIENCE = 1.0  # seconds for which the revision is not asked again
FRESH = 10.0  # seconds after which time alone can have changed a status, though the store is the same
T = TypeVar("T")
MOST = 64  # windows, monitors and filters kept at once

_lock = threading.RLock()
_engines: dict[str, Engine] = {}
_kept: dict[Hashable, tuple[object, float, Any]] = {}
_making: dict[Hashable, threading.RLock] = {}


def engine() -> Engine:
    """The store, opened for reading once. Raises data.store.StoreError: Missing while there is none yet."""
    url = settings.current().store.url
    with _lock:
        if url not in _engines:
            _engines[url] = data.store.open(url, create=False, readonly=True, check=False)
        return _engines[url]


def revision() -> int:
    """The revision of the store; asked at most once a second."""
    return kept("revision", None, PATIENCE, _revision)


def _revision() -> int:
    with data.store.reading(engine()) as c:
        return data.revision.read(c)


def stale() -> None:
    """Asks the store for its revision anew: somebody has just written."""
    with _lock:
        _kept.pop("revision", None)


def kept(key: Hashable, stamp: object, seconds: float, make: Callable[[], T]) -> T:
    """The value under ``key`` if it was made for the same ``stamp`` less than ``seconds`` ago, else a new one.

    One viewer makes it; those who come meanwhile wait for it, which is cheaper than making it again.
    """
    with _lock:
        mine = _making.setdefault(key, threading.RLock())
    with mine:
        found = _kept.get(key)
        if found and found[0] == stamp and time.monotonic() - found[1] < seconds:
            return cast(T, found[2])
        try:
            value = make()
        except BaseException:
            _making.pop(key, None)
            raise
        with _lock:
            _keep(key, (stamp, time.monotonic(), value))
        return value


def _keep(key: Hashable, entry: tuple[object, float, Any]) -> None:
    _kept.pop(key, None)
    _kept[key] = entry
    while len(_kept) > MOST:
        oldest = next(iter(_kept))
        del _kept[oldest]
        _making.pop(oldest, None)


def forget() -> None:
    """Drops everything that is kept, and closes the store: for tests, and for a store that was moved."""
    with _lock:
        _kept.clear()
        _making.clear()
        for each in _engines.values():
            each.dispose()
        _engines.clear()
