"""Samples: narrow rows while an hour is fresh, one sealed blob a series and hour afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select

from data import chunks
from data.moments import CODE, STATUSES, millis, moment, moment_s, ms_of, short_us
from data.series import BITS, MOST, chosen, names
from data.tables import CHUNKS, SAMPLES, SERIES
from data.text import kept
from data.upsert import Row, add_rows, put_rows
from model import Phases, Sample

HOUR_MS = 3_600_000
GRACE = timedelta(minutes=1)  # a sample is committed a second or a time-out after its moment
BACK = 48  # hours that are asked at once while looking for the newest samples
T = SAMPLES.c


def add(c: Connection, ids: Mapping[str, int], samples: Iterable[Sample]) -> None:
    """Writes fresh samples. Of two samples of one series in the same millisecond the first stays."""
    add_rows(c, SAMPLES, [_row(ids[sample.series], sample) for sample in samples])


def _row(number: int, sample: Sample) -> Row:
    p, key = sample.phases, millis(sample.at) << BITS | number
    durations = (sample.latency, p.dns, p.connect, p.tls, p.first_byte, p.total)
    return key, CODE[sample.status], *map(short_us, durations), kept(sample.words) or None


def add_sealed(c: Connection, ids: Mapping[str, int], hour: datetime, samples: Iterable[Sample]) -> None:
    """Writes samples of an ``hour`` (its start) that is long over as ``seal`` would leave them, without the detour."""
    found: dict[int, dict[int, chunks.Row]] = {}
    for sample in samples:
        at, words = millis(sample.at), kept(sample.words) if sample.words else ""
        row = chunks.Row(at, CODE[sample.status], short_us(sample.latency), words)
        found.setdefault(ids[sample.series], {}).setdefault(at, row)
    start = millis(hour) // HOUR_MS * HOUR_MS
    if found:
        _pack(c, start, {number: [rows[at] for at in sorted(rows)] for number, rows in found.items()})


def between(c: Connection, series: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
    """The samples of ``series`` from ``start`` up to ``end`` (exclusive), oldest first; sealed ones have no phases.

    Meant for a day or two: longer windows are answered from roll-ups.
    """
    number = _number(c, series)
    if number is None:
        return ()
    low, high = millis(start), millis(end)
    sealed = _sealed(c, series, number, range(low // HOUR_MS, -(-high // HOUR_MS)))
    fresh = _fresh(c, series, number, low, high)
    found = {sample.at: sample for sample in sealed if low <= millis(sample.at) < high}
    found.update((sample.at, sample) for sample in fresh)
    return tuple(found[at] for at in sorted(found))


def fresh(
    c: Connection, start: datetime, end: datetime, only: Collection[str] | None = None
) -> dict[str, list[Sample]]:
    """The samples of every series from ``start`` up to ``end`` (exclusive) that are not sealed yet, oldest first.

    ``only``: of these series alone.
    """
    if not (known := chosen(c, only)):
        return {}
    found: dict[str, list[Sample]] = {}
    for row in c.execute(select(SAMPLES).where(*_inside(millis(start), millis(end))).order_by(T.key)):
        if series := known.get(row.key & MOST):
            found.setdefault(series, []).append(_sample(series, row))
    return found


def counted(c: Connection, start: datetime, end: datetime) -> Counter[tuple[str, datetime]]:
    """How many there are that are not sealed yet, by series and by the minute (its start in UTC)."""
    known = names(c)
    keys = c.execute(select(T.key).where(*_inside(millis(start), millis(end)))).scalars()
    counts = Counter((key & MOST, (key >> BITS) // 60_000) for key in keys)
    return Counter({(known[number], moment_s(minute * 60)): n for (number, minute), n in counts.items()})


def _inside(low: int, high: int) -> tuple[ColumnElement[bool], ...]:
    """From ``low`` up to ``high`` (exclusive), in milliseconds since 1970."""
    return T.key >= low << BITS, T.key < high << BITS


def hour(c: Connection, start: datetime, end: datetime) -> dict[str, tuple[Sample, ...]]:
    """The samples of every series from ``start`` up to ``end`` (exclusive), both inside one hour of UTC; by key."""
    known, low, high = names(c), millis(start), millis(end)
    there = low // HOUR_MS << BITS
    found: dict[str, dict[datetime, Sample]] = {}
    rows = c.execute(
        select(CHUNKS.c.key, CHUNKS.c.body).where(CHUNKS.c.key >= there, CHUNKS.c.key < there + (1 << BITS))
    )
    for key, body in rows:
        series = known[key & MOST]
        sealed = _unpacked(series, key, body)
        found[series] = {sample.at: sample for sample in sealed if low <= millis(sample.at) < high}
    for series, some in fresh(c, start, end).items():
        found.setdefault(series, {}).update((sample.at, sample) for sample in some)
    return {series: tuple(some[at] for at in sorted(some)) for series, some in sorted(found.items()) if some}


def first(c: Connection, start: datetime) -> datetime | None:
    """The moment of the first sample from ``start`` on that is not sealed yet, of any series; None without one."""
    key = c.execute(select(func.min(T.key)).where(T.key >= millis(start) << BITS)).scalar()
    return None if key is None else moment((key >> BITS) * 1000)


def recent(c: Connection, series: str, limit: int) -> tuple[Sample, ...]:
    """The newest ``limit`` samples of ``series``, oldest first."""
    number = _number(c, series)
    if number is None:
        return ()
    query = select(SAMPLES).where(T.key.op("&")(MOST) == number).order_by(T.key.desc()).limit(limit)
    found = [_sample(series, sample) for sample in c.execute(query)]
    first, last = c.execute(select(func.min(CHUNKS.c.key), func.max(CHUNKS.c.key))).one()
    if first is not None:
        _older(c, series, number, range(last >> BITS, (first >> BITS) - 1, -BACK), found, limit)
    return tuple(sorted(found, key=lambda sample: sample.at)[-limit:]) if limit else ()


def _older(c: Connection, series: str, number: int, hours: range, found: list[Sample], limit: int) -> None:
    """Adds sealed samples, the newest hours first, until there are enough."""
    for hour in hours:
        if len(found) >= limit:
            return
        fresh = {sample.at for sample in found}
        sealed = _sealed(c, series, number, range(hour - BACK + 1, hour + 1))
        found.extend(sample for sample in sealed if sample.at not in fresh)


def _number(c: Connection, series: str) -> int | None:
    number: int | None = c.execute(select(SERIES.c.id).where(SERIES.c.key == series)).scalar()
    return number


def _fresh(c: Connection, series: str, number: int, low: int, high: int) -> Iterator[Sample]:
    inside = (*_inside(low, high), T.key.op("&")(MOST) == number)
    return (_sample(series, row) for row in c.execute(select(SAMPLES).where(*inside).order_by(T.key)))


def _sealed(c: Connection, series: str, number: int, hours: Sequence[int]) -> Iterator[Sample]:
    keys = [hour << BITS | number for hour in hours]
    rows = c.execute(select(CHUNKS.c.key, CHUNKS.c.body).where(CHUNKS.c.key.in_(keys)).order_by(CHUNKS.c.key))
    for key, body in rows:
        yield from _unpacked(series, key, body)


def _unpacked(series: str, key: int, body: bytes) -> Iterator[Sample]:
    for at, status, latency, words in chunks.unpack(body, (key >> BITS) * HOUR_MS):
        yield Sample(series, moment(at * 1000), STATUSES[status], ms_of(latency), words)


def _sample(series: str, row: Any) -> Sample:
    phases = Phases(*(ms_of(us) for us in (row.dns, row.connect, row.tls, row.first_byte, row.total)))
    at = moment((row.key >> BITS) * 1000)
    return Sample(series, at, STATUSES[row.status], ms_of(row.latency), row.words or "", phases)


def unsealed_hours(c: Connection, now: datetime) -> tuple[datetime, ...]:
    """The starts of the hours that are over for a minute and have fresh rows still, oldest first."""
    end = millis(now - GRACE) // HOUR_MS
    found: list[datetime] = []
    hour = 0
    while (hour := _next_hour(c, hour)) < end:
        found.append(moment_s(hour * 3600))
        hour += 1
    return tuple(found)


def _next_hour(c: Connection, hour: int) -> int:
    """The first hour from ``hour`` on that has fresh rows; one beyond all when there is none."""
    key = c.execute(select(func.min(T.key)).where(T.key >= hour * HOUR_MS << BITS)).scalar()
    return 1 << 40 if key is None else (key >> BITS) // HOUR_MS


def seal(c: Connection, hour: datetime, limit: int = 5000) -> int:
    """Turns about ``limit`` fresh rows of ``hour`` (its start) into one blob a series; returns how many rows went.

    Whole series at a time, so that a transaction stays short: call again, each time in a transaction of its own, until
    it returns 0. Rows that come late are merged into the blob that is there.
    """
    start = millis(hour.astimezone(UTC)) // HOUR_MS * HOUR_MS
    inside = _inside(start, start + HOUR_MS)
    group = T.key.op("&")(MOST)
    counts = c.execute(select(group, func.count()).where(*inside).group_by(group).order_by(group))
    some = _first_few(counts.all(), limit)
    if not some:
        return 0
    rows = c.execute(select(T.key, T.status, T.latency, T.words).where(*inside, group.in_(some)).order_by(group, T.key))
    fresh = rows.all()
    _pack(c, start, _by_series(fresh))
    c.execute(delete(SAMPLES).where(T.key == bindparam("gone")), [{"gone": row[0]} for row in fresh])
    return len(fresh)


def _first_few(counts: Iterable[tuple[int, int]], limit: int) -> list[int]:
    """Series that have ``limit`` rows together, at least one."""
    some: list[int] = []
    for number, count in counts:
        limit -= count
        if some and limit < 0:
            break
        some.append(number)
    return some


def _by_series(fresh: Iterable[Any]) -> dict[int, list[chunks.Row]]:
    return {
        number: [chunks.Row(key >> BITS, status, latency, words or "") for key, status, latency, words in group]
        for number, group in groupby(fresh, key=lambda row: row[0] & MOST)
    }


def _pack(c: Connection, start: int, fresh: Mapping[int, list[chunks.Row]]) -> None:
    """Writes the blobs of one hour; what is in one already stays."""
    there = start // HOUR_MS << BITS
    inside = CHUNKS.c.key.between(there | min(fresh), there | max(fresh))
    sealed = {key & MOST: body for key, body in c.execute(select(CHUNKS.c.key, CHUNKS.c.body).where(inside))}
    rows: list[Row] = []
    for number, new in fresh.items():
        whole = _merged(chunks.unpack(sealed[number], start), new) if number in sealed else new
        rows.append((there | number, chunks.pack(whole, start)))
    put_rows(c, CHUNKS, rows)


def _merged(old: list[chunks.Row], new: list[chunks.Row]) -> list[chunks.Row]:
    both = {row.at: row for row in new} | {row.at: row for row in old}
    return [both[at] for at in sorted(both)]


def prune(c: Connection, before: datetime, limit: int = 5000) -> int:
    """Deletes at most ``limit`` hours or rows that ended before ``before``; returns how many: call again until 0."""
    hours = millis(before) // HOUR_MS
    gone = 0
    for table, end in ((CHUNKS, hours << BITS), (SAMPLES, hours * HOUR_MS << BITS)):
        oldest = select(table.c.key).where(table.c.key < end).order_by(table.c.key).limit(limit - gone)
        gone += c.execute(delete(table).where(table.c.key.in_(oldest.scalar_subquery()))).rowcount
    return gone


def newest(c: Connection) -> dict[str, datetime]:
    """The moment of the newest fresh sample of each series; one that was sealed already is not looked for."""
    group = T.key.op("&")(MOST)
    known = names(c)
    rows = c.execute(select(group, func.max(T.key)).group_by(group))
    return {known[number]: moment((key >> BITS) * 1000) for number, key in rows}
