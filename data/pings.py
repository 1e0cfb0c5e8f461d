"""The newest push of every kind from every heartbeat, and every restore drill; other pushes live on in the samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from data.moments import micros, moment
from data.tables import DRILLS, PINGS
from data.text import kept
from data.upsert import upsert
from model import Ping

SECOND = 1_000_000


def add(c: Connection, ping: Ping, *, drill: bool = False) -> None:
    """Keeps ``ping`` as the newest of its kind (ok, start, fail); a ``drill`` that ended is kept for good."""
    row = {"key": ping.key, "kind": ping.kind, "at": micros(ping.at), "words": kept(ping.words)}
    c.execute(upsert(c, PINGS), row)
    if drill and ping.kind != "start":
        c.execute(insert(DRILLS), row | {"rpo": _us(ping.rpo), "rto": _us(ping.rto)})


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * SECOND)


def _s(us: int | None) -> float | None:
    return None if us is None else us / SECOND


def latest(c: Connection, key: str) -> dict[str, Ping]:
    """The newest push of each kind of ``key``, a drill's with what it reached; empty when there was none."""
    rows = c.execute(select(PINGS.c.kind, PINGS.c.at, PINGS.c.words).where(PINGS.c.key == key))
    found = {kind: Ping(key, moment(at), kind, words) for kind, at, words in rows}
    t = DRILLS.c
    done = (t.key == key) & (t.kind == "ok")
    for at, words, rpo, rto in c.execute(
        select(t.at, t.words, t.rpo, t.rto).where(done).order_by(t.at.desc()).limit(1)
    ):
        found["ok"] = Ping(key, moment(at), "ok", words, _s(rpo), _s(rto))
    return found


def drills(c: Connection, now: datetime, limit: int = 50) -> tuple[Ping, ...]:
    """The newest restore drills of all keys up to ``now``, newest first."""
    t = DRILLS.c
    last = micros(now + timedelta(seconds=1))
    rows = c.execute(
        select(t.key, t.at, t.kind, t.words, t.rpo, t.rto).where(t.at < last).order_by(t.at.desc()).limit(limit)
    )
    return tuple(Ping(key, moment(at), kind, words, _s(rpo), _s(rto)) for key, at, kind, words, rpo, rto in rows)
