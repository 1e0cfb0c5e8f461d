"""CPU of reading the 90-day board of 100 monitors from the store, beside plain rows added up in SQL."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pysqlite3.dbapi2 as driver
from _report import report

from data import days, intervals, series, store
from model import Day, Interval, Standing, Status
from rules import intervals as timelines
from rules import uptime

MONITORS, DAYS, RAW = 100, 90, 2
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START = NOW - timedelta(days=DAYS)
ZONE = ZoneInfo("Europe/Berlin")
HORIZON = 70.0
BAR = "50 ms, stretch 20"


def history(key: str, chance: random.Random) -> tuple[list[Interval], Standing]:
    """About 178 intervals a monitor: up for half a day, then a few minutes of trouble."""
    at, made = START, list[Interval]()
    while at < NOW - timedelta(days=1):
        for status, minutes in ((Status.UP, chance.expovariate(1 / 1400)), (Status.DOWN, chance.expovariate(1 / 8))):
            end = at + timedelta(minutes=minutes)
            made.append(Interval(key, status, at, end, "" if status is Status.UP else "answered 503, not 200"))
            at = end
    return made, Standing(key, Status.UP, at, NOW)


def by_day(found: list[Interval], standing: Standing) -> list[Day]:
    line = timelines.timeline(found, standing, HORIZON, START, (), START, NOW, NOW)
    return [Day(standing.series, day, seconds) for day, seconds in uptime.by_day(line, ZONE)]


def filled(url: str) -> tuple[store.Engine, dict[str, Standing]]:
    engine, chance = store.open(url), random.Random(5)
    standing: dict[str, Standing] = {}
    with store.writing(engine) as c:
        ids = series.ensure(c, [f"monitor-{n}" for n in range(MONITORS)], START)
        for key in ids:
            made, standing[key] = history(key, chance)
            intervals.add(c, ids, made)
            days.put(c, ids, by_day(made, standing[key]))
    return engine, standing


def plain(path: Path) -> driver.Connection:
    """The rows one would write first, of two monitors, with the index one would think of."""
    c = driver.connect(str(path))
    c.execute("CREATE TABLE samples (id INTEGER PRIMARY KEY, monitor TEXT, at TEXT, status TEXT, ms REAL)")
    c.execute("CREATE INDEX by_monitor ON samples (monitor, at)")
    for n in range(RAW):
        moments = (START + timedelta(seconds=30 * m) for m in range(DAYS * 2880))
        rows = (
            (f"monitor-{n}", at.isoformat(), "down" if m % 300 == 0 else "up", 64.0) for m, at in enumerate(moments)
        )
        c.executemany("INSERT INTO samples (monitor, at, status, ms) VALUES (?, ?, ?, ?)", rows)
    c.commit()
    return c


def cpu(work: Callable[[], object], times: int = 15) -> float:
    """Milliseconds of CPU, the median of ``times``."""
    taken = []
    for _ in range(times):
        before = time.process_time()
        work()
        taken.append((time.process_time() - before) * 1000)
    return statistics.median(taken)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine, standing = filled(f"sqlite:///{folder}/w.db")
        naive = plain(Path(folder) / "plain.db")

        def bars() -> object:
            with store.reading(engine) as c:
                return days.between(c, START.date(), NOW.date())

        def runs(start: datetime = START) -> dict[str, tuple[Interval, ...]]:
            with store.reading(engine) as c:
                return intervals.between(c, start, NOW)

        def board() -> object:
            return bars(), runs(NOW - timedelta(days=1))

        def recomputed() -> object:
            return [by_day(list(found), standing[key]) for key, found in runs().items()]

        def raw() -> object:
            sql = "SELECT substr(at, 1, 10), status, count(*) FROM samples WHERE monitor = ? GROUP BY 1, 2"
            return [naive.execute(sql, (f"monitor-{n}",)).fetchall() for n in range(RAW)]

        fast, whole, anew = cpu(board), cpu(runs), cpu(recomputed, 3)
        slow = cpu(raw, 3) / RAW * MONITORS
        naive.close()
        engine.dispose()
    of = f"{DAYS} days of {MONITORS} monitors"
    plain_rows = f"1/{slow / fast:.0f} of plain rows, {slow / 1000:.1f} s"
    report(__file__, f"board of {of}: day rows, and intervals since yesterday, CPU", f"{fast:.0f} ms", plain_rows, BAR)
    what = f"board of {of} with every interval read as well, CPU"
    report(__file__, what, f"{fast + whole:.0f} ms", f"1/{anew / (fast + whole):.1f} of making the days anew")


if __name__ == "__main__":
    main()
