"""How an SQLite store is opened: the driver with a sound SQLite, the pragmas, and when a transaction takes the lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver  # type: ignore[import-untyped]
from sqlalchemy import URL, Connection, Engine, create_engine, event

from data.errors import Refused
from data.filesystem import WAL_LIMIT

LEAST = (3, 51, 3)  # before it, two connections that write and check-point can corrupt the file (WAL-reset bug)
BEGIN = "wardround_begin"
BUSY_MS = 5000
# Parameters in an error would carry what was being written into logs.
POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 20, "hide_parameters": True}


def refuse_old(found: tuple[int, ...] = driver.sqlite_version_info) -> None:
    """Raises Refused for an SQLite with the WAL-reset bug."""
    if found < LEAST:
        raise Refused(
            f"SQLite {'.'.join(map(str, found))} can corrupt its file; {'.'.join(map(str, LEAST))} or newer is needed:"
            " install pysqlite3 0.6.1 or newer"
        )


def pragmas(readonly: bool, max_pages: int | None) -> tuple[str, ...]:
    """FULL costs 1.8 ms a commit; NORMAL lost up to 3,500 acknowledged rows when the power was cut."""
    common = (f"busy_timeout={BUSY_MS}", "synchronous=FULL", "cache_size=-4000", "foreign_keys=ON")
    limit = (f"max_page_count={max_pages}",) if max_pages else ()
    return (*common, *limit, f"journal_size_limit={WAL_LIMIT}", *(("query_only=ON",) if readonly else ()))


def engine_of(path: Path, *, readonly: bool = False, max_pages: int | None = None) -> Engine:
    """An engine over the file ``path``; nothing is opened yet."""
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, module=driver, connect_args={"timeout": BUSY_MS / 1000}, **POOL)
    settings = pragmas(readonly, max_pages)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in settings:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(c: Connection) -> None:
        c.exec_driver_sql(f"BEGIN {c.get_execution_options().get(BEGIN, 'DEFERRED')}")

    return engine


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time opens, makes or swaps a store in this folder. Locks the folder: no file is needed."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
