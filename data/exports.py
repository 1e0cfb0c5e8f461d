"""What the store knows as CSV or Parquet, in batches, for a spreadsheet or an analysis elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine

from data import changes, days, flips, intervals, rollups, samples, store

Cell = str | int | float | None
Progress = Callable[[int, float], None]  # rows so far, and the share of the time that is through
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: dict[str, tuple[tuple[str, type], ...]] = {
    "samples": (("series", str), ("at", str), ("status", str), ("latency_ms", float), ("words", str)),
    "intervals": (("series", str), ("status", str), ("start", str), ("end", str), ("words", str)),
    "flips": (
        ("series", str), ("before", str), ("after", str), ("at", str), ("seen", str), ("words", str),
    ),
    "rollups": (
        ("series", str), ("start", str), ("up", int), ("degraded", int), ("down", int), ("unknown", int),
        ("p50_ms", float), ("p95_ms", float), ("p99_ms", float),
    ),
    "days": (
        ("series", str), ("date", str), ("up_s", float), ("degraded_s", float), ("down_s", float),
        ("maintenance_s", float), ("unknown_s", float),
    ),
    "changes": (("monitor", str), ("at", str), ("kind", str), ("words", str)),
}  # fmt: skip
TABLES = tuple(COLUMNS)


def rows(engine: Engine, table: str, start: datetime, end: datetime) -> Iterator[tuple[float, list[tuple[Cell, ...]]]]:
    """The rows of ``table`` (one of TABLES) from ``start`` to ``end`` in batches: a day, of samples an hour.

    Each batch is read in a transaction of its own, for one that lasts keeps the log of a store from being cut; with it
    comes the share of the time that is through. Moments are ISO 8601 in UTC; roll-ups are of hours. An interval counts
    where it ended; open ones are left out.
    """
    if table == "days":
        start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    begun, whole = start, end - start
    while start < end:
        stop = min(_stop(table, start), end)
        with store.reading(engine) as c:
            batch = list(_BATCHES[table](c, start, stop))
        yield (stop - begun) / whole, batch
        start = stop


def _stop(table: str, start: datetime) -> datetime:
    """Where the batch that begins at ``start`` ends; samples are packed by the hour."""
    return start.replace(minute=0, second=0, microsecond=0) + HOUR if table == "samples" else start + DAY


def _samples(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    for some in samples.hour(c, start, end).values():
        for s in some:
            yield s.series, s.at.isoformat(), s.status, s.latency, s.words


def _intervals(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    for key, found in sorted(intervals.between(c, start, end + timedelta(microseconds=1)).items()):
        for i in found:
            if start < i.end <= end:
                yield key, i.status, i.start.isoformat(), i.end.isoformat(), i.words


def _flips(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    for f in reversed(flips.between(c, start, end, limit=1_000_000)):
        yield f.series, f.before, f.after, f.at.isoformat(), f.seen.isoformat(), f.words


def _rollups(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    for r in rollups.between(c, "hour", start, end):
        yield r.series, r.start.isoformat(), r.up, r.degraded, r.down, r.unknown, r.p50, r.p95, r.p99


def _days(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    last: date = (end - timedelta(microseconds=1)).date()
    for key, found in sorted(days.between(c, start.date(), last).items()):
        for d in found:
            u = d.uptime
            yield key, d.date.isoformat(), u.up, u.degraded, u.down, u.maintenance, u.unknown


def _changes(c: Connection, start: datetime, end: datetime) -> Iterator[tuple[Cell, ...]]:
    for change in reversed(changes.between(c, start, end, limit=1_000_000)):
        yield change.monitor, change.at.isoformat(), change.kind, change.words


_BATCHES: dict[str, Callable[[Connection, datetime, datetime], Iterator[tuple[Cell, ...]]]] = {
    "samples": _samples, "intervals": _intervals, "flips": _flips, "rollups": _rollups, "days": _days,
    "changes": _changes,
}  # fmt: skip


def neutral(text: str) -> str:
    """``text`` with an apostrophe in front when a spreadsheet would run it as a formula; ``restored`` takes it away."""
    return f"'{text}" if text.startswith((*DANGEROUS, "'")) else text


def restored(text: str) -> str:
    """What ``neutral`` was given."""
    return text[1:] if text.startswith("'") else text


def _nobody(_count: int, _share: float) -> None:
    """Nobody wants to hear how far it is."""


def write_csv(
    engine: Engine, table: str, start: datetime, end: datetime, out: IO[str], progress: Progress = _nobody
) -> int:
    """Writes ``rows`` with a head line to ``out`` (opened with newline=""); returns how many.

    ``progress`` hears after each batch how far it is.
    """
    writer = csv.writer(out)
    writer.writerow([name for name, _ in COLUMNS[table]])
    count = 0
    for share, batch in rows(engine, table, start, end):
        writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in batch)
        count += len(batch)
        progress(count, share)
    return count


def write_parquet(
    engine: Engine, table: str, start: datetime, end: datetime, path: Path, progress: Progress = _nobody
) -> int:
    """The same as a Parquet file (zstd), for pandas, DuckDB and the like; text stays as it is."""
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS[table]])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for share, batch in rows(engine, table, start, end):
            if batch:
                writer.write_table(pa.Table.from_pylist(_named(table, batch), schema))
            count += len(batch)
            progress(count, share)
    return count


def _named(table: str, batch: list[tuple[Cell, ...]]) -> list[dict[str, Any]]:
    names = [name for name, _ in COLUMNS[table]]
    return [dict(zip(names, row, strict=True)) for row in batch]
