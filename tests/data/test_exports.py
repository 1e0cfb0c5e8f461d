"""Exports: every row once, formulas harmless, and the way back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import Engine, event

from data import changes, days, exports, flips, intervals, rollups, samples, series, store
from model import Change, Day, Flip, Interval, Rollup, Sample, Status, Uptime

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = "=HYPERLINK(1)"


@pytest.fixture
def filled(db: Engine) -> Engine:
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        for n in range(72):
            at = NOON + n * HOUR
            samples.add(c, ids, [Sample(key, at, Status.DOWN, None, HOSTILE) for key in ids])
            intervals.add(c, ids, [Interval("api", Status.DOWN, at - HOUR, at, HOSTILE)])
            flips.add(c, ids, [Flip("api", Status.UP, Status.DOWN, at, at, HOSTILE)])
            rollups.put(c, ids, [Rollup("api", "hour", at, up=n, p50=1.5)])
            changes.add(c, [Change(at, "commit", HOSTILE, "api")])
        days.put(c, ids, [Day("api", date(2026, 11, 23) + timedelta(n), Uptime(1.5 * n)) for n in range(4)])
        samples.seal(c, NOON)
    return db


def exported(db: Engine, table: str) -> tuple[list[list[str]], list[tuple[int, float]]]:
    out, heard = io.StringIO(newline=""), []
    count = exports.write_csv(db, table, NOON, NOON + 72 * HOUR, out, lambda *said: heard.append(said))
    found = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert len(found) == count + 1
    return found, heard


ROWS = {"samples": 144, "intervals": 71, "flips": 72, "rollups": 72, "days": 4, "changes": 72}


@pytest.mark.parametrize("table", exports.TABLES)
def test_every_row_is_exported_once(filled: Engine, table: str) -> None:
    found, heard = exported(filled, table)
    assert found[0] == [name for name, _ in exports.COLUMNS[table]]
    assert len({tuple(row) for row in found[1:]}) == len(found) - 1 == ROWS[table]
    assert heard == sorted(heard)
    assert heard[-1] == (ROWS[table], 1.0)
    assert len(heard) >= 3


@pytest.mark.parametrize("table", exports.TABLES)
def test_parquet_holds_the_same_rows(filled: Engine, table: str, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    count = exports.write_parquet(filled, table, NOON, NOON + 72 * HOUR, path)
    found = parquet.read_table(path)
    assert count == found.num_rows == ROWS[table]
    assert found.column_names == [name for name, _ in exports.COLUMNS[table]]


def test_an_export_that_begins_and_ends_inside_an_hour_has_what_lies_between(filled: Engine) -> None:
    out = io.StringIO(newline="")
    minute = timedelta(minutes=1)
    with store.writing(filled) as c:
        ids = series.ids(c)
        samples.add(c, ids, [Sample("api", NOON + n * minute, Status.UP, 1.0) for n in (10, 20, 70, 80)])
        samples.seal(c, NOON)
        samples.add(c, ids, [Sample("api", NOON + 15 * minute, Status.UP, 1.0)])  # it came late
    exports.write_csv(filled, "samples", NOON + 10 * minute, NOON + 80 * minute, out)
    found = [row[:2] for row in csv.reader(io.StringIO(out.getvalue(), newline=""))][1:]
    hour = NOON + HOUR
    assert [at for key, at in found if key == "api"] == [(NOON + n * minute).isoformat() for n in (10, 15, 20, 60, 70)]
    assert [at for key, at in found if key == "shop"] == [hour.isoformat()]


def test_an_export_holds_no_transaction_while_its_reader_is_slow(filled: Engine) -> None:
    for number, _ in enumerate(exports.rows(filled, "samples", NOON, NOON + 3 * HOUR)):
        with store.writing(filled) as c:
            series.ensure(c, [f"new-{number}"], NOON)
        with filled.connect() as c:
            if filled.dialect.name == "sqlite":
                busy, log, moved = c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                assert (busy, log, moved) == (0, 0, 0)


def test_an_hour_is_read_in_few_questions_however_many_series(filled: Engine) -> None:
    with store.writing(filled) as c:
        ids = series.ensure(c, [f"m{n}" for n in range(300)], NOON)
        samples.add(c, ids, [Sample(key, NOON, Status.UP, 1.0) for key in ids])
    asked: list[str] = []
    event.listen(filled, "before_cursor_execute", lambda *told: asked.append(told[2]))
    ((_, batch),) = exports.rows(filled, "samples", NOON, NOON + HOUR)
    assert len(batch) >= 300
    assert len([each for each in asked if each.startswith("SELECT")]) <= 5


def test_parquet_keeps_text_as_it_is(filled: Engine, tmp_path: Path) -> None:
    exports.write_parquet(filled, "samples", NOON, NOON + HOUR, tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist()[0]["words"] == HOSTILE


def test_a_formula_is_made_harmless(filled: Engine) -> None:
    found, _ = exported(filled, "samples")
    assert {row[-1] for row in found[1:]} == {"'" + HOSTILE}


cells = st.text(max_size=40) | st.builds("{}{}".format, st.sampled_from("=+-@\t\r'\"\n,;"), st.text(max_size=20))


@settings(max_examples=2000)
@given(cells)
def test_every_text_comes_back_through_a_spreadsheet_file(cell: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([exports.neutral(cell), "x"])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert not row[0].startswith(exports.DANGEROUS)
    assert exports.restored(row[0]) == cell
