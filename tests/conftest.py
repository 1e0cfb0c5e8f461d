"""Fixtures that every room's tests share, and how long and from where Hypothesis searches."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from tests import migrated

pytest_plugins = ["tests.postgres"]
gc.disable()  # until all tests are collected: nearly all that is made until then stays

# A busy machine proves nothing by being slow, and the same commit is given the same examples on every machine;
# `pytest --hypothesis-profile=explore` looks for others, and a failure prints what replays it.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("replayed", derandomize=True, **PATIENT)
settings.register_profile("explore", max_examples=1000, **PATIENT)
settings.load_profile("replayed")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What was collected stays: to walk half a million objects again and again takes a tenth of the time."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def noon() -> datetime:
    """A fixed moment: time is always an argument."""
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new store of this process costs a copy."""
    with migrated.copied(tmp_path_factory.mktemp("migrated")):
        yield
