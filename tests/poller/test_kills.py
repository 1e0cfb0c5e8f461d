"""Killed between any two steps from a sample to a mark, fifty times over: what was decided is told, at least once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from data import flips, notifications, store
from data.store import Engine
from model import Result, Status, WatchReport
from poller._ledger import Ledger, Seen
from poller._outbox import Outbox
from settings import Settings

KILLS = 50
# each writing step is counted before and after: judge and keep, lease a message, (send it,) mark it
STEPS = 12


class Killer:
    """Ends this process without a word at the n-th step."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def one_life(known: Settings, trial: int, killer: Killer) -> None:
    """Takes the lease, sees one monitor go bad and good again, delivers what is owed."""
    engine = store.open(known.store.url, check=False)
    ledger = Ledger(engine, known, f"life-{trial}", 0.05)
    while not ledger.take(datetime.now(UTC)):
        time.sleep(0.02)
    for state in (Status.DOWN, Status.DOWN, Status.UP, Status.UP):
        now = datetime.now(UTC)
        seen = Seen(known.monitors[trial % len(known.monitors)], now, Result(state, state))
        killer.step()
        ledger.keep([seen], now, report(now))
        killer.step()
        time.sleep(0.002)  # the moments of samples are kept to the millisecond
    asyncio.run(delivered(engine, known, trial, killer))


async def delivered(engine: Engine, known: Settings, trial: int, killer: Killer) -> None:
    async def write(work: Callable[[], object]) -> object:
        killer.step()
        done = work()
        killer.step()
        return done

    outbox = Outbox(engine, known, f"life-{trial}", lambda: datetime.now(UTC), write)
    patient = time.monotonic() + 30
    while time.monotonic() < patient:
        await outbox.turn()
        await asyncio.sleep(0.01)
        with store.reading(engine) as c:
            if notifications.waiting(c)[0] == 0:
                return


def report(now: datetime) -> WatchReport:
    return WatchReport(now, now, os.getpid(), 0, "test", 1, 1)


def child(work: Callable[[], None]) -> int:
    """Runs ``work`` in a process of its own; its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@pytest.mark.timeout(180)
@pytest.mark.slow
def test_fifty_kills_lose_no_message(webs, configure) -> None:
    hook, dice, killed = webs(), random.Random(11), 0
    known = configure(*["127.0.0.1:9"] * 7, channels=(f"json://{hook.url}/",))
    fast = known.path.read_text().replace('"100ms"', '"0s"').replace('"1s"\n[', '"0s"\n[')
    known.path.write_text(fast.replace('group_window = "1s"', 'group_window = "0s"'))
    import settings

    known = settings.load(known.path)
    store.open(known.store.url).dispose()
    for trial in range(KILLS * 3):
        ended = child(lambda trial=trial: one_life(known, trial, Killer(dice.randint(1, STEPS))))
        killed += os.WIFSIGNALED(ended)
        assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0
        if killed == KILLS:
            break
    assert killed == KILLS
    leased = time.monotonic()
    engine = store.open(known.store.url)
    assert_decided_is_owed(engine)
    forget_leases(engine)
    assert child(lambda: asyncio.run(delivered(engine_of(known), known, -1, Killer(0)))) == 0
    assert time.monotonic() - leased < 60

    with store.reading(engine) as c:
        owed = notifications.recent(c, 1000)
        assert notifications.waiting(c)[0] == 0
    everything = "\n".join(each["title"] + each["message"] for each in hook.said)
    assert len(owed) > KILLS / 2
    assert [each.notice.title for each in owed if each.notice.title not in everything] == []
    references = [each["message"].rsplit("Reference: ", 1)[1] for each in hook.said]
    assert {each.batch for each in owed} == set(references)
    assert len(references) - len(set(references)) < KILLS  # repeated with the same reference, never endlessly
    engine.dispose()


def engine_of(known: Settings) -> Engine:
    """An engine of the child's own: a connection must not cross a fork."""
    return store.open(known.store.url, check=False)


def assert_decided_is_owed(engine: Engine) -> None:
    """Every fall that was written down has its message, or was told already when it fell again."""
    ages = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    with store.reading(engine) as c:
        fell = [flip for flip in flips.between(c, *ages, limit=5000) if flip.after is Status.DOWN]
        keys = {each.notice.key for each in notifications.recent(c, 5000)}
    assert len([key for key in keys if ":down:" in key]) == len(fell) > 5


def forget_leases(engine: Engine) -> None:
    """What a killed process had leased is free after 33 s; the test does not wait for that."""
    from sqlalchemy import text

    with store.writing(engine) as c:
        c.execute(text("UPDATE notifications SET leased = NULL"))
