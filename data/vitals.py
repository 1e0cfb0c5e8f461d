"""What browsers measured: single measurements for ninety days, added up by hour and day as they come in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from data import histograms
from data.moments import maybe_moment, micros, moment_s
from data.tables import VITALS, VITALS_ROLLUPS, VITALS_SERIES
from data.upsert import upsert
from model import Histogram, Vital, VitalRollup

BITS = 24  # of a series inside a roll-up's key
SECONDS = {"hour": 3600, "day": 86_400}
MOST = 700  # series of the running release from which new routes become "other"
CHUNK = 400
LOCK = 5_201_447_310  # on Postgres: one at a time adds to the same roll-ups
RATINGS = ("good", "needs", "poor")
Bucket = Callable[[str, float], int]
Rating = Callable[[str, float, bool], str]


@dataclass(slots=True)
class Delta:
    """What one roll-up gains, and loses where a measurement grew."""

    counts: Counter[int] = field(default_factory=Counter)
    ratings: Counter[str] = field(default_factory=Counter)


def add(c: Connection, found: Iterable[Vital], bucket: Bucket, rating: Rating) -> int:
    """Keeps measurements; one that is known already takes the greater value. Returns how many were new or grew.

    ``bucket`` and ``rating`` are the rules by which they are added up.
    """
    newest: dict[int, Vital] = {}
    for each in found:
        if each.uid not in newest or each.value > newest[each.uid].value:
            newest[each.uid] = each
    if not newest:
        return 0
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    ids, before = _series(c, newest.values()), _known(c, list(newest))
    deltas: dict[tuple[str, int], Delta] = {}
    rows = []
    for uid, each in newest.items():
        old = before.get(uid)
        if old is not None and each.value <= old[2]:
            continue
        number, at = (old[0], old[1]) if old else (ids[_key(each)], micros(each.at))
        rows.append({"uid": uid, "series": number, "at": at, "value": each.value})
        for level, seconds in SECONDS.items():
            delta = deltas.setdefault((level, at // 1_000_000 // seconds << BITS | number), Delta())
            _count(delta, each, each.value, 1, bucket, rating)
            if old:
                _count(delta, each, old[2], -1, bucket, rating)
    if rows:
        c.execute(upsert(c, VITALS), rows)
        _fold(c, deltas)
    return len(rows)


def _count(delta: Delta, each: Vital, value: float, by: int, bucket: Bucket, rating: Rating) -> None:
    delta.counts[bucket(each.name, value)] += by
    delta.ratings[rating(each.name, value, each.failed)] += by


def _key(each: Vital) -> str:
    return json.dumps([each.name, each.route, each.device, each.release, each.source])


def _series(c: Connection, found: Iterable[Vital]) -> dict[str, int]:
    """The numbers of their series, made where missing; too many routes are folded into one."""
    keys = {_key(each) for each in found}
    ids = _numbers(c, keys)
    missing = sorted(keys - ids.keys())
    if missing:
        last, many = c.execute(
            select(func.coalesce(func.max(VITALS_SERIES.c.id), 0), func.count()).select_from(VITALS_SERIES)
        ).one()
        full = many >= MOST and _crowded(c)
        for key in missing:
            name, _, *rest = json.loads(key)
            stored = json.dumps([name, "other", *rest]) if full else key
            if stored not in ids:
                ids |= _numbers(c, {stored})
            if stored not in ids:
                last += 1
                c.execute(insert(VITALS_SERIES), {"id": last, "key": stored})
                ids[stored] = last
            ids[key] = ids[stored]
    return ids


def _crowded(c: Connection) -> bool:
    """Whether so many routes are there; releases come and go and do not count."""
    keys = c.execute(select(VITALS_SERIES.c.key)).scalars()
    return len({tuple(json.loads(key)[:3]) for key in keys}) >= MOST


def _numbers(c: Connection, keys: set[str]) -> dict[str, int]:
    t = VITALS_SERIES.c
    wanted = sorted(keys)
    found: dict[str, int] = {}
    for at in range(0, len(wanted), CHUNK):
        rows = c.execute(select(t.key, t.id).where(t.key.in_(wanted[at : at + CHUNK])))
        found.update((key, number) for key, number in rows)
    return found


def _known(c: Connection, uids: Sequence[int]) -> dict[int, tuple[int, int, float]]:
    """uid -> (series, at, value) of those that are there."""
    t = VITALS.c
    found = {}
    for at in range(0, len(uids), CHUNK):
        rows = c.execute(select(t.uid, t.series, t.at, t.value).where(t.uid.in_(uids[at : at + CHUNK])))
        found.update({uid: (series, when, value) for uid, series, when, value in rows})
    return found


def _fold(c: Connection, deltas: dict[tuple[str, int], Delta]) -> None:
    for level, table in VITALS_ROLLUPS.items():
        mine = {key: delta for (of, key), delta in deltas.items() if of == level}
        keys, before = list(mine), {}
        for at in range(0, len(keys), CHUNK):
            rows = c.execute(select(table).where(table.c.key.in_(keys[at : at + CHUNK]))).mappings()
            before.update({row["key"]: row for row in rows})
        made = []
        for key, delta in mine.items():
            row = before.get(key)
            counts = Counter(dict(histograms.unpack(row["histogram"]).counts)) if row else Counter[int]()
            counts.update(delta.counts)
            packed = histograms.pack(Histogram(tuple(sorted((b, n) for b, n in counts.items() if n > 0))))
            totals = {kind: (row[kind] if row else 0) + delta.ratings[kind] for kind in RATINGS}
            made.append({"key": key, **totals, "histogram": packed})
        if made:
            c.execute(upsert(c, table), made)


def put(c: Connection, level: str, rollups: Iterable[VitalRollup]) -> None:
    """Writes roll-ups that were added up elsewhere (the demo's past) over what is there."""
    found = list(rollups)
    keys = {json.dumps([e.name, e.route, e.device, e.release, e.source]) for e in found}
    ids = _numbers(c, keys)
    last = int(c.execute(select(func.coalesce(func.max(VITALS_SERIES.c.id), 0))).scalar() or 0)
    for number, key in enumerate(sorted(keys - ids.keys()), last + 1):
        c.execute(insert(VITALS_SERIES), {"id": number, "key": key})
        ids[key] = number
    rows = [
        {
            "key": micros(e.start) // 1_000_000 // SECONDS[level] << BITS
            | ids[json.dumps([e.name, e.route, e.device, e.release, e.source])],
            "good": e.good, "needs": e.needs, "poor": e.poor, "histogram": histograms.pack(e.values),
        }
        for e in found
    ]  # fmt: skip
    if rows:
        c.execute(upsert(c, VITALS_ROLLUPS[level]), rows)


def between(
    c: Connection, level: str, start: datetime, end: datetime, wanted: Callable[[str], bool] = lambda name: True
) -> tuple[VitalRollup, ...]:
    """Every roll-up that begins from ``start`` (floored to its hour or day) up to ``end``, oldest first.

    ``wanted`` says of a name whether it is; what is not wanted is not unpacked.
    """
    series = c.execute(select(VITALS_SERIES.c.id, VITALS_SERIES.c.key))
    names = {number: dims for number, key in series if wanted((dims := json.loads(key))[0])}
    table, seconds = VITALS_ROLLUPS[level], SECONDS[level]
    low, high = (micros(at) // 1_000_000 // seconds for at in (start, end))
    query = select(table).where(table.c.key >= low << BITS, table.c.key < high + 1 << BITS).order_by(table.c.key)
    rows = c.execute(query)
    return tuple(_rollup(row, names, seconds) for row in rows if row[0] & (1 << BITS) - 1 in names)


def newest(c: Connection) -> datetime | None:
    """When the newest single measurement came; None when there is none."""
    return maybe_moment(c.execute(select(func.max(VITALS.c.at))).scalar())


def _rollup(row: tuple[int, int, int, int, bytes], names: dict[int, list[str]], seconds: int) -> VitalRollup:
    key, good, needs, poor, blob = row
    name, route, device, release, source = names[key & (1 << BITS) - 1]
    start = moment_s((key >> BITS) * seconds)
    return VitalRollup(name, route, device, release, source, start, good, needs, poor, histograms.unpack(blob))


def prune(c: Connection, before: datetime, limit: int = 5000) -> int:
    """Deletes at most ``limit`` single measurements and hours from before ``before``; returns how many. Days stay."""
    gone = _oldest(c, VITALS, VITALS.c.at < micros(before), limit)
    hours = VITALS_ROLLUPS["hour"]
    return gone + _oldest(c, hours, hours.c.key < micros(before) // 1_000_000 // 3600 << BITS, limit - gone)


def prune_days(c: Connection, before: datetime, limit: int = 5000) -> int:
    """Deletes at most ``limit`` days from before ``before``."""
    days = VITALS_ROLLUPS["day"]
    return _oldest(c, days, days.c.key < micros(before) // 1_000_000 // 86_400 << BITS, limit)


def _oldest(c: Connection, table: Table, condition: object, limit: int) -> int:
    (key,) = table.primary_key.columns
    oldest = select(key).where(condition).limit(max(0, limit))  # type: ignore[arg-type]
    return c.execute(delete(table).where(key.in_(oldest.scalar_subquery()))).rowcount


RAW = timedelta(days=90)  # single measurements live no longer
