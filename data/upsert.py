"""One statement that inserts a row or changes the one that is there, in the dialect of the connection."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert


def _insert(c: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if c.dialect.name == "sqlite" else postgresql.insert(table)


def upsert(c: Connection, table: Table, key: Collection[str] = (), stays: Collection[str] = ()) -> Insert:
    """Inserts; where the key (the primary one) is there, every other column but ``stays`` takes the new value."""
    statement = _insert(c, table)
    kept = {*key, *stays, *(column.name for column in table.primary_key.columns)}
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in kept}
    index = [table.c[name] for name in key] or list(table.primary_key.columns)
    return statement.on_conflict_do_update(index_elements=index, set_=changed)


def insert_once(c: Connection, table: Table) -> Insert:
    """Inserts; a row whose key is there already is left as it is."""
    return _insert(c, table).on_conflict_do_nothing()
