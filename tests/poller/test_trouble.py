"""A store that is away for a while, on SQLite and on a real Postgres: probing goes on, and what was seen is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import settings
from data import flips, samples, standings, store
from model import Status
from tests.data.conftest import postgres, postgres_url  # noqa: F401

pytestmark = pytest.mark.timeout(120)
AGES = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def read(engine, work):
    with store.reading(engine) as c:
        return work(c)


@pytest.fixture
def on_postgres(configure, postgres_url):  # noqa: F811
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
    postgres,  # noqa: F811
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
            await asyncio.sleep(1.5)
            assert second.poller.ledger.epoch == 0
            first.poller.stop.set()
            await first.task
            await until(lambda: second.poller.ledger.epoch == first.poller.ledger.epoch + 1, 30)
            before = len(read(second.engine, lambda c: samples.recent(c, "m0", 99)))
            await until(lambda: len(read(second.engine, lambda c: samples.recent(c, "m0", 99))) > before, 30)
