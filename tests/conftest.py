"""Fixtures that every room's tests share."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def noon() -> datetime:
    """A fixed moment: time is always an argument."""
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
