"""The audit trail: append only, each row sealed with HMAC-SHA256 together with the seal before it.

Whoever changes, drops, adds or moves a row without the key breaks the chain there, and ``verify`` says where. Cutting
off the end leaves a shorter whole chain: only a head that was written down elsewhere (``head``) shows that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, text

from data.moments import micros, moment
from data.tables import AUDIT, PEOPLE
from data.text import kept
from data.upsert import upsert
from model import Act, Entry, Tampered

FIRST = "0" * 64
LOCK = 6_117_203_945  # on Postgres: one at a time writes the next number
BATCH = 2000


def add(c: Connection, act: Act, key: bytes) -> Entry:
    """Writes an act at the end of the trail. ``c`` is a connection of data.store.writing. ValueError without a key."""
    if not key:
        raise ValueError("the audit trail needs a key")
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    before = c.execute(select(AUDIT.c.seq, AUDIT.c.seal).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    seq, seal = (before.seq + 1, before.seal) if before else (1, FIRST)
    row = _row(seq, act)
    sealed = _sealed(row, seal, key)
    c.execute(insert(AUDIT), {**row, "seal": sealed})
    return Entry(seq, _act(row), sealed)


def _row(seq: int, act: Act) -> dict[str, int | str]:
    detail = json.dumps([[kept(name, 60), kept(value, 500)] for name, value in act.detail], ensure_ascii=False)
    return {
        "seq": seq, "at": micros(act.at), "actor": kept(act.actor, 80), "role": kept(act.role, 80),
        "action": kept(act.action, 40), "subject": kept(act.subject, 200), "detail": detail,
    }  # fmt: skip


def _sealed(row: Mapping[str, object], before: str, key: bytes) -> str:
    said = json.dumps([before, *(row[name] for name in ("seq", "at", "actor", "role", "action", "subject", "detail"))])
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def _act(row: Mapping[str, object]) -> Act:
    pairs = tuple((str(name), str(value)) for name, value in json.loads(str(row["detail"])))
    at = row["at"]
    assert isinstance(at, int)
    return Act(moment(at), str(row["actor"]), str(row["role"]), str(row["action"]), str(row["subject"]), pairs)


def _rows(c: Connection) -> Iterator[Mapping[str, object]]:
    last = 0
    while (
        rows := c.execute(select(AUDIT).where(AUDIT.c.seq > last).order_by(AUDIT.c.seq).limit(BATCH)).mappings().all()
    ):
        yield from (dict(row) for row in rows)
        last = rows[-1]["seq"]


def verify(c: Connection, key: bytes, anchors: Iterable[tuple[int, str]] = ()) -> Tampered | None:
    """The first place where the trail is broken; None when it is whole.

    ``anchors`` are heads (number, seal) that were written down elsewhere: a trail that has lost one was cut or swapped.
    """
    wanted, seal, expected = dict(anchors), FIRST, 1
    for row in _rows(c):
        seq = row["seq"]
        assert isinstance(seq, int)
        if seq != expected:
            return Tampered(expected, f"number {expected} is missing")
        seal = _sealed(row, seal, key)
        if not hmac.compare_digest(seal, str(row["seal"])):
            return Tampered(seq, f"number {seq} does not fit its seal: it, or the one before, was changed")
        if seq in wanted and not hmac.compare_digest(wanted[seq], seal):
            return Tampered(seq, f"number {seq} is not the one that was anchored: the trail was swapped")
        expected = seq + 1
    lost = [seq for seq in wanted if seq >= expected]
    return (
        Tampered(expected, f"the trail ends at {expected - 1}, but {max(lost)} was anchored: it was cut")
        if lost
        else None
    )


def head(c: Connection) -> tuple[int, str]:
    """(number, seal) of the newest: written down elsewhere it shows a cut. (0, zeros) when the trail is empty."""
    row = c.execute(select(AUDIT.c.seq, AUDIT.c.seal).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    return (row.seq, row.seal) if row else (0, FIRST)


def of(c: Connection, subject: str, limit: int = 200) -> tuple[Entry, ...]:
    """The newest ``limit`` acts on a subject, newest first."""
    rows = c.execute(
        select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.seq.desc()).limit(limit)
    ).mappings()
    return tuple(Entry(row["seq"], _act(dict(row)), row["seal"]) for row in rows)


def count(c: Connection) -> int:
    """How many acts there are."""
    return int(c.execute(select(func.count()).select_from(AUDIT)).scalar() or 0)


def pseudonym(name: str, key: bytes) -> str:
    """What stands for a person in the trail: the same for the same name, and nobody can make it without the key."""
    return hmac.new(key, f"person:{name.strip().casefold()}".encode(), hashlib.sha256).hexdigest()[:16]


def know(c: Connection, actor: str, name: str, now: datetime) -> None:
    """Keeps the name behind a pseudonym."""
    c.execute(upsert(c, PEOPLE), {"actor": actor, "name": kept(name, 120), "since": micros(now)})


def names(c: Connection) -> dict[str, str]:
    """The names that are known, by pseudonym."""
    return {row.actor: row.name for row in c.execute(select(PEOPLE.c.actor, PEOPLE.c.name))}


def erase(c: Connection, actor: str) -> bool:
    """Forgets a name; the trail stays whole. False when nothing was known."""
    return c.execute(delete(PEOPLE).where(PEOPLE.c.actor == actor)).rowcount > 0
