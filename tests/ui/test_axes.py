"""What a chart draws: a line wherever somebody looked in time, a gap where nobody did, a dot where one stands alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import data.revision
import data.rollups
import data.series
import data.standings
import data.store
import rules.rollup
from model import Phases, Sample, Standing, Status
from tests import filled
from ui import charts, phases, store
from ui.axes import dots, with_gaps


def drawn(stage, every: float, times: list[timedelta]):
    """The curves of one monitor that was looked at so long ago, in the window of 24 hours."""
    watched = replace(filled.monitors()[1], every=every, depends_on=(), runbook=None)
    scene = stage((watched,), full=False)
    path = store.told().path
    path.write_text(path.read_text() + f'\nevery = "{every:g}s"\n')
    store.settings.current.cache_clear()
    # where a piece of the drawing begins, or the minute of the hour would say how many pieces apart two moments are
    start = scene.now.replace(minute=scene.now.minute // 30 * 30, second=0, microsecond=0)
    made = [
        rules.rollup.fold(watched.key, "minute", at, [Sample(watched.key, at, Status.UP, 9.0, "", Phases(1, 2, 3, 2))])
        for at in (start - each for each in times)
    ]
    with data.store.writing(data.store.open(scene.url)) as c:
        ids = data.series.ensure(c, [watched.key], start - timedelta(days=2))
        data.rollups.put(c, ids, made)
        data.standings.keep(c, ids, [Standing(watched.key, Status.UP, start - timedelta(days=1), scene.now)])
        data.revision.bump(c)
    detail = store.one(watched.key, "24h")
    tz = store.told().site.timezone
    curves = [each for each in charts.course(detail, "light", tz).data if each.name == "p50"]
    curves += [each for each in phases.figure(detail, "light", tz).data if each.name == "connect"]
    return curves


@pytest.mark.parametrize("every", [30.0, 600.0, 1800.0])
def test_one_that_is_looked_at_seldom_is_a_line_all_the_same(stage, every: float) -> None:
    times = [timedelta(seconds=n * max(every, 300)) for n in range(20, 0, -1)]
    for curve in drawn(stage, every, times):
        assert [value for value in curve.y if value is None] == []
        assert len(curve.y) == 20
        assert set(curve.marker.size) == {0}


def test_what_nobody_saw_is_a_gap_and_what_stands_alone_a_dot(stage) -> None:
    times = [timedelta(minutes=n) for n in (1200, 480, 475, 120)]
    for curve in drawn(stage, 60.0, times):
        assert [value is None for value in curve.y] == [False, True, False, False, True, False]
        assert [bool(size) for size in curve.marker.size] == [True, False, False, False, False, True]
        assert "markers" in curve.mode


def test_nothing_is_nothing() -> None:
    assert with_gaps((), 60, 70.0) == []
    assert dots([])["size"] == []
