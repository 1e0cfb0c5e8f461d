"""What the figures share: the axis of time, gaps where nobody looked, the quiet dress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import plotly.graph_objects as go  # type: ignore[import-untyped]

import words
from model import Change, Rollup
from ui.palette import INK

SYMBOLS = {
    "commit": "diamond",
    "restart": "triangle-up",
    "configuration": "square",
    "maintenance": "star-square",
    "certificate": "hexagon",
    "watch": "circle",
    "deployment": "triangle-right",
    "vendor": "x",
    "issue": "bowtie",
    "checklist": "pentagon",
}
QUIET = {"displayModeBar": False, "scrollZoom": False}
TICKS = {"24h": "%H:%M\n%a %-d %b", "7d": "%a %-d %b", "30d": "%-d %b", "90d": "%-d %b"}


class Spanned(Protocol):
    """Anything that answers for a stretch of time."""

    @property
    def window(self) -> str: ...
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


def local(at: datetime, tz: ZoneInfo) -> datetime:
    """Plotly draws wall clocks without zones, so it gets the site's."""
    return at.astimezone(tz).replace(tzinfo=None)


def inert(text: str) -> str:
    """Plotly reads a few tags in its labels; untrusted text must not have any."""
    return words.excerpt(text, 120).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")


Point = tuple[datetime, Rollup | None]


def with_gaps(points: Sequence[Rollup], step: int, horizon: float) -> list[Point]:
    """Points in order with an empty one in every gap, so that no line is drawn over what nobody saw.

    A gap is a missing step, unless the monitor is looked at more seldom: then it is more than ``horizon`` seconds.
    """
    found: list[Point] = []
    for point in points:
        if found and (point.start - found[-1][0]).total_seconds() > max(1.5 * step, horizon):
            found.append((found[-1][0] + (point.start - found[-1][0]) / 2, None))
        found.append((point.start, point))
    return found


def dots(points: Sequence[Point]) -> dict[str, Any]:
    """A dot for each point that no line reaches; the others have none."""
    there = [False, *(point is not None for _, point in points), False]
    return {"size": [0 if left or right else 5 for left, right in zip(there, there[2:], strict=False)], "opacity": 1}


def marks(found: Sequence[Change], theme: str, tz: ZoneInfo, y: float = 0.45) -> list[go.Scatter]:
    """The lane of changes: a sign for each kind, one trace a kind."""
    kinds = sorted({change.kind for change in found})
    return [_kind(kind, [each for each in found if each.kind == kind], theme, tz, y) for kind in kinds]


def _kind(kind: str, found: Sequence[Change], theme: str, tz: ZoneInfo, y: float) -> go.Scatter:
    return go.Scatter(
        x=[local(each.at, tz) for each in found], y=[y] * len(found), mode="markers", name=kind,
        marker={"symbol": SYMBOLS.get(kind, "circle"), "size": 11, "color": INK["brand"].of(theme)},
        text=[inert(each.words) for each in found], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def lane(figure: go.Figure, row: int) -> None:
    """The axis of a lane that holds only changes."""
    said = {"tickvals": [0], "ticktext": ["changes"]}
    figure.update_yaxes(range=[-1, 1], fixedrange=True, showgrid=False, zeroline=False, **said, row=row, col=1)


def dress(figure: go.Figure, detail: Spanned, theme: str, tz: ZoneInfo, height: int) -> None:
    """The quiet dress of every figure: no frame, the theme's inks, the window as its axis of time."""
    soft, line = INK["soft"].of(theme), INK["line"].of(theme)
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, hovermode="x", bargap=0, barmode="overlay",
        legend={"orientation": "h", "traceorder": "reversed", "y": 1.0, "yanchor": "bottom", "x": 0},
        font={"family": "Inter, sans-serif", "color": soft}, legend_font_color=soft, uirevision=detail.window,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", hoverlabel={"align": "left"},
    )  # fmt: skip
    figure.update_xaxes(
        range=[local(detail.start, tz), local(detail.end, tz)],
        gridcolor=line,
        linecolor=line,
        zeroline=False,
        tickformat=TICKS[detail.window],
    )
    figure.update_yaxes(gridcolor=line, zeroline=False)
