"""The audit trail: append only, each row sealed with HMAC-SHA256 together with the seal before it.

Triggers refuse to change or delete a row, except while ``opened`` says so: that keeps mistakes away. Whoever has the
database all the same, and changes, drops, adds or moves a row without the key, breaks the chain there, and ``verify``
says where. Cutting off the end leaves a shorter whole chain: only a head that was written down elsewhere (``head``)
shows that. Acts whose time is over go from the beginning on (``prune``); a sealed base then says where the trail
begins, so that nobody without the key can cut off more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, text

from data import watch
from data.moments import micros, moment
from data.tables import AUDIT, PEOPLE
from data.text import kept
from data.upsert import upsert
from model import Act, Entry, Tampered

FIRST = "0" * 64
LOCK = 6_117_203_945  # on Postgres: one at a time writes the next number
BATCH = 2000
SMALLEST = -(1 << 63)  # an act that was put in by hand may have any number, and the pages would show it
YEARS = 7  # calendar years that an act stays after the year in which it was written
BASE = "audit base"  # the note that says what was deleted last: number, seal, month, and the seal of these three

OPEN = "audit open"  # the note by which the triggers let rows go; no other transaction ever sees it

SEALED = ("seq", "at", "actor", "role", "action", "subject", "detail")
ENCODED = json.JSONEncoder(default=repr).encode  # repr: bytes by hand in SQLite fit no seal

Row = Mapping[str, object]
Keys = tuple[bytes, ...]  # the newest first; a row under a newer one is followed by none under an older one


def add(c: Connection, act: Act, key: bytes) -> Entry:
    """Writes an act at the end of the trail. ``c`` is a connection of data.store.writing. ValueError without a key."""
    if not key:
        raise ValueError("the audit trail needs a key")
    alone(c)
    number, seal = head(c)
    seq = number + 1
    row = _row(seq, act)
    sealed = _sealed(row, seal, key)
    c.execute(insert(AUDIT), {**row, "seal": sealed})
    return Entry(seq, _act(row), sealed)


def alone(c: Connection) -> None:
    """From here to the end of the transaction nobody else writes into the trail; who decides by it asks first.

    What is read afterwards is what all who were before have written.
    """
    if c.dialect.name == "postgresql":  # on SQLite the transaction has the write lock already
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


@contextmanager
def opened(c: Connection) -> Iterator[None]:
    """In this transaction rows may go: what is over, and all of them before another trail is put in their place."""
    watch.note(c, OPEN, "yes")
    yield
    watch.note(c, OPEN, None)


def _row(seq: int, act: Act) -> dict[str, int | str]:
    detail = json.dumps([[kept(name, 60), kept(value, 500)] for name, value in act.detail], ensure_ascii=False)
    return {
        "seq": seq, "at": micros(act.at), "actor": kept(act.actor, 80), "role": kept(act.role, 80),
        "action": kept(act.action, 40), "subject": kept(act.subject, 200), "detail": detail,
    }  # fmt: skip


def _sealed(row: Row, before: str, key: bytes) -> str:
    return _hmac(ENCODED([before, *(row[name] for name in SEALED)]), key)


def _hmac(said: str, key: bytes) -> str:
    return hmac.digest(key, said.encode(), "sha256").hex()


def _same(one: object, other: object) -> bool:
    return hmac.compare_digest(str(one).encode(), str(other).encode())


def _act(row: Row) -> Act:
    pairs = tuple((str(name), str(value)) for name, value in json.loads(str(row["detail"])))
    at = row["at"]
    assert isinstance(at, int)
    return Act(moment(at), str(row["actor"]), str(row["role"]), str(row["action"]), str(row["subject"]), pairs)


def _rows(c: Connection) -> Iterator[Row]:
    start = SMALLEST
    while rows := _batch(c, start, BATCH):
        yield from rows
        start = int(str(rows[-1]["seq"])) + 1


def _batch(c: Connection, start: int, limit: int) -> list[Row]:
    found = c.execute(select(AUDIT).where(AUDIT.c.seq >= start).order_by(AUDIT.c.seq).limit(limit))
    names = [column.name for column in AUDIT.columns]
    return [dict(zip(names, row, strict=True)) for row in found.all()]


def verify(
    c: Connection, key: bytes, anchors: Iterable[tuple[int, str]] = (), before: Sequence[bytes] = ()
) -> Tampered | None:
    """The first place where the trail is broken; None when it is whole.

    ``before`` are the keys that sealed older rows, the last one first: the chain goes on across a change of the key.

    ``anchors`` are heads (number, seal) that were written down elsewhere: a trail that has lost one was cut or swapped.
    One from before the base is not compared: it is ``older`` than what is kept.
    """
    wanted: dict[int, set[str]] = {}
    for seq, seal in anchors:
        wanted.setdefault(seq, set()).add(seal)
    begun, keys = _base(c), (key, *before)
    if begun and not _genuine(begun, keys):
        return Tampered(begun[0], f"the base, which says that all up to {begun[0]} was deleted in its time, is forged")
    number, seal = begun[:2] if begun else (0, FIRST)
    if swapped := _swapped(number, seal, wanted):
        return swapped
    for row in _rows(c):
        broken, keys = _broken(row, number, seal, keys)
        if broken:
            return _baseless(broken, row) if number == 0 else broken
        number, seal = number + 1, str(row["seal"])
        if swapped := _swapped(number, seal, wanted):
            return swapped
    lost = max(wanted, default=0)
    cut = Tampered(number + 1, f"the trail ends at {number}, but {lost} was anchored: it was cut")
    return cut if lost > number else None


def _broken(row: Row, number: int, seal: str, keys: Keys) -> tuple[Tampered | None, Keys]:
    """Why ``row`` cannot come next after ``number``, which has that seal, if so; and the keys that may come after."""
    seq, expected = int(str(row["seq"])), number + 1
    if seq < expected:
        return Tampered(seq, f"number {seq} stands before {expected}, where the trail begins: it was put in"), keys
    if seq > expected:
        return Tampered(expected, f"number {expected} is missing"), keys
    for many in range(len(keys), 0, -1):  # the oldest first: it sealed what comes first
        if _same(_sealed(row, seal, keys[many - 1]), row["seal"]):
            return None, keys[:many]
    return Tampered(seq, f"number {seq} does not fit its seal: it, or the one before, was changed"), keys


def _baseless(broken: Tampered, row: Row) -> Tampered:
    """A beginning that is gone is no tampering when a base says so; here there is none."""
    gone = int(str(row["seq"])) > 1
    return Tampered(1, f"{broken.words}, and no base says that it was deleted in its time") if gone else broken


def _swapped(seq: int, seal: str, wanted: Mapping[int, set[str]]) -> Tampered | None:
    if all(_same(seal, each) for each in wanted.get(seq, ())):
        return None
    return Tampered(seq, f"number {seq} is not the one that was anchored: the trail was swapped")


def head(c: Connection) -> tuple[int, str]:
    """(number, seal) of the newest: written down elsewhere it shows a cut. (0, zeros) when there never was an act.

    When all acts were deleted in their time it is the last of these: numbers go on.
    """
    row = c.execute(select(AUDIT.c.seq, AUDIT.c.seal).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    return (row.seq, row.seal) if row else ((base(c) or (0, FIRST))[:2])


def base(c: Connection) -> tuple[int, str, str] | None:
    """(number, seal, month) of the last act that was deleted, None when none was; ``verify`` says if it is genuine."""
    found = _base(c)
    return found[:3] if found else None


def _base(c: Connection) -> tuple[int, str, str, str] | None:
    said = watch.noted(c).get(BASE)
    if said is None:
        return None
    try:
        number, seal, month, sealed = said.split(" ")
        return int(number), seal, month, sealed
    except ValueError:
        return 0, FIRST, "", ""  # not written by us: it fits no seal, and verify says so


def _genuine(begun: tuple[int, str, str, str], keys: Keys) -> bool:
    return any(_same(_base_seal(*begun[:3], key), begun[3]) for key in keys)


def _base_seal(number: int, seal: str, month: str, key: bytes) -> str:
    """Under a prefix of its own: the seal of an act, or a pseudonym, must never pass for that of a base."""
    return _hmac(f"base:{number} {seal} {month}", key)


def older(c: Connection, anchors: Iterable[tuple[int, str]]) -> tuple[int, ...]:
    """The numbers of those anchors that are older than what is kept: nobody can compare them any more."""
    begun = base(c)
    return tuple(number for number, _ in anchors if begun and number < begun[0])


def over(now: datetime, history_days: int) -> datetime:
    """The month, in UTC, with which begins what is kept: whatever was written before may go.

    An act stays for seven calendar years after its own, or for ``history_days`` when that is longer.
    """
    utc = now.astimezone(UTC)
    kept_from = min(datetime(utc.year - YEARS, 1, 1, tzinfo=UTC), utc - timedelta(days=history_days))
    return kept_from.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def prune(c: Connection, before: datetime, key: bytes, limit: int = BATCH, older_keys: Sequence[bytes] = ()) -> int:
    """Deletes at most ``limit`` of the oldest acts, all from before ``before`` (see ``over``), and seals the new base.

    Returns how many: call again, each time in a new transaction. 0 also when what would go, or the base, does not fit
    its seal: traces of tampering are not tidied away.
    """
    alone(c)
    begun, keys = _base(c), (key, *older_keys)
    if begun and not _genuine(begun, keys):
        return 0
    number, seal = begun[:2] if begun else (0, FIRST)
    if not _ended(_batch(c, SMALLEST, 1), number, seal, before, keys):
        return 0  # as on nearly every day: then not a whole batch is read
    gone = _ended(_batch(c, SMALLEST, limit), number, seal, before, keys)
    if gone:
        _begin(c, gone[-1], key)
        _forget(c, gone)
    return len(gone)


def _ended(rows: list[Row], number: int, seal: str, before: datetime, keys: Keys) -> list[Row]:
    """The first of ``rows``, up to one that is kept: a clock that stepped may have left an older one behind it."""
    gone: list[Row] = []
    for row in rows:
        broken, keys = _broken(row, number, seal, keys)
        if broken:
            return []
        if int(str(row["at"])) >= micros(before):
            break
        gone.append(row)
        number, seal = number + 1, str(row["seal"])
    return gone


def _begin(c: Connection, last: Row, key: bytes) -> None:
    """Deletes all up to ``last``, and leaves word of it."""
    act, number, seal = _act(last), int(str(last["seq"])), str(last["seal"])
    month = f"{act.at:%Y-%m}"
    with opened(c):
        c.execute(delete(AUDIT).where(AUDIT.c.seq <= number))
    watch.note(c, BASE, f"{number} {seal} {month} {_base_seal(number, seal, month, key)}")


def _forget(c: Connection, gone: list[Row]) -> None:
    """Erases the names of those whom only the acts in ``gone`` named, as the one who acted or in the detail."""
    for actor in names(c):
        quoted = f'"{actor}"'
        if any(row["actor"] == actor or quoted in str(row["detail"]) for row in gone):
            named = or_(AUDIT.c.actor == actor, AUDIT.c.detail.contains(quoted, autoescape=True))
            if not c.execute(select(exists().where(named))).scalar():
                erase(c, actor)


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


def identity(person: str, key: bytes) -> str:
    """The same for somebody who signed in, by issuer and subject: no name that is typed ever gives it."""
    return hmac.new(key, f"identity:{person}".encode(), hashlib.sha256).hexdigest()[:16]


def know(c: Connection, actor: str, name: str, now: datetime) -> None:
    """Keeps the name behind a pseudonym."""
    c.execute(upsert(c, PEOPLE), {"actor": actor, "name": kept(name, 120), "since": micros(now)})


def names(c: Connection) -> dict[str, str]:
    """The names that are known, by pseudonym."""
    return {row.actor: row.name for row in c.execute(select(PEOPLE.c.actor, PEOPLE.c.name))}


def erase(c: Connection, actor: str) -> bool:
    """Forgets a name; the trail stays whole. False when nothing was known."""
    return c.execute(delete(PEOPLE).where(PEOPLE.c.actor == actor)).rowcount > 0
