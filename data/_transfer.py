"""How a whole store is carried from one database to another: page by page, or row by row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver  # type: ignore[import-untyped]
from sqlalchemy import BigInteger, Connection, Integer, Table, func, insert, inspect, select

from data import audit
from data.errors import StoreError
from data.tables import AUDIT, METADATA

BATCH = 5000


@contextmanager
def _raw(path: Path) -> Iterator[Any]:
    c = driver.connect(str(path), timeout=5.0, isolation_level=None)
    try:
        yield c
    finally:
        c.close()


def pages(source: Path, target: Path) -> None:
    """SQLite's own online backup in one step: a plain copy of a file in use was corrupt one time in four."""
    try:
        with _raw(source) as old, _raw(target) as new:
            old.backup(new)
        single(target)
    except driver.DatabaseError as error:
        raise StoreError(f"{source} cannot be copied: {error}") from error


def single(path: Path) -> None:
    """Makes one synced file of ``path``, with no log beside it, that may be moved about."""
    with _raw(path) as c:
        c.execute("PRAGMA journal_mode=DELETE")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def rows(old: Connection, new: Connection) -> None:
    """Every row of every table, in batches, over what is there."""
    with audit.opened(new):
        new.execute(AUDIT.delete())
    for table in reversed(METADATA.sorted_tables):
        if table is not AUDIT:
            new.execute(table.delete())
    for table in _there(old):
        found = old.execution_options(yield_per=BATCH).execute(select(table))
        for batch in found.mappings().partitions():
            new.execute(insert(table), [dict(row) for row in batch])
    if new.dialect.name != "sqlite":
        _renumber(new)


def _renumber(c: Connection) -> None:
    """Postgres counts ids on its own and must go on behind those that were brought along."""
    for table in METADATA.sorted_tables:
        (key, *_) = table.primary_key.columns
        if key.name == "id" and key.autoincrement is not False and isinstance(key.type, Integer | BigInteger):
            following = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
            c.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), following, False)))


def counts(c: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: int(c.execute(select(func.count()).select_from(table)).scalar_one()) for table in _there(c)}


def _there(c: Connection) -> list[Table]:
    """Our tables that this database has: one of an older version has fewer."""
    names = set(inspect(c).get_table_names())
    return [table for table in METADATA.sorted_tables if table.name in names]
