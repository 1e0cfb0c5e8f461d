"""Bytes on disk for each sample once sealed, roll-ups, days and intervals included; beside plain rows with text."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysqlite3.dbapi2 as driver
from _report import report

from data import days, intervals, rollups, samples, series, store
from model import Day, Interval, Phases, Sample, Status, Uptime
from rules import rollup

MONITORS = 4
DAYS = 90
STEP = timedelta(seconds=30)
HOUR = timedelta(hours=1)
START = datetime(2026, 8, 1, tzinfo=UTC)


def hour_of(key: str, start: datetime, chance: random.Random, usual: float) -> list[Sample]:
    """Log-normal latency with a daily rhythm, a few milliseconds of lateness, five in a thousand fail."""
    busy = usual * (1.3 if 8 <= start.hour < 18 else 1.0)
    made = []
    for n in range(HOUR // STEP):
        at = start + n * STEP + timedelta(milliseconds=7 + chance.expovariate(1 / 3))
        if chance.random() < 0.005:
            made.append(Sample(key, at, Status.DOWN, None, chance.choice(["answered 503, not 200", "timed out"])))
            continue
        ms = busy * chance.lognormvariate(0, 0.15) * (4 if chance.random() < 0.01 else 1)
        phases = Phases(ms * 0.05, ms * 0.1, ms * 0.2, ms * 0.6, ms)
        made.append(Sample(key, at, Status.UP, ms, "", phases))
    return made


def written(url: str, progress: Path) -> tuple[int, int]:
    """Samples, and bytes of the file, of a store that was filled through the functions the poller uses."""
    engine = store.open(url)
    count = sum(len(hour) for hour in filled(engine))
    engine.dispose()
    compacted = driver.connect(str(progress))
    compacted.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    compacted.close()
    return count, progress.stat().st_size


def filled(engine: store.Engine) -> Iterator[list[Sample]]:
    chance = random.Random(3)
    usual = {f"monitor-{n}": chance.uniform(20, 300) for n in range(MONITORS)}
    with store.writing(engine) as c:
        ids = series.ensure(c, usual, START)
    for n in range(DAYS * 24):
        start = START + n * HOUR
        every = [hour_of(key, start, chance, ms) for key, ms in usual.items()]
        with store.writing(engine) as c:
            for hour in every:
                samples.add(c, ids, hour)
                rollups.put(c, ids, [rollup.fold(hour[0].series, "hour", start, hour)])
                if n >= (DAYS - 2) * 24:
                    rollups.put(c, ids, minutes(hour))
                if n % 24 == 0:
                    key = hour[0].series
                    days.put(c, ids, [Day(key, start.date(), Uptime(86_000.0, 0, 400.0))])
                    ends = [start + m * timedelta(minutes=chance.uniform(0, 1400)) for m in (1, 1)]
                    intervals.add(c, ids, [Interval(key, Status.DOWN, start, end, "answered 503") for end in ends])
        with store.writing(engine) as c:
            samples.seal(c, start)
        yield from every


def minutes(hour: list[Sample]) -> list[rollup.Rollup]:
    by_minute: dict[datetime, list[Sample]] = {}
    for each in hour:
        by_minute.setdefault(each.at.replace(second=0, microsecond=0), []).append(each)
    return [rollup.fold(hour[0].series, "minute", at, some) for at, some in by_minute.items()]


def naive(path: Path, count: int = 100_000) -> float:
    """Bytes a row of the table one would write first: text for monitor, moment, status and reason, and an index."""
    chance = random.Random(4)
    c = driver.connect(str(path))
    c.execute(
        "CREATE TABLE samples (id INTEGER PRIMARY KEY, monitor TEXT, at TEXT, status TEXT, ms REAL, message TEXT)"
    )
    c.execute("CREATE INDEX by_monitor ON samples (monitor, at)")
    for n in range(count // 120):
        rows = hour_of(f"monitor-{n % MONITORS}", START + (n // MONITORS) * HOUR, chance, 64)
        c.executemany(
            "INSERT INTO samples (monitor, at, status, ms, message) VALUES (?, ?, ?, ?, ?)",
            [(s.series, s.at.isoformat(), s.status, s.latency, s.words or "200 - OK") for s in rows],
        )
    c.commit()
    c.close()
    return path.stat().st_size / (count // 120 * 120)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        count, size = written(f"sqlite:///{path}", path)
        plain = naive(Path(folder) / "naive.db")
    each = size / count
    what = f"bytes a sample once sealed, {DAYS} days at 30 s, everything included"
    report(__file__, what, f"{each:.2f}", f"1/{plain / each:.0f} of plain rows with text, {plain:.0f}", "8, stretch 5")


if __name__ == "__main__":
    main()
