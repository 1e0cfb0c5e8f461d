"""One statement that inserts a row or changes the one that is there, in the dialect of the connection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

Value = int | float | str | bytes | None
Row = tuple[Value, ...]  # in the order of the table's columns


def _insert(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)


def upsert(c: Connection, table: Table, key: Collection[str] = (), stays: Collection[str] = ()) -> Insert:
    """Inserts; where the key (the primary one) is there, every other column but ``stays`` takes the new value."""
    return _replacing(c.dialect, table, key, stays)


def _replacing(dialect: Dialect, table: Table, key: Collection[str] = (), stays: Collection[str] = ()) -> Insert:
    statement = _insert(dialect, table)
    kept = {*key, *stays, *(column.name for column in table.primary_key.columns)}
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in kept}
    index = [table.c[name] for name in key] or list(table.primary_key.columns)
    return statement.on_conflict_do_update(index_elements=index, set_=changed)


def insert_once(c: Connection, table: Table) -> Insert:
    """Inserts; a row whose key is there already is left as it is."""
    return _once(c.dialect, table)


def _once(dialect: Dialect, table: Table) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


def put_rows(c: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Upserts whole rows, handed to the driver as they are: a third of what a statement of SQLAlchemy's costs."""
    _run(c, table, _replacing, rows)


def add_rows(c: Connection, table: Table, rows: Sequence[Row]) -> None:
    """The same; a row whose key is there already is left as it is."""
    _run(c, table, _once, rows)


def _run(c: Connection, table: Table, build: Callable[[Dialect, Table], Insert], rows: Sequence[Row]) -> None:
    if rows:
        sql, names = _compiled(c.dialect, table, build)
        c.exec_driver_sql(sql, [dict(zip(names, row, strict=True)) for row in rows] if names else list(rows))


@lru_cache(maxsize=64)  # a dialect is the engine's own, a table the program's
def _compiled(dialect: Dialect, table: Table, build: Callable[[Dialect, Table], Insert]) -> tuple[str, tuple[str, ...]]:
    """The statement in the driver's words, and the names of its parameters where they have names (on Postgres)."""
    names = tuple(column.name for column in table.columns)
    compiled = build(dialect, table).compile(dialect=dialect, column_keys=names)
    return str(compiled), () if compiled.positional else names
