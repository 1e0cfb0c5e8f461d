"""Samples, fresh and sealed, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select

from data import samples, series, store
from data.tables import CHUNKS, SAMPLES
from model import Phases, Sample, Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sample(key: str, at: datetime, latency: float | None = 64.25, words: str = "") -> Sample:
    status = Status.UP if latency is not None else Status.DOWN
    return Sample(key, at, status, latency, words, Phases(1.5, 2.25, 3.125, 40.0, latency))


def bare(sample: Sample) -> Sample:
    return Sample(sample.series, sample.at, sample.status, sample.latency, sample.words)


def fill(db: Engine, some: list[Sample]) -> None:
    with store.writing(db) as c:
        samples.add(c, series.ensure(c, {s.series for s in some}, NOON), some)


def seal_all(db: Engine, now: datetime, limit: int = 5000) -> list[int]:
    with store.reading(db) as c:
        hours = samples.unsealed_hours(c, now)
    counts = []
    for hour in hours:
        while True:
            with store.writing(db) as c:
                counts.append(samples.seal(c, hour, limit))
            if not counts[-1]:
                break
    return counts


def hour_of(key: str, start: datetime, count: int = 12) -> list[Sample]:
    return [
        sample(key, start + timedelta(minutes=5 * n, milliseconds=n), *((None, "refused") if n == 3 else (60.0 + n,)))
        for n in range(count)
    ]


def test_fresh_samples_come_back_with_their_phases(db: Engine) -> None:
    written = hour_of("api", NOON)
    fill(db, written + hour_of("shop", NOON))
    with store.reading(db) as c:
        assert samples.between(c, "api", NOON, NOON + HOUR) == tuple(written)
        assert samples.recent(c, "api", 3) == tuple(written[-3:])


def test_sealed_samples_come_back_exactly_but_for_the_phases(db: Engine) -> None:
    written = [s for n in range(3) for s in hour_of("api", NOON + n * HOUR)]
    fill(db, written)
    assert seal_all(db, NOON + 2 * HOUR + timedelta(minutes=2)) == [12, 0, 12, 0]
    with store.reading(db) as c:
        assert samples.between(c, "api", NOON, NOON + 3 * HOUR) == (*map(bare, written[:24]), *written[24:])
        assert samples.recent(c, "api", 14) == (*map(bare, written[22:24]), *written[24:])
        assert c.execute(select(func.count()).select_from(SAMPLES)).scalar() == 12


def test_samples_of_an_hour_long_over_are_sealed_at_once(db: Engine) -> None:
    """As fresh ones would have been; what is in a blob or comes twice stays as it was first."""
    written = [*hour_of("api", NOON), *hour_of("shop", NOON)]
    with store.writing(db) as c:
        ids = series.ensure(c, ["api", "shop"], NOON)
        samples.add_sealed(c, ids, NOON, written[6:])
        samples.add_sealed(c, ids, NOON, [*reversed(written[:7]), sample("api", written[6].at, 1.0, "again")])
        samples.add_sealed(c, ids, NOON, [])
        blobs = dict(c.execute(select(CHUNKS.c.key, CHUNKS.c.body)).all())
        assert c.execute(select(func.count()).select_from(SAMPLES)).scalar() == 0
        c.execute(delete(CHUNKS))
    fill(db, written)
    seal_all(db, NOON + HOUR + timedelta(minutes=2))
    with store.reading(db) as c:
        assert dict(c.execute(select(CHUNKS.c.key, CHUNKS.c.body)).all()) == blobs
        assert samples.between(c, "shop", NOON, NOON + HOUR) == tuple(map(bare, written[12:]))


@pytest.mark.parametrize("minutes", [(0, 60), (5, 6), (4, 61), (60, 120), (59, 60)], ids=str)
def test_a_window_holds_its_start_and_not_its_end(db: Engine, minutes: tuple[int, int]) -> None:
    written = hour_of("api", NOON) + hour_of("api", NOON + HOUR)
    fill(db, written)
    seal_all(db, NOON + HOUR + timedelta(minutes=2))
    start, end = (NOON + timedelta(minutes=n) for n in minutes)
    with store.reading(db) as c:
        found = [s.at for s in samples.between(c, "api", start, end)]
    assert found == [s.at for s in written if start <= s.at < end]


def test_an_hour_is_left_alone_until_it_is_over_for_a_minute(db: Engine) -> None:
    fill(db, hour_of("api", NOON))
    with store.reading(db) as c:
        assert samples.unsealed_hours(c, NOON + HOUR + timedelta(seconds=59)) == ()
        assert samples.unsealed_hours(c, NOON + HOUR + timedelta(seconds=60)) == (NOON,)


def test_a_late_sample_is_merged_into_its_sealed_hour(db: Engine) -> None:
    written = hour_of("api", NOON)
    fill(db, written[:5] + written[6:])
    seal_all(db, NOON + 2 * HOUR)
    fill(db, [written[5]])
    with store.reading(db) as c:
        assert len(samples.between(c, "api", NOON, NOON + HOUR)) == 12
    seal_all(db, NOON + 2 * HOUR)
    with store.reading(db) as c:
        assert samples.between(c, "api", NOON, NOON + HOUR) == tuple(map(bare, written))
        assert c.execute(select(func.count()).select_from(CHUNKS)).scalar() == 1


def test_sealing_goes_in_steps_of_whole_series(db: Engine) -> None:
    fill(db, [s for n in range(5) for s in hour_of(f"m{n}", NOON)])
    assert seal_all(db, NOON + 2 * HOUR, limit=25) == [24, 24, 12, 0]


def test_one_series_above_the_limit_still_goes(db: Engine) -> None:
    fill(db, hour_of("api", NOON))
    assert seal_all(db, NOON + 2 * HOUR, limit=5) == [12, 0]


def test_the_first_of_two_samples_in_a_millisecond_stays(db: Engine) -> None:
    fill(db, [sample("api", NOON, 1.0)])
    fill(db, [sample("api", NOON, 2.0)])
    with store.reading(db) as c:
        assert [s.latency for s in samples.recent(c, "api", 5)] == [1.0]


def test_the_newest_samples_are_found_behind_a_gap_of_days(db: Engine) -> None:
    written = hour_of("api", NOON - timedelta(days=9)) + hour_of("api", NOON)
    fill(db, written + [s for n in range(200) for s in hour_of("shop", NOON - n * HOUR, 1)])
    seal_all(db, NOON + 2 * HOUR)
    with store.reading(db) as c:
        assert samples.recent(c, "api", 20) == tuple(map(bare, written[-20:]))
        assert len(samples.recent(c, "api", 99)) == 24


def test_a_series_that_nobody_knows_has_no_samples(db: Engine) -> None:
    with store.reading(db) as c:
        assert samples.recent(c, "api", 5) == samples.between(c, "api", NOON, NOON + HOUR) == ()


def test_hostile_words_are_cut_and_kept_without_nul(db: Engine) -> None:
    fill(db, [sample("api", NOON, None, "a\0b\ud800" + "x" * 500)])
    with store.reading(db) as c:
        (found,) = samples.recent(c, "api", 1)
    assert found.words == ("a?b?" + "x" * 500)[:200]


def test_prune_takes_whole_hours_in_batches_and_stops_at_the_limit(db: Engine) -> None:
    fill(db, [s for n in range(6) for s in hour_of("api", NOON + n * HOUR)])
    seal_all(db, NOON + 4 * HOUR + timedelta(minutes=2))
    gone = []
    while not gone or gone[-1]:
        with store.writing(db) as c:
            gone.append(samples.prune(c, NOON + 5 * HOUR + timedelta(minutes=30), limit=3))
    assert gone == [3, 3, 3, 3, 3, 1, 0]
    with store.reading(db) as c:
        assert [s.at.hour for s in samples.recent(c, "api", 99)] == [17] * 12


def test_the_newest_moment_of_each_series_is_known(db: Engine) -> None:
    fill(db, hour_of("api", NOON) + hour_of("shop", NOON, 2))
    with store.reading(db) as c:
        assert samples.newest(c) == {
            "api": NOON + timedelta(minutes=55, milliseconds=11),
            "shop": NOON + timedelta(minutes=5, milliseconds=1),
        }


def test_fresh_samples_of_all_series_come_by_series_in_order(db: Engine) -> None:
    api, shop = hour_of("api", NOON), hour_of("shop", NOON)
    fill(db, shop + api + hour_of("api", NOON - HOUR))
    seal_all(db, NOON + timedelta(minutes=2))
    with store.reading(db) as c:
        assert samples.fresh(c, NOON - 2 * HOUR, NOON + timedelta(minutes=10)) == {"api": api[:2], "shop": shop[:2]}
