"""Numbers of outside services over time as a Plotly figure, with the lane of changes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from model import Change
from ui.axes import dress, lane, local, marks
from ui.palette import QUANTILES

Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Trend:
    """One or more lines over one stretch. ``bars``: the numbers count what happened in an hour."""

    window: str
    start: datetime
    end: datetime
    title: str
    lines: tuple[tuple[str, Points], ...]
    changes: tuple[Change, ...] = ()
    bars: bool = False

    @property
    def empty(self) -> bool:
        return not any(points for _, points in self.lines)

    @property
    def alt(self) -> str:
        """The figure in words, for those who cannot see it."""
        said = [f"{name}: {len(points)} points, newest {points[-1][1]:.4g}" for name, points in self.lines if points]
        return f"{self.title}. {'; '.join(said)}. {len(self.changes)} changes in this stretch."


def course(trend: Trend, theme: str, tz: ZoneInfo, height: int = 300) -> go.Figure:
    """The lines above, the changes below, on one axis of time."""
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.82, 0.18], vertical_spacing=0.04)
    for (name, points), colour in zip(trend.lines, QUANTILES, strict=False):
        figure.add_trace(_trace(name, points, colour.of(theme), tz, trend.bars), 1, 1)
    for trace in marks(trend.changes, theme, tz, 0.0) or [_nothing(trend, tz)]:
        figure.add_trace(trace, 2, 1)
    dress(figure, trend, theme, tz, height)
    figure.update_yaxes(title=trend.title, rangemode="tozero", fixedrange=True, row=1, col=1)
    lane(figure, 2)
    return figure


def _nothing(trend: Trend, tz: ZoneInfo) -> go.Scatter:
    """Where nothing changed: without any trace Plotly leaves the axis of time out."""
    at = [local(trend.start, tz), local(trend.end, tz)]
    return go.Scatter(x=at, y=[0, 0], mode="markers", marker={"opacity": 0}, hoverinfo="skip", showlegend=False)


def _trace(name: str, points: Points, colour: str, tz: ZoneInfo, bars: bool) -> go.Bar | go.Scatter:
    times, values = [local(at, tz) for at, _ in points], [value for _, value in points]
    if bars:
        middle = [at + timedelta(minutes=30) for at in times]
        return go.Bar(
            x=middle, y=values, name=name, marker={"color": colour}, hovertemplate="%{y:.0f}", showlegend=False
        )
    return go.Scatter(
        x=times, y=values, name=name, mode="lines", line={"color": colour, "width": 2}, hovertemplate="%{y:.4g}",
        connectgaps=False,
    )  # fmt: skip
