"""The newest push of every kind from every heartbeat; older ones live on in the samples that were judged from them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from data.moments import micros, moment
from data.tables import PINGS
from data.text import kept
from data.upsert import upsert
from model import Ping


def add(c: Connection, ping: Ping) -> None:
    """Keeps ``ping`` as the newest of its kind (ok, start, fail)."""
    row = {"key": ping.key, "kind": ping.kind, "at": micros(ping.at), "words": kept(ping.words)}
    c.execute(upsert(c, PINGS), row)


def latest(c: Connection, key: str) -> dict[str, Ping]:
    """The newest push of each kind of ``key``; empty when there was none."""
    rows = c.execute(select(PINGS.c.kind, PINGS.c.at, PINGS.c.words).where(PINGS.c.key == key))
    return {kind: Ping(key, moment(at), kind, words) for kind, at, words in rows}
