"""The course of one monitor as a Plotly figure: states, latency and one lane of changes on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

import words
from model import Flip, Interval, Status
from ui.axes import dots, dress, inert, local, marks, with_gaps
from ui.detail import Detail
from ui.palette import QUANTILES, STATES

NAMES = ("p50", "p95", "p99")


def course(detail: Detail, theme: str, tz: ZoneInfo) -> go.Figure:
    """States on top, p50, p95 and p99 in the middle, changes below, all on one axis of time."""
    figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.07, 0.8, 0.13], vertical_spacing=0.035)
    for trace in _states(detail.timeline, theme, tz):
        figure.add_trace(trace, 1, 1)
    for trace in _quantiles(detail, theme, tz):
        figure.add_trace(trace, 2, 1)
    for trace in _lane(detail, theme, tz):
        figure.add_trace(trace, 3, 1)
    _shade(figure, detail.timeline, theme, tz)
    dress(figure, detail, theme, tz, 430)
    figure.update_yaxes(range=[0, 1], fixedrange=True, showgrid=False, tickvals=[0.5], ticktext=["state"], row=1, col=1)
    figure.update_yaxes(title="ms", rangemode="tozero", fixedrange=True, row=2, col=1)
    lanes = {"tickvals": [0.45, -0.5], "ticktext": ["changes", "flips"]}
    figure.update_yaxes(range=[-1, 1], fixedrange=True, showgrid=False, **lanes, row=3, col=1)
    return figure


def _states(line: Sequence[Interval], theme: str, tz: ZoneInfo) -> list[go.Bar]:
    return [_state(status, [each for each in line if each.status is status], theme, tz) for status in Status]


def _state(status: Status, found: Sequence[Interval], theme: str, tz: ZoneInfo) -> go.Bar:
    return go.Bar(
        x=[local(each.start + (each.end - each.start) / 2, tz) for each in found],
        y=[1] * len(found),
        width=[(each.end - each.start).total_seconds() * 1000 for each in found],
        marker={"color": STATES[status].of(theme), "line": {"width": 0}},
        text=[_said(each, tz) for each in found],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _said(each: Interval, tz: ZoneInfo) -> str:
    length = words.lasted((each.end - each.start).total_seconds())
    reason = f": {inert(each.words)}" if each.words else ""
    return f"{words.STATUS_WORD[each.status]} for {length}{reason}<br>{words.moment(each.start, tz)}"


def _quantiles(detail: Detail, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    points = with_gaps(detail.points, detail.step, detail.monitor.horizon)
    times = [local(at, tz) for at, _ in points]
    return [
        go.Scatter(
            x=times, y=[getattr(point, name) if point else None for _, point in points], name=name,
            mode="lines+markers", marker=dots(points),
            line={"color": colour.of(theme), "width": 2 if name == "p50" else 1.3},
            connectgaps=False, hovertemplate="%{y:.0f} ms",
        )
        for name, colour in reversed(tuple(zip(NAMES, QUANTILES, strict=True)))
    ]  # fmt: skip


def _shade(figure: go.Figure, line: Sequence[Interval], theme: str, tz: ZoneInfo) -> None:
    """What nobody watched is grey behind the curve, and what was down is red; the longest hundred are enough to see."""
    shown = [each for each in line if each.status in (Status.UNKNOWN, Status.DOWN)]
    for each in sorted(shown, key=lambda each: each.start - each.end)[:100]:
        figure.add_vrect(
            x0=local(each.start, tz), x1=local(each.end, tz), row=2, col=1, line_width=0, layer="below",
            fillcolor=STATES[each.status].of(theme), opacity=0.22 if each.status is Status.DOWN else 0.3,
        )  # fmt: skip


def _lane(detail: Detail, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    return [*marks(detail.changes, theme, tz), _flips(detail.flips, theme, tz)]


def _flips(found: Sequence[Flip], theme: str, tz: ZoneInfo) -> go.Scatter:
    colours = [STATES[each.after].of(theme) for each in found]
    return go.Scatter(
        x=[local(each.at, tz) for each in found], y=[-0.5] * len(found), mode="markers", name="state changes",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": colours}},
        text=[f"{words.STATUS_WORD[f.before]} to {words.STATUS_WORD[f.after]}: {inert(f.words)}" for f in found],
        hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
