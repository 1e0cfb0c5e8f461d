"""What people were last told of a monitor, so that a restart neither repeats nor forgets it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select

from data.moments import CODE, STATUSES, micros, moment
from data.tables import TOLD
from data.upsert import upsert
from model import Told


def read(c: Connection) -> dict[str, Told]:
    """What is told and not over yet, by monitor."""
    rows = c.execute(select(TOLD.c.monitor, TOLD.c.status, TOLD.c.since))
    return {monitor: Told(monitor, STATUSES[code], moment(since)) for monitor, code, since in rows}


def put(c: Connection, tolds: Iterable[Told]) -> None:
    """Keeps what has been told now, over what was told before."""
    rows = [{"monitor": t.monitor, "status": CODE[t.status], "since": micros(t.since)} for t in tolds]
    if rows:
        c.execute(upsert(c, TOLD), rows)


def clear(c: Connection, monitors: Collection[str]) -> None:
    """Forgets monitors whose recovery has been told."""
    if monitors:
        c.execute(delete(TOLD).where(TOLD.c.monitor.in_(list(monitors))))
