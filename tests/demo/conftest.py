"""A schedule that begins at a fixed moment, and a filled store, made once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import store
from demo import fill, opening
from demo.schedule import Schedule

OPENED = datetime(2026, 11, 23, 12, 7, 31, tzinfo=UTC)  # a Monday: the last clock change lies inside the ninety days


@pytest.fixture(scope="session")
def schedule() -> Schedule:
    return Schedule(OPENED)


@dataclass(frozen=True)
class Filled:
    """A whole demo store: its engine, and how many seconds it took."""

    engine: object
    essentials_s: float
    details_s: float


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    var: Path = tmp_path_factory.mktemp("var")
    began = time.perf_counter()
    engine, _, unfinished = opening.opened(var, OPENED)
    assert unfinished
    between = time.perf_counter()
    fill.details(var, OPENED)
    yield Filled(engine, between - began, time.perf_counter() - between)
    engine.dispose()
    store.release_ballast(engine)
