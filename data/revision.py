"""One integer that grows with every write, so that a reader asks one row whether anything is new."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from data.tables import REVISION

# built once: it is asked with every write
NEXT = update(REVISION).values(number=REVISION.c.number + 1).returning(REVISION.c.number)


def bump(c: Connection) -> int:
    """Counts one write on; returns the new revision. Call it last: on Postgres others wait for this row."""
    return int(c.execute(NEXT).scalar_one())


def read(c: Connection) -> int:
    """The revision of the newest committed write, 0 in a new store."""
    return int(c.execute(select(REVISION.c.number)).scalar_one())
