"""A program that writes into a store as fast as it can and says after each commit what is safe; tests kill it."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

from data import intervals, revision, samples, series, standings, store
from model import Interval, Sample, Standing, Status

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def write(url: str, key: str, seconds: float) -> None:
    engine = store.open(url, check=False)
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        began = time.perf_counter()
        at = START + timedelta(milliseconds=10 * number)
        with store.writing(engine) as c:
            ids = series.ensure(c, [key], START)
            some = [Sample(key, at + timedelta(milliseconds=n), Status.UP, 1.0) for n in range(10)]
            samples.add(c, ids, some)
            standings.keep(c, ids, [Standing(key, Status.UP, at, at)])
            intervals.add(c, ids, [Interval(key, Status.UP, at, at + timedelta(milliseconds=10))])
            revision.bump(c)
        number += 1
        print(number, f"{(time.perf_counter() - began) * 1000:.1f}", flush=True)  # noqa: T201 - the test reads it
        time.sleep(0.002)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], float(sys.argv[3]))
