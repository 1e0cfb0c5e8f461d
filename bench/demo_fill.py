"""The demo's 90 days of history: the essentials, then the rest; beside the same rows through the bare driver."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import pysqlite3.dbapi2 as driver
from _report import report

from demo import fill, opening

ROUNDS = 3
BAR_S = 10.0
BATCH = 2000  # rows of one commit, about as many as the demo's own


def filled(var: Path) -> tuple[float, float]:
    """Seconds until the first page has what it needs, and until all is there."""
    began = time.perf_counter()
    engine, _, _ = opening.opened(var)
    between = time.perf_counter()
    engine.dispose()
    fill.details(var)
    return between - began, time.perf_counter() - between


def bare(source: Path, target: Path) -> tuple[float, int]:
    """Seconds to insert every row of ``source`` into the same tables, and how many rows; reading does not count."""
    c = driver.connect(f"file:{source}?mode=ro", uri=True)
    tables = dict(c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"))
    rows = {name: c.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    c.close()
    c = driver.connect(str(target), isolation_level=None)
    c.execute("PRAGMA journal_mode=WAL")
    began = time.perf_counter()
    for name, sql in tables.items():
        c.execute(sql)
        for at in range(0, len(rows[name]), BATCH):
            marks = ",".join("?" * len(rows[name][0]))
            c.execute("BEGIN IMMEDIATE")
            c.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows[name][at : at + BATCH])
            c.execute("COMMIT")
    taken = time.perf_counter() - began
    c.close()
    return taken, sum(map(len, rows.values()))


def main() -> None:
    first, whole, ratios, many = [], [], [], 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            var = Path(folder)
            essentials, details = filled(var)
            floor, many = bare(var / "demo.db", var / "bare.db")
        first.append(essentials)
        whole.append(essentials + details)
        ratios.append((essentials + details) / floor)
    said = f"{statistics.median(whole):.1f} s, the first {statistics.median(first):.1f} of them before the first page"
    low, high = min(ratios), max(ratios)
    ratio = f"{statistics.median(ratios):.1f} times the bare driver with its {many:,} rows ({low:.1f} to {high:.1f})"
    report(__file__, "90 days of the demo's history", said, ratio, f"{BAR_S:g} s")


if __name__ == "__main__":
    main()
