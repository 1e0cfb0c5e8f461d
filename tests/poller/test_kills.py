"""Killed between any two steps from a sample to a mark, fifty times over: what was decided is told, at least once."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import flips, notifications, store
from data.store import Engine
from model import Status

HOME = Path(__file__).resolve().parents[2]
KILLS = 50
# each writing step is counted before and after: judge and keep, lease a message, (send it,) mark it
STEPS = 12


class Nursery:
    """Where the lives begin: asks the program for one, and waits for its end."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("lives.py")), str(config)]
        places = {**os.environ, "PYTHONPATH": str(HOME)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=places)

    def life(self, trial: int, step: int) -> int:
        """The wait status of the life that was to be killed at this step; 0: it was let live."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{trial} {step}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def nursery() -> Iterator[Callable[[Path], Nursery]]:
    with contextlib.ExitStack() as stack:

        def opened(config: Path) -> Nursery:
            made = Nursery(config)
            stack.enter_context(made.process)
            stack.callback(made.process.kill)
            return made

        yield opened


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_fifty_kills_lose_no_message(webs, configure, nursery) -> None:
    hook, dice, killed = webs(), random.Random(11), 0
    known = configure(*["127.0.0.1:9"] * 7, channels=(f"json://{hook.url}/",))
    fast = known.path.read_text().replace('"100ms"', '"0s"').replace('"1s"\n[', '"0s"\n[')
    known.path.write_text(fast.replace('group_window = "1s"', 'group_window = "0s"'))
    import settings

    known = settings.load(known.path)
    store.open(known.store.url).dispose()
    lives = nursery(known.path)
    for trial in range(KILLS * 3):
        ended = lives.life(trial, dice.randint(1, STEPS))
        killed += os.WIFSIGNALED(ended)
        assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) == 0
        if killed == KILLS:
            break
    assert killed == KILLS
    engine = store.open(known.store.url)
    assert_decided_is_owed(engine)
    forget_leases(engine)
    assert lives.life(KILLS * 3, 0) == 0

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
