"""A store that is away for a while, on SQLite and on a real Postgres: probing goes on, and what was seen is kept."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

import settings
from data import flips, samples, standings, store, watch
from model import Status
from poller import _main

pytestmark = pytest.mark.timeout(120)
AGES = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def read(engine, work):
    with store.reading(engine) as c:
        return work(c)


@pytest.fixture
def on_postgres(configure, postgres_url):
    """The same configuration with its store on Postgres."""

    def made(*targets: str, **more) -> settings.Settings:
        return settings.load(configure(*targets, **more).path, {"WARDROUND_STORE_URL": postgres_url})

    return made


async def test_on_postgres_a_failing_answer_is_told_and_so_is_the_end(webs, on_postgres, polling, until) -> None:
    target, hook = webs(), webs()
    async with polling(on_postgres(target.url, channels=(f"json://{hook.url}/",))) as running:
        await until(lambda: read(running.engine, standings.read).get("m0"), 30)
        target.status = 503
        await until(lambda: hook.said, 30)
        target.status = 200
        await until(lambda: len(hook.said) == 2, 30)
        found = read(running.engine, lambda c: flips.between(c, *AGES))

    assert hook.titles()[0] == "M0 is down"
    assert [f.after for f in reversed(found)] == [Status.UP, Status.DOWN, Status.UP]


async def test_a_postgres_that_restarts_neither_ends_the_poller_nor_loses_what_was_seen(
    webs,
    on_postgres,
    polling,
    until,
    postgres,
) -> None:
    async with polling(on_postgres(webs().url)) as running:
        poller = running.poller
        await until(lambda: read(running.engine, standings.read).get("m0"), 30)
        await asyncio.to_thread(postgres.down)
        try:
            await until(lambda: len(poller.buffer) >= 8, 60)  # longer than between two looks at its size
            assert not running.task.done()
            first, last = poller.buffer[0].at, poller.buffer[-1].at
        finally:
            await asyncio.to_thread(postgres.up)
        await until(lambda: len(poller.buffer) < 8, 60)
        await until(lambda: poller.ledger.standings["m0"].seen > last, 30)
        found = read(running.engine, lambda c: samples.between(c, "m0", first, last + timedelta(milliseconds=1)))

    assert len(found) >= 8
    assert {sample.status for sample in found} == {Status.UP}


async def test_on_postgres_a_second_poller_takes_over(webs, on_postgres, polling, until) -> None:
    known = on_postgres(webs().url)
    async with polling(known, ttl=2.0) as first:
        await until(lambda: first.poller.ledger.epoch, 30)
        async with polling(known, ttl=2.0) as second:
            await asyncio.sleep(1.0)
            assert second.poller.ledger.epoch == 0
            first.poller.stop.set()
            await first.task
            await until(lambda: second.poller.ledger.epoch == first.poller.ledger.epoch + 1, 30)
            before = len(read(second.engine, lambda c: samples.recent(c, "m0", 99)))
            await until(lambda: len(read(second.engine, lambda c: samples.recent(c, "m0", 99))) > before, 30)


# --- a store that is locked, or full


async def test_what_was_seen_while_the_store_was_locked_is_kept_afterwards(
    soon_locked_out, webs, configure, polling, until
) -> None:
    async with polling(configure(webs().url)) as running:
        poller = running.poller
        await until(lambda: read(running.engine, standings.read).get("m0"), 30)
        with store.writing(running.engine):
            await until(lambda: len(poller.buffer) >= 4 and poller._behind, 60)
            first, last = poller.buffer[0].at, poller.buffer[-1].at
        await until(lambda: not poller._behind and poller.ledger.standings["m0"].seen > last, 60)
        found = read(running.engine, lambda c: samples.between(c, "m0", first, last + timedelta(milliseconds=1)))
        assert len(found) >= 4
        assert poller.dropped == 0
        assert running.poller.ledger.standings["m0"].status is Status.UP


async def test_when_too_much_waits_the_oldest_goes_and_that_is_said(
    soon_locked_out, webs, configure, polling, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_main, "BUFFER", 3)
    async with polling(configure(webs().url)) as running:
        poller = running.poller
        await until(lambda: read(running.engine, standings.read).get("m0"), 30)
        with store.writing(running.engine):
            await until(lambda: poller.dropped >= 2, 60)
            assert len(poller.buffer) == 3
            last = poller.buffer[-1].at
        await until(lambda: poller.ledger.standings["m0"].seen >= last, 60)
        said = await until(lambda: read(running.engine, watch.read).words, 30)
        assert said.endswith("results were dropped while the store could not be written")
        kept = read(running.engine, lambda c: samples.between(c, "m0", last, last + timedelta(milliseconds=1)))
        assert len(kept) == 1


async def test_what_overflows_during_a_commit_is_counted_right(
    webs, configure, polling, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_main, "BUFFER", 2)
    async with polling(configure(*[webs().url] * 3)) as running:
        poller, seen = running.poller, []
        real, wait = poller.ledger.keep, poller._wait

        def slowly(*told):
            time.sleep(0.5)
            return real(*told)

        monkeypatch.setattr(poller.ledger, "keep", slowly)
        monkeypatch.setattr(poller, "_wait", lambda each: (seen.append(each), wait(each)))
        await until(lambda: len(seen) >= 20, 60)
    engine = store.open(poller.settings.store.url)
    kept = sum(map(len, read(engine, lambda c: samples.fresh(c, *AGES)).values()))
    engine.dispose()
    assert kept + poller.dropped + len(poller.buffer) == len(seen)
    assert poller.dropped > 0


def stuffed(engine) -> None:
    for n in range(300):
        with store.writing(engine) as c:
            watch.note(c, f"junk {n}", "x" * 12_000)


async def test_a_full_store_neither_ends_the_poller_nor_loses_what_was_seen(webs, configure, until) -> None:
    known = configure(*[webs().url] * 60)
    store.open(known.store.url).dispose()
    engine = store.open(known.store.url, max_pages=300)
    with pytest.raises(store.Full):
        stuffed(engine)
    poller = _main.Poller(known, engine)
    task = asyncio.create_task(poller.run())
    try:
        await until(lambda: poller._behind and len(poller.buffer) >= 120, 60)
        waited = Counter(each.monitor.key for each in poller.buffer)
        first, last = min(each.at for each in poller.buffer), max(each.at for each in poller.buffer)
        assert not task.done()
        with store.writing(engine) as c:
            for n in range(300):
                watch.note(c, f"junk {n}", None)
        await until(lambda: not poller._behind, 60)
        await until(lambda: poller.ledger.standings["m7"].seen > last, 30)
        found = read(engine, lambda c: samples.fresh(c, first, last + timedelta(milliseconds=1)))
        assert waited <= Counter({key: len(some) for key, some in found.items()})
    finally:
        poller.stop.set()
        await task
        engine.dispose()
