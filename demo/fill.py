"""Writes the rest of the past behind the running demo: samples and roll-ups, in small transactions."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from data import figures, revision, rollups, samples, series, store, vitals, watch
from data.store import Engine
from demo import beacons, beyond, posture, telling
from demo.config import ZONE
from demo.hours import Past
from demo.opening import opened
from demo.schedule import HISTORY, Schedule
from model import Figure, VitalRollup

HOUR = timedelta(hours=1)
PIECE = 3000  # roll-ups of one transaction


def details(var: Path, now: datetime | None = None) -> None:
    """Writes everything that is missing, the newest first; every page says how far it is."""
    engine, schedule, unfinished = opened(var, now)
    if unfinished:
        with _uncollected():
            _write(engine, schedule)
        with store.writing(engine) as c:
            watch.note(c, watch.FILLING, None)
            revision.bump(c)
    engine.dispose()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Half a million values come and go, and none is part of a cycle: looking for one takes a tenth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _write(engine: Engine, schedule: Schedule) -> None:
    stories = tuple(each.story for _, each in telling.told(schedule))
    scores = [("headers", at, [Figure("score", score)]) for at, score in posture.scores(schedule.opened)]
    numbers = [*beyond.figures(schedule), *scores]
    with store.writing(engine) as c:
        figures.add_all(c, numbers)
        ids = series.ids(c)
    for level, found in (("hour", beacons.hours(schedule)), ("day", beacons.days(schedule))):
        for some in _pieces(found):
            with store.writing(engine) as c:
                vitals.put(c, level, some)
    for batch in Past(schedule.opened, stories, ZoneInfo(ZONE)).batches():
        done = (schedule.opened - batch.hour) / HISTORY
        with store.writing(engine) as c:
            if batch.hour + HOUR + samples.GRACE <= schedule.opened:
                samples.add_sealed(c, ids, batch.hour, batch.samples)
            else:  # the poller's to seal: it may not have seen the last of it
                samples.add(c, ids, batch.samples)
            rollups.put(c, ids, batch.rollups)
            rollups.put_alike(c, ids, batch.alike)
            watch.note(c, watch.FILLING, f"The demo's history is being written: {max(0, min(done, 1)):.0%}.")
            revision.bump(c)


def _pieces(found: Iterable[VitalRollup]) -> Iterator[list[VitalRollup]]:
    """A transaction's worth each, made while another writer finds the store free: the poller waits five seconds."""
    left = iter(found)
    while some := list(islice(left, PIECE)):
        yield some
