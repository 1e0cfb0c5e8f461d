"""Strangers' JSON has the type that was asked for, whatever it holds."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import _shape

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(ANY)
def test_nothing_breaks_it(value) -> None:
    assert len(_shape.text(value)) <= 200
    found = _shape.number(value)
    assert found is None or math.isfinite(found)
    at = _shape.moment(value)
    assert at is None or at.tzinfo is UTC
    assert all(isinstance(each, dict) for each in _shape.items(value))
    assert isinstance(_shape.table(value), dict)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T13:00:00+01:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        (1795435200, datetime(2026, 11, 23, 12, tzinfo=UTC)),
        (1795435200000, datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("1795435200", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("yesterday", None),
        (True, None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_moments(value, at) -> None:
    assert _shape.moment(value) == at
