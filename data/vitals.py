"""What browsers measured: single measurements for ninety days, added up by hour and day as they come in."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, bindparam, delete, func, select, text

from data import histograms
from data._vital_series import Fold, ensure, key_of, numbered
from data.moments import maybe_moment, micros, moment_s
from data.tables import VITALS, VITALS_ROLLUPS, VITALS_SERIES
from data.upsert import Row, put_rows
from model import Histogram, Vital, VitalRollup

BITS = 24  # of a series inside a roll-up's key
SECONDS = {"hour": 3600, "day": 86_400}
CHUNK = 400
LOCK = 5_201_447_310  # on Postgres: one at a time adds to the same roll-ups
RATINGS = ("good", "needs", "poor")
RAW = timedelta(days=90)  # single measurements live no longer
LEAST = timedelta(days=3)  # nor shorter: what is read again and again must be known as long as it is taken
Bucket = Callable[[str, float], int]
Rating = Callable[[str, float, bool], str]
# Made once: SQLAlchemy takes longer over the words of a statement than SQLite over their answer.
KNOWN = select(VITALS).where(VITALS.c.uid.in_(bindparam("uids", expanding=True)))
SUMS = {
    level: select(table).where(table.c.key.in_(bindparam("keys", expanding=True)))
    for level, table in VITALS_ROLLUPS.items()
}


@dataclass(slots=True)
class Delta:
    """What one roll-up gains, and loses where a measurement grew."""

    counts: dict[int, int] = field(default_factory=dict)
    ratings: dict[str, int] = field(default_factory=dict)

    def count(self, bucket: int, rating: str, by: int) -> None:
        self.counts[bucket] = self.counts.get(bucket, 0) + by
        self.ratings[rating] = self.ratings.get(rating, 0) + by

    def add(self, other: Delta) -> None:
        for bucket, by in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + by
        for rating, by in other.ratings.items():
            self.ratings[rating] = self.ratings.get(rating, 0) + by


def _as_it_is(name: str, route: str) -> tuple[str, str]:
    return name, route


def add(c: Connection, found: Iterable[Vital], bucket: Bucket, rating: Rating, fold: Fold = _as_it_is) -> int:
    """Keeps measurements; one that is known already takes the greater value. Returns how many were new or grew.

    ``bucket`` and ``rating`` are the rules by which they are added up; ``fold`` gives the name and the route under
    which one is kept when strangers have made too many: its own when it was configured.
    """
    newest: dict[int, Vital] = {}
    for each in found:
        if each.uid not in newest or each.value > newest[each.uid].value:
            newest[each.uid] = each
    if not newest:
        return 0
    _alone(c)
    before = _known(c, list(newest))
    fresh = {uid: each for uid, each in newest.items() if uid not in before or each.value > before[uid][2]}
    moments = {uid: micros(each.at) for uid, each in fresh.items() if uid not in before}
    ids = _series(c, {uid: fresh[uid] for uid in moments}, moments, fold)
    hours: defaultdict[int, Delta] = defaultdict(Delta)
    rows: list[Row] = []
    for uid, each in fresh.items():
        old = before.get(uid)
        number, at = (old[0], old[1]) if old else (ids[key_of(each)], moments[uid])
        rows.append((uid, number, at, float(each.value), int(each.failed)))
        delta = hours[at // 1_000_000 // SECONDS["hour"] << BITS | number]
        delta.count(bucket(each.name, each.value), rating(each.name, each.value, each.failed), 1)
        if old:
            delta.count(bucket(each.name, old[2]), rating(each.name, old[2], old[3]), -1)
    if rows:
        put_rows(c, VITALS, rows)
        _fold(c, "hour", hours)
        _fold(c, "day", _days(hours))
    return len(rows)


def _days(hours: Mapping[int, Delta]) -> Mapping[int, Delta]:
    """The same by day; a day is 24 hours, in UTC."""
    days: defaultdict[int, Delta] = defaultdict(Delta)
    for key, hour in hours.items():
        days[(key >> BITS) // 24 << BITS | key & (1 << BITS) - 1].add(hour)
    return days


def _alone(c: Connection) -> None:
    """On Postgres: nobody else changes series and sums until this transaction ends. SQLite has one writer anyway."""
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _series(c: Connection, found: Mapping[int, Vital], moments: Mapping[int, int], fold: Fold) -> dict[str, int]:
    days: dict[str, int] = {}
    for uid, each in found.items():
        key, day = key_of(each), moments[uid] // 1_000_000 // SECONDS["day"]
        days[key] = max(day, days.get(key, day))
    return numbered(c, days, fold)


def _day(at: datetime) -> int:
    return micros(at) // 1_000_000 // SECONDS["day"]


def _known(c: Connection, uids: Sequence[int]) -> dict[int, tuple[int, int, float, bool]]:
    """uid -> (series, at, value, failed) of those that are there."""
    found = {}
    for at in range(0, len(uids), CHUNK):
        rows = c.execute(KNOWN, {"uids": uids[at : at + CHUNK]})
        found.update({uid: (series, when, value, bool(failed)) for uid, series, when, value, failed in rows})
    return found


def _fold(c: Connection, level: str, deltas: Mapping[int, Delta]) -> None:
    keys, made = list(deltas), list[Row]()
    before = {}
    for at in range(0, len(keys), CHUNK):
        before.update({row[0]: row for row in c.execute(SUMS[level], {"keys": keys[at : at + CHUNK]})})
    for key, delta in deltas.items():
        _, *totals, blob = before.get(key) or (key, 0, 0, 0, b"")
        sums = Delta(dict(histograms.unpack(blob).counts), dict(zip(RATINGS, totals, strict=True)))
        sums.add(delta)
        made.append((key, *(sums.ratings[kind] for kind in RATINGS), histograms.pack(_histogram(sums.counts))))
    put_rows(c, VITALS_ROLLUPS[level], made)


def put(c: Connection, level: str, rollups: Iterable[VitalRollup]) -> None:
    """Writes roll-ups that were added up elsewhere (the demo's past) over what is there."""
    found = [(key_of(each), each) for each in rollups]
    days: dict[str, int] = {}
    for key, each in found:
        days[key] = max(_day(each.start), days.get(key, 0))
    ids = ensure(c, days)
    rows = [
        (
            micros(each.start) // 1_000_000 // SECONDS[level] << BITS | ids[key],
            each.good, each.needs, each.poor, histograms.pack(each.values),
        )
        for key, each in found
    ]  # fmt: skip
    put_rows(c, VITALS_ROLLUPS[level], rows)


def between(
    c: Connection, level: str, start: datetime, end: datetime, wanted: Callable[[str], bool] = lambda name: True
) -> tuple[VitalRollup, ...]:
    """Every roll-up that begins from ``start`` (floored to its hour or day) up to ``end``, oldest first.

    ``wanted`` says of a name whether it is; what is not wanted is not unpacked.
    """
    names = _names(c, start, wanted)
    table, seconds = VITALS_ROLLUPS[level], SECONDS[level]
    low, high = (micros(at) // 1_000_000 // seconds for at in (start, end))
    query = select(table).where(table.c.key >= low << BITS, table.c.key < high + 1 << BITS).order_by(table.c.key)
    rows = c.execute(query)
    return tuple(_rollup(row, names, seconds) for row in rows if row[0] & (1 << BITS) - 1 in names)


def single(
    c: Connection,
    start: datetime,
    end: datetime,
    bucket: Bucket,
    rating: Rating,
    wanted: Callable[[str], bool] = lambda name: True,
    limit: int = 20_000,
) -> tuple[VitalRollup, ...] | None:
    """The single measurements from ``start`` up to ``end`` added up, for a piece of an hour.

    None when there are more than ``limit``, or none at all of that hour: then only its sum can say what was.
    """
    t, hour = VITALS.c, micros(start) // 3_600_000_000 * 3_600_000_000
    if c.execute(select(t.uid).where(t.at >= hour, t.at < micros(end)).limit(1)).first() is None:
        return None
    query = select(t.series, t.value, t.failed).where(t.at >= micros(start), t.at < micros(end))
    rows = c.execute(query.limit(limit + 1)).all()
    if len(rows) > limit:
        return None
    names = _names(c, start, wanted)
    sums: dict[int, Delta] = {}
    for number, value, failed in rows:
        if number in names:
            name = names[number][0]
            sums.setdefault(number, Delta()).count(bucket(name, value), rating(name, value, bool(failed)), 1)
    return tuple(_summed(names[number], start, sums[number]) for number in sorted(sums))


def _summed(dims: list[str], start: datetime, sums: Delta) -> VitalRollup:
    name, route, device, release, source = dims
    good, needs, poor = (sums.ratings.get(kind, 0) for kind in RATINGS)
    return VitalRollup(name, route, device, release, source, start, good, needs, poor, _histogram(sums.counts))


def _histogram(counts: Mapping[int, int]) -> Histogram:
    return Histogram(tuple(sorted([pair for pair in counts.items() if pair[1] > 0])))


def _names(c: Connection, start: datetime, wanted: Callable[[str], bool]) -> dict[int, list[str]]:
    """What the numbers stand for, of the series that were seen since."""
    series = c.execute(select(VITALS_SERIES.c.id, VITALS_SERIES.c.key).where(VITALS_SERIES.c.last >= _day(start)))
    return {number: dims for number, key in series if wanted((dims := json.loads(key))[0])}


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
    """Deletes at most ``limit`` days from before ``before``, and then the series of which nothing is left.

    Single measurements and hours go sooner, and are gone when ``limit`` reaches here.
    """
    _alone(c)
    day, days = _day(before), VITALS_ROLLUPS["day"]
    gone = _oldest(c, days, days.c.key < day << BITS, limit)
    return gone + _oldest(c, VITALS_SERIES, VITALS_SERIES.c.last < day, limit - gone)


def _oldest(c: Connection, table: Table, condition: object, limit: int) -> int:
    (key,) = table.primary_key.columns
    oldest = select(key).where(condition).limit(max(0, limit))  # type: ignore[arg-type]
    return c.execute(delete(table).where(key.in_(oldest.scalar_subquery()))).rowcount
