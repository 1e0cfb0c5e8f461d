"""A schedule that begins at a fixed moment, a filled store, made once, and a demo for which time stands still."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import demo
from data import store
from demo import config, fill, opening
from demo.schedule import Schedule
from demo.server import Ports
from tests.ports import free_port

OPENED = datetime(2026, 11, 23, 12, 7, 31, tzinfo=UTC)  # a Monday: the last clock change lies inside the ninety days


@pytest.fixture(scope="session")
def schedule() -> Schedule:
    return Schedule(OPENED)


@dataclass(frozen=True)
class Filled:
    """A whole demo store: its engine, and how many seconds of processor time it took."""

    engine: object
    essentials_s: float
    details_s: float


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Made by the first process of the tests that wants it; the others wait, and read the same."""
    base = tmp_path_factory.getbasetemp()
    var = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "filled"
    var.mkdir(exist_ok=True)
    took = var / "took.json"
    with (var / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not took.exists():
            took.write_text(json.dumps(_fill(var)), encoding="utf-8")
    engine = store.open(opening.url(var), create=False, check=False)
    yield Filled(engine, *json.loads(took.read_text(encoding="utf-8")))
    engine.dispose()
    store.release_ballast(engine)


def _fill(var: Path) -> tuple[float, float]:
    """Seconds of processor time for the essentials, and for the details."""
    began = time.process_time()
    engine, _, unfinished = opening.opened(var, OPENED)
    assert unfinished
    engine.dispose()
    between = time.process_time()
    fill.details(var, OPENED)
    return between - began, time.process_time() - between


def apart(var: Path) -> Path:
    """The folder, noted as one whose last demo had ports of its own: others may begin at the same moment."""
    (var / "demo").mkdir(parents=True)
    (var / config.PORTS).write_text(json.dumps(asdict(Ports(*(free_port() for _ in range(4))))), encoding="utf-8")
    return var


STILL = """
import functools, pathlib, sys
from demo import __main__, opening, server, stage

async def no_more(var):
    pass

stage._filled = no_more  # what is asked of it is in the store from the first moment
at = server.now()
server.now = lambda: at
server.Door = functools.partial(server.Door, clock=server.now)
opening.opened = functools.partial(opening.opened, now=at)
__main__._serve(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[demo.Demo]:
    """A demo that stays at the moment of its opening, however long it takes to look at all of it."""
    var, pipe = apart(tmp_path_factory.mktemp("var")), subprocess.PIPE
    command = [sys.executable, "-c", STILL, str(var)]
    process = subprocess.Popen(command, cwd=demo.HOME, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout
    playing = demo.Demo(Path(json.loads(process.stdout.readline())["config"]), process)
    yield playing
    playing.stop()
