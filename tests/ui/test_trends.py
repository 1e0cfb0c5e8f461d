"""Numbers over time: the axis of time is there, whether something changed or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from model import Change
from ui.trends import Trend, course

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEGIN = NOON - timedelta(days=90)


@pytest.mark.parametrize(("changes", "seen"), [((), 0), ((Change(NOON, "deployment", "abc went live"),), 1)])
def test_the_axis_of_time_is_drawn_without_changes_too(changes, seen) -> None:
    """Plotly draws an axis only where a trace stands on it, and the ticks are on the lowest one."""
    trend = Trend("90d", BEGIN, NOON, "score", (("Headers", ((BEGIN, 5.0), (NOON, 40.0))),), changes)
    figure = course(trend, "dark", ZoneInfo("Europe/Berlin"))
    below = [trace for trace in figure.data if trace.xaxis == "x2"]
    assert len(below) == 1
    assert (below[0].marker.opacity != 0) == bool(seen)
