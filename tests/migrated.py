"""Empty stores that are there at once: migrated once a process, copied wherever a test has one made.

How a store comes to be is tested in tests/data/test_migrations.py and by every child process, which copies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Connection

from data import _file, schema


@contextmanager
def copied(folder: Path) -> Iterator[None]:
    """Inside, an SQLite store that is made new is a copy of one in ``folder``, which the migrations made."""
    made = folder / "migrated.db"
    _file.build(made)
    template = sqlite.connect(made)
    template.execute("PRAGMA journal_mode=DELETE")  # its header is copied too, and a file in the making has no log

    def migrate(c: Connection, target: str = "head") -> None:
        raw = c.connection.driver_connection
        assert isinstance(raw, sqlite.Connection)
        try:
            fresh = target == "head" and not raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if fresh:
                template.backup(raw)
        except sqlite.Error:  # a full disk: what is said of it is for the real one to find out
            fresh = False
        if not fresh:
            schema.migrate(c, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_file, "migrate", migrate)
        yield
    template.close()
