"""Samples added up by minute, hour and day: narrow rows with quantiles beside the histogram that can be merged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from data import histograms
from data.moments import micros, moment_s, ms_of, us_of
from data.series import BITS, MOST, chosen
from data.tables import ROLLUPS
from data.upsert import Row, put_rows
from model import Rollup

SECONDS = {"minute": 60, "hour": 3600}
# One series of a long window is looked up start by start: a scan of all series would cost a hundred times that.
LOOKUPS = 10_000


def put(c: Connection, ids: Mapping[str, int], rollups: Iterable[Rollup]) -> None:
    """Writes roll-ups of any level over older ones of the same series and start.

    Raises ValueError when a minute or an hour does not start on one in UTC.
    """
    put_alike(c, ids, ((rollup, (rollup.start,)) for rollup in rollups))


def put_alike(c: Connection, ids: Mapping[str, int], alike: Iterable[tuple[Rollup, Iterable[datetime]]]) -> None:
    """The same for roll-ups that differ in nothing but their start: each with the starts under which it is kept."""
    by_level: dict[str, list[Row]] = {}
    for rollup, starts in alike:
        number, level, values = ids[rollup.series], rollup.level, _values(rollup)
        rows = by_level.setdefault(level, [])
        rows += [(_start(start, level) << BITS | number, *values) for start in starts]
    for level, rows in by_level.items():
        put_rows(c, ROLLUPS[level], rows)


@lru_cache(maxsize=1024)  # every series has roll-ups of the same start
def _start(at: datetime, level: str) -> int:
    seconds, rest = divmod(micros(at), 1_000_000)
    if rest or seconds % SECONDS.get(level, 1):
        raise ValueError(f"{at.isoformat()} is not the start of a {level}")
    return seconds


def _values(r: Rollup) -> Row:
    """What follows the key in a row."""
    durations = (r.p50, r.p95, r.p99, r.latency_sum, r.dns, r.connect, r.tls, r.first_byte)
    return r.up, r.degraded, r.down, r.unknown, *map(us_of, durations), histograms.pack(r.latency)


def between(
    c: Connection, level: str, start: datetime, end: datetime, series: str | Collection[str] | None = None
) -> tuple[Rollup, ...]:
    """The roll-ups that start from ``start`` up to ``end`` (exclusive), of one series, several or all, oldest first."""
    names = chosen(c, series)
    table = ROLLUPS[level]
    query = select(table).where(*_which(table, level, start, end, None if series is None else names))
    rows = c.execute(query.order_by(table.c.key))
    return tuple(_rollup(names[row[0] & MOST], level, *row) for row in rows if row[0] & MOST in names)


def counted(c: Connection, level: str, start: datetime, end: datetime) -> dict[tuple[str, datetime], int]:
    """How many samples each holds, by series and start: what was not known counts too."""
    known, table = chosen(c, None), ROLLUPS[level]
    t = table.c
    query = select(t.key, t.up + t.degraded + t.down + t.unknown).where(*_which(table, level, start, end, None))
    return {(known[key & MOST], moment_s(key >> BITS)): n for key, n in c.execute(query) if key & MOST in known}


def _which(
    table: Table, level: str, start: datetime, end: datetime, names: Collection[int] | None
) -> tuple[ColumnElement[bool], ...]:
    low, high = -(-micros(start) // 1_000_000), -(-micros(end) // 1_000_000)
    inside = (table.c.key >= low << BITS, table.c.key < high << BITS)
    if names is None:
        return inside
    step = SECONDS.get(level)
    if step and (high - low) // step * len(names) <= LOOKUPS:
        starts = range(-(-low // step) * step, high, step)
        return (table.c.key.in_([at << BITS | number for at in starts for number in names]),)
    return (*inside, table.c.key.op("&")(MOST).in_(names))


def _rollup(
    series: str, level: str, key: int, up: int, degraded: int, down: int, unknown: int, p50: int | None,
    p95: int | None, p99: int | None, latency: int, dns: int, connect: int, tls: int, first_byte: int, blob: bytes,
) -> Rollup:  # fmt: skip
    return Rollup(
        series, level, moment_s(key >> BITS), up, degraded, down, unknown, histograms.unpack(blob), latency / 1000,
        ms_of(p50), ms_of(p95), ms_of(p99), dns / 1000, connect / 1000, tls / 1000, first_byte / 1000,
    )  # fmt: skip


def sparklines(
    c: Connection, level: str, start: datetime, end: datetime
) -> dict[str, tuple[tuple[datetime, float | None], ...]]:
    """The median latency in ms at every start of every series, oldest first; None where nothing answered."""
    names = chosen(c, None)
    table = ROLLUPS[level]
    query = select(table.c.key, table.c.p50).where(*_which(table, level, start, end, None))
    found: dict[int, list[tuple[datetime, float | None]]] = {}
    for key, p50 in c.execute(query.order_by(table.c.key)):
        found.setdefault(key & MOST, []).append((moment_s(key >> BITS), ms_of(p50)))
    return {names[number]: tuple(points) for number, points in found.items() if number in names}


def prune(c: Connection, level: str, before: datetime, limit: int = 5000) -> int:
    """Deletes at most ``limit`` roll-ups that start before ``before``; returns how many: call again until 0."""
    key = ROLLUPS[level].c.key
    oldest = select(key).where(key < micros(before) // 1_000_000 << BITS).order_by(key).limit(limit)
    return c.execute(delete(ROLLUPS[level]).where(key.in_(oldest.scalar_subquery()))).rowcount
