"""One integer that grows with every write, so that a reader asks one row whether anything is new."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from data.tables import REVISION


def bump(c: Connection) -> int:
    """Counts one write on; returns the new revision. Call it last: on Postgres others wait for this row."""
    statement = update(REVISION).values(number=REVISION.c.number + 1).returning(REVISION.c.number)
    return int(c.execute(statement).scalar_one())


def read(c: Connection) -> int:
    """The revision of the newest committed write, 0 in a new store."""
    return int(c.execute(select(REVISION.c.number)).scalar_one())
