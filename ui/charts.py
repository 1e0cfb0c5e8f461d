"""The Plotly figures of one monitor: states, latency and one lane of changes on one axis of time; and the phases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from plotly.subplots import make_subplots

import words
from model import Change, Flip, Interval, Rollup, Status
from ui.detail import Detail
from ui.palette import CHART, INK, STATES

SYMBOLS = {
    "commit": "diamond",
    "restart": "triangle-up",
    "configuration": "square",
    "maintenance": "star-square",
    "certificate": "hexagon",
    "watch": "circle",
}
QUIET = {"displayModeBar": False, "scrollZoom": False}
QUANTILES = (("p50", 0), ("p95", 2), ("p99", 4))
STRETCHES = (("dns", "name"), ("connect", "connect"), ("tls", "TLS"), ("first_byte", "first byte"), ("rest", "rest"))


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
    _dress(figure, detail, theme, tz, 430)
    figure.update_yaxes(visible=False, range=[0, 1], fixedrange=True, row=1, col=1)
    figure.update_yaxes(title="ms", rangemode="tozero", fixedrange=True, row=2, col=1)
    figure.update_yaxes(visible=False, range=[-1, 1], fixedrange=True, row=3, col=1)
    return figure


def _local(at: datetime, tz: ZoneInfo) -> datetime:
    """Plotly draws wall clocks without zones, so it gets the site's."""
    return at.astimezone(tz).replace(tzinfo=None)


def _states(line: Sequence[Interval], theme: str, tz: ZoneInfo) -> list[go.Bar]:
    return [_state(status, [each for each in line if each.status is status], theme, tz) for status in Status]


def _state(status: Status, found: Sequence[Interval], theme: str, tz: ZoneInfo) -> go.Bar:
    return go.Bar(
        x=[_local(each.start + (each.end - each.start) / 2, tz) for each in found],
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


def inert(text: str) -> str:
    """Plotly reads a few tags in its labels; untrusted text must not have any."""
    return words.excerpt(text, 120).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


def _quantiles(detail: Detail, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    points = _with_gaps(detail.points, detail.step)
    times = [_local(at, tz) for at, _ in points]
    return [
        go.Scatter(
            x=times, y=[getattr(point, name) if point else None for _, point in points], name=name, mode="lines",
            line={"color": CHART[colour].of(theme), "width": 2 if name == "p50" else 1.4},
            connectgaps=False, hovertemplate="%{y:.0f} ms",
        )
        for name, colour in QUANTILES
    ]  # fmt: skip


def _with_gaps(points: Sequence[Rollup], step: int) -> list[tuple[datetime, Rollup | None]]:
    """Points in order with an empty one wherever a step is missing, so that no line is drawn over what nobody saw."""
    found: list[tuple[datetime, Rollup | None]] = []
    for point in points:
        if found and (point.start - found[-1][0]).total_seconds() > 1.5 * step:
            found.append((found[-1][0] + (point.start - found[-1][0]) / 2, None))
        found.append((point.start, point))
    return found


def _shade(figure: go.Figure, line: Sequence[Interval], theme: str, tz: ZoneInfo) -> None:
    """What nobody watched is grey behind the curve, and what was down is red; the longest hundred are enough to see."""
    shown = [each for each in line if each.status in (Status.UNKNOWN, Status.DOWN)]
    for each in sorted(shown, key=lambda each: each.start - each.end)[:100]:
        figure.add_vrect(
            x0=_local(each.start, tz), x1=_local(each.end, tz), row=2, col=1, line_width=0, layer="below",
            fillcolor=STATES[each.status].of(theme), opacity=0.22 if each.status is Status.DOWN else 0.3,
        )  # fmt: skip


def _lane(detail: Detail, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    kinds = sorted({change.kind for change in detail.changes})
    found = [_marks(kind, [c for c in detail.changes if c.kind == kind], theme, tz) for kind in kinds]
    return [*found, _flips(detail.flips, theme, tz)]


def _marks(kind: str, found: Sequence[Change], theme: str, tz: ZoneInfo) -> go.Scatter:
    return go.Scatter(
        x=[_local(each.at, tz) for each in found], y=[0.35] * len(found), mode="markers", name=kind,
        marker={"symbol": SYMBOLS.get(kind, "circle"), "size": 11, "color": CHART[1].of(theme)},
        text=[inert(each.words) for each in found], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _flips(found: Sequence[Flip], theme: str, tz: ZoneInfo) -> go.Scatter:
    return go.Scatter(
        x=[_local(each.at, tz) for each in found], y=[-0.5] * len(found), mode="markers", name="state changes",
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": [STATES[f.after].of(theme) for f in found]}},
        text=[f"{words.STATUS_WORD[f.before]} to {words.STATUS_WORD[f.after]}: {inert(f.words)}" for f in found],
        hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip


def phases(detail: Detail, theme: str, tz: ZoneInfo) -> go.Figure:
    """Where the time of an answer goes, stacked: means of each step in ms."""
    figure = go.Figure()
    points = _with_gaps(detail.points, detail.step)
    for number, (name, label) in enumerate(STRETCHES):
        figure.add_trace(
            go.Scatter(
                x=[_local(at, tz) for at, _ in points],
                y=[detail.stretch(point, name) if point else None for _, point in points],
                name=label, stackgroup="all", mode="lines", line={"width": 0.6, "color": CHART[number].of(theme)},
                hovertemplate="%{y:.1f} ms",
            )
        )  # fmt: skip
    _dress(figure, detail, theme, tz, 260)
    figure.update_yaxes(title="ms", rangemode="tozero", fixedrange=True)
    return figure


def _dress(figure: go.Figure, detail: Detail, theme: str, tz: ZoneInfo, height: int) -> None:
    soft, line = INK["soft"].of(theme), INK["line"].of(theme)
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, hovermode="x", bargap=0, barmode="overlay",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"color": soft}},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", font={"family": "Inter, sans-serif", "color": soft},
        hoverlabel={"align": "left"}, uirevision=detail.window,
    )  # fmt: skip
    figure.update_xaxes(
        range=[_local(detail.start, tz), _local(detail.end, tz)], gridcolor=line, linecolor=line, zeroline=False
    )
    figure.update_yaxes(gridcolor=line, zeroline=False)
