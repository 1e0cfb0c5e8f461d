"""What is over is added up once and whole: late samples, hours and days away, a day of 25 hours, a commit between."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import settings
from data import days, intervals, rollups, samples, series, standings, store, watch
from model import Interval, Monitor, Phases, Sample, Standing, Status
from poller import _folding
from poller._folding import Folding

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
AGES = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Kept:
    """A store and what is added up in it; each ``at`` is a life of its own, as after a restart."""

    def __init__(self, engine, *, timeout: float = 10.0, tz: ZoneInfo = BERLIN) -> None:
        self.engine = engine
        self.known = settings.Settings(
            site=settings.Site(timezone=tz),
            store=settings.Store(raw_days=14),
            monitors=(Monitor("m", "M", "http", None, every=30.0, timeout=timeout),),
        )

    def sample(self, *moments: datetime) -> None:
        with store.writing(self.engine) as c:
            ids = series.ensure(c, ["m"], moments[0])
            samples.add(c, ids, [Sample("m", at, Status.UP, 5.0, "", Phases(1, 1, 1, 1, 4)) for at in moments])

    def every(self, step: timedelta, start: datetime, end: datetime) -> None:
        self.sample(*(start + n * step for n in range((end - start) // step)))

    def at(self, now: datetime, *, behind: bool = False) -> None:
        for step in Folding(self.engine, self.known).steps(now, behind):
            while step():
                pass

    def counts(self, level: str) -> dict[datetime, int]:
        with store.reading(self.engine) as c:
            return {each.start: each.samples for each in rollups.between(c, level, *AGES)}

    def stood(self, since: datetime, seen: datetime, *closed: Interval) -> None:
        with store.writing(self.engine) as c:
            ids = series.ensure(c, ["m"], min([since, *(each.start for each in closed)]))
            standings.keep(c, ids, [Standing("m", Status.UP, since, seen)])
            intervals.add(c, ids, closed)

    def days(self) -> dict[date, tuple[float, float]]:
        """(up, unknown) of each day."""
        with store.reading(self.engine) as c:
            found = days.between(c, date(2026, 1, 1), date(2027, 1, 1), "m")
        return {each.date: (each.uptime.up, each.uptime.unknown) for each in found.get("m", ())}


@pytest.fixture
def kept(db) -> Kept:
    return Kept(db)


@pytest.fixture
def on_file(tmp_path):
    engine = store.open(f"sqlite:///{tmp_path / 'w.db'}")
    yield engine
    engine.dispose()


def after(at: datetime) -> datetime:
    """Three seconds after it, when the minute before is added up."""
    return at + 3 * SECOND


def test_a_minute_an_hour_a_day_hold_every_sample(kept: Kept, noon: datetime) -> None:
    kept.every(20 * SECOND, noon - 3 * HOUR, noon)
    kept.at(after(noon - 2 * HOUR))
    kept.at(after(noon))
    assert kept.counts("minute") == {noon - 3 * HOUR + n * MINUTE: 3 for n in range(180)}
    assert kept.counts("hour") == {noon - n * HOUR: 180 for n in (3, 2, 1)}
    assert kept.counts("day") == {datetime(2026, 11, 22, 23, tzinfo=UTC): 540}


def test_a_probe_that_ended_after_its_minute_was_added_up_is_in_it(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    kept.sample(noon + 10 * SECOND)
    kept.at(after(noon + MINUTE))
    kept.sample(noon + 58 * SECOND)  # it took six seconds
    kept.at(after(noon + 2 * MINUTE))
    assert kept.counts("minute") == {noon: 2}


def test_one_that_may_take_five_minutes_is_waited_for_before_its_hour_is_packed(on_file, noon: datetime) -> None:
    kept = Kept(on_file, timeout=300.0)
    kept.every(30 * SECOND, noon - HOUR, noon - MINUTE)
    kept.at(after(noon - MINUTE))
    for minute in range(5):
        kept.at(after(noon + minute * MINUTE))
    kept.sample(noon - 5 * SECOND)
    kept.at(after(noon + 5 * MINUTE))
    kept.at(after(noon + 11 * MINUTE))
    assert kept.counts("minute")[noon - MINUTE] == 1
    assert kept.counts("hour") == {noon - HOUR: 119}
    with store.reading(on_file) as c:
        assert samples.unsealed_hours(c, noon + HOUR) == ()


def test_what_comes_too_late_takes_nothing_away(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    kept.every(20 * SECOND, noon - HOUR, noon)
    kept.at(after(noon))
    kept.at(after(noon + MINUTE))
    kept.at(after(noon + 6 * MINUTE))  # now the hour is packed
    with store.writing(on_file) as c:
        watch.note(c, _folding.FOLDED, (noon - 2 * MINUTE).isoformat())
        watch.note(c, _folding.HOURS, (noon - 2 * MINUTE).isoformat())
    kept.sample(noon - 65 * SECOND)
    kept.at(after(noon + 11 * MINUTE))
    assert set(kept.counts("minute").values()) == {3}
    assert kept.counts("hour") == {noon - HOUR: 180}


def test_results_that_waited_for_the_store_are_added_up_where_they_began(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    kept.every(20 * SECOND, noon, noon + 10 * MINUTE)
    kept.at(after(noon + 10 * MINUTE))
    for minute in range(11, 31):  # the store takes nothing from the poller; what waits for it is not skipped
        kept.at(after(noon + minute * MINUTE), behind=True)
    kept.every(20 * SECOND, noon + 10 * MINUTE, noon + 30 * MINUTE)
    kept.at(after(noon + 31 * MINUTE))
    assert kept.counts("minute") == {noon + n * MINUTE: 3 for n in range(30)}
    assert kept.counts("hour") == {noon: 90}


def test_even_behind_room_is_made(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    kept.sample(noon - timedelta(days=20))
    kept.at(after(noon), behind=True)
    with store.reading(on_file) as c:
        assert samples.first(c, AGES[0]) is None


@pytest.mark.parametrize("away", [3 * HOUR, timedelta(days=5)], ids=["three hours", "five days"])
def test_minutes_before_a_long_absence_are_not_lost(on_file, noon: datetime, away: timedelta) -> None:
    kept = Kept(on_file)
    kept.every(20 * SECOND, noon, noon + 37 * MINUTE)
    kept.at(after(noon + 36 * MINUTE))  # the last look at the hours; the thirty-seventh minute is not added up
    kept.every(20 * SECOND, noon + away, noon + away + 2 * MINUTE)
    kept.at(after(noon + away + 6 * MINUTE))
    hour = (noon + away).replace(minute=0)
    assert kept.counts("hour") == {noon: 111, hour: 6}
    assert sum(kept.counts("day").values()) == 117


def test_days_that_nobody_watched_are_unknown_and_so_is_the_rest_of_the_last_one(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    kept.stood(noon - HOUR, noon)
    kept.at(after(noon))
    back = noon + timedelta(days=4)
    kept.stood(back, back, Interval("m", Status.UP, noon - HOUR, noon), Interval("m", Status.UNKNOWN, noon, back))
    kept.at(after(back))
    found = kept.days()
    assert [found[date(2026, 11, day)][1] for day in (23, 24, 25, 26)] == [11 * 3600, 86400, 86400, 86400]
    assert found[date(2026, 11, 23)][0] == 3600
    assert found[date(2026, 11, 27)] == (3, 13 * 3600)


def test_a_day_of_twenty_five_hours_has_them_all(on_file) -> None:
    kept = Kept(on_file)
    start, end = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)
    kept.stood(start - HOUR, end + HOUR)
    kept.every(5 * MINUTE, start, end)
    for hour in range(1, 27):
        kept.at(after(start + hour * HOUR + MINUTE))
    assert kept.days()[date(2026, 10, 25)] == (25 * 3600, 0)
    assert kept.counts("day") == {start: 25 * 12}


def test_packing_is_done_bit_by_bit_and_only_of_what_is_added_up(on_file, noon: datetime, monkeypatch) -> None:
    kept = Kept(on_file)
    for each in range(3):
        kept.sample(noon - (each + 1) * HOUR)
    folding = Folding(on_file, kept.known)
    assert not folding.seal(noon + 10 * MINUTE)  # no minute was added up yet
    while folding.minutes(noon - 90 * MINUTE):
        pass
    assert folding.seal(noon + 10 * MINUTE)
    with store.reading(on_file) as c:
        assert len(samples.unsealed_hours(c, noon + HOUR)) == 2
    assert not folding.seal(noon + 10 * MINUTE)


def test_pruning_is_done_bit_by_bit(on_file, noon: datetime) -> None:
    kept = Kept(on_file)
    old = noon - timedelta(days=30)
    kept.every(timedelta(milliseconds=20), old, old + 120 * SECOND)
    folding = Folding(on_file, kept.known)
    assert [folding.prune(noon) for _ in range(3)] == [True, True, False]


async def test_commits_go_on_while_there_is_much_to_fold(webs, configure, polling, until) -> None:
    known = configure(webs().url)
    async with polling(known) as running:
        poller, batches = running.poller, []

        def slow() -> bool:
            import time

            time.sleep(0.1)
            batches.append(poller.ledger.standings.get("m0"))
            return len(batches) < 25

        poller.folding.steps = lambda now, behind: [slow]
        poller._folded = None
        await until(lambda: len(batches) >= 25, 90)
        await asyncio.sleep(0)

    assert len({standing.seen for standing in batches if standing}) > 2
