"""The lease that lets one poller judge at a time; its epoch fences off a holder that was stopped and woke again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from data.moments import micros, moment
from data.tables import LEASES
from data.upsert import insert_once

# built once: it is asked with every write of the poller
LONGER = update(LEASES).where(
    LEASES.c.name == bindparam("its_name"),
    LEASES.c.holder == bindparam("its_holder"),
    LEASES.c.epoch == bindparam("its_epoch"),
)


class Fenced(Exception):
    """The lease has passed to another: whoever sees this must roll back and stop judging."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds what until when; ``taken`` is when this epoch began."""

    name: str
    holder: str
    epoch: int
    until: datetime
    taken: datetime


def take(c: Connection, name: str, holder: str, now: datetime, ttl: float) -> int | None:
    """The epoch of the lease when ``holder`` has it for ``ttl`` seconds now, None while another does.

    A holder that has it still keeps its epoch; every take-over counts one on. ``holder`` must differ for each process.
    """
    until = micros(now + timedelta(seconds=ttl))
    new: dict[str, Any] = {"name": name, "holder": holder, "epoch": 1, "until": until, "taken": micros(now)}
    if c.execute(insert_once(c, LEASES).returning(LEASES.c.epoch), new).scalar():
        return 1
    return _extend(c, name, holder, micros(now), until) or _take_over(c, new, micros(now))


def _extend(c: Connection, name: str, holder: str, now: int, until: int) -> int | None:
    t = LEASES.c
    mine = and_(t.name == name, t.holder == holder, t.until > now)
    epoch: int | None = c.execute(update(LEASES).where(mine).values(until=until).returning(t.epoch)).scalar()
    return epoch


def _take_over(c: Connection, new: dict[str, Any], now: int) -> int | None:
    t = LEASES.c
    free = and_(t.name == new["name"], t.until <= now)
    values = {**new, "epoch": t.epoch + 1}
    epoch: int | None = c.execute(update(LEASES).where(free).values(values).returning(t.epoch)).scalar()
    return epoch


def renew(c: Connection, name: str, holder: str, epoch: int, now: datetime, ttl: float) -> None:
    """Holds the lease for ``ttl`` seconds more; raises Fenced when another took it over.

    Called first in the transaction that writes samples, it makes sure that a holder who lost the lease writes nothing.
    """
    mine = {"its_name": name, "its_holder": holder, "its_epoch": epoch}
    if c.execute(LONGER, mine | {"until": micros(now + timedelta(seconds=ttl))}).rowcount != 1:
        raise Fenced(f"the lease {name!r} of epoch {epoch} has passed to another")


def drop(c: Connection, name: str, holder: str, epoch: int) -> None:
    """Gives the lease up at once; nothing happens when it has passed to another already."""
    t = LEASES.c
    c.execute(update(LEASES).where(t.name == name, t.holder == holder, t.epoch == epoch).values(until=0))


def read(c: Connection, name: str) -> Lease | None:
    """The lease as it stands, held or not; None when nobody ever took it."""
    t = LEASES.c
    row = c.execute(select(t.holder, t.epoch, t.until, t.taken).where(t.name == name)).first()
    return Lease(name, row[0], row[1], moment(row[2]), moment(row[3])) if row else None
