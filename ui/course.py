"""A vital over time: p75 between the bands of its thresholds, how many were good, what changed, what Chrome says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from model import Status
from rules.vitals import ENOUGH, VITALS, Summary
from ui import shelf
from ui.axes import dress, lane, local, marks
from ui.measures import SAID, reference, value
from ui.palette import QUANTILES, STATES
from ui.vitals import LEVELS, Point, Vitals

KEPT = 60.0  # seconds; what is drawn anew is read anew sooner
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
DEVICES = {"phone": "phones", "desktop": "desktops"}


def drawn(found: Vitals, name: str, theme: str, tz: ZoneInfo) -> go.Figure:
    """The figure, drawn once for all who look at the same: Plotly takes a tenth of a second of every door."""
    key = ("course", found.window, found.device, found.source, name, theme, tz)
    return shelf.kept(key, found, KEPT, lambda: _drawn(found, name, theme, tz))


def _drawn(found: Vitals, name: str, theme: str, tz: ZoneInfo) -> go.Figure:
    """p75 of phones and desktops between the bands of the thresholds, the distribution below, changes at the foot."""
    points = found.points[name]
    figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.55, 0.32, 0.13], vertical_spacing=0.04)
    for trace in (*_lines(_gaps(points, STEPS[LEVELS[found.window]]), theme, tz), *_crux(found, name, theme, tz)):
        figure.add_trace(trace, 1, 1)
    for trace in _distribution(points, theme, tz):
        figure.add_trace(trace, 2, 1)
    for trace in marks(found.changes, theme, tz, 0.0):
        figure.add_trace(trace, 3, 1)
    dress(figure, found, theme, tz, 430)
    figure.update_layout(barmode="stack", bargap=0.05)
    top = _bands(figure, name, points, theme)
    figure.update_yaxes(title="p75" if name == "CLS" else "p75 in ms", range=[0, top], fixedrange=True, row=1, col=1)
    figure.update_yaxes(title="share", range=[0, 100], ticksuffix=" %", fixedrange=True, row=2, col=1)
    lane(figure, 3)
    return figure


def _lines(points: Sequence[Point], theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    """A p75 of too few is a hollow point: it may lie anywhere."""
    times = [local(point.at, tz) for point in points]
    sides = (("desktops", [point.desktops for point in points]), ("phones", [point.phones for point in points]))
    return [
        go.Scatter(
            x=times, y=[side.p75 for side in some], name=label, mode="lines+markers", connectgaps=False,
            line={"color": colour.of(theme), "width": 2}, customdata=[_of(side) for side in some],
            marker={"size": [5 if side.enough else 7 for side in some],
                    "symbol": ["circle" if side.enough else "circle-open" for side in some]},
            hovertemplate="%{y:.3g} of %{customdata}",
        )
        for (label, some), colour in zip(sides, QUANTILES, strict=False)
        if any(side.n for side in some)
    ]  # fmt: skip


def _of(side: Summary) -> str:
    return f"{side.n}" if side.enough else f"{side.n}: {SAID['']}"


def _crux(found: Vitals, name: str, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    """The line of Chrome's report, of the same devices; fainter where it is old."""
    p75 = reference(found, name)
    if p75 is None:
        return []
    said = ", ".join(["Chrome UX", DEVICES.get(found.device or "", "28 days"), *(["old"] if found.crux.old else [])])
    dash = {"color": QUANTILES[2].of(theme), "dash": "dot", "width": 1.5}
    ends = [local(found.start, tz), local(found.end, tz)]
    faint = 0.5 if found.crux.old else 1.0
    return [go.Scatter(x=ends, y=[p75, p75], name=said, mode="lines", line=dash, opacity=faint)]


def _gaps(points: Sequence[Point], step: timedelta) -> list[Point]:
    """With an empty point wherever one or more are missing, so that no line is drawn over what nobody measured."""
    found: list[Point] = []
    for point in points:
        if found and point.at - found[-1].at > 1.5 * step:
            nothing = Summary(point.together.name, 0, 0, 0, 0, None)
            found.append(Point(found[-1].at + (point.at - found[-1].at) / 2, nothing, nothing, nothing))
        found.append(point)
    return found


def _distribution(points: Sequence[Point], theme: str, tz: ZoneInfo) -> list[go.Bar]:
    times = [local(point.at, tz) for point in points]
    kinds = (("good", Status.UP), ("needs", Status.DEGRADED), ("poor", Status.DOWN))
    return [
        go.Bar(
            x=times, y=[100 * getattr(p.together, kind) / p.together.n if p.together.n else None for p in points],
            name=SAID[kind], marker={"color": STATES[status].of(theme), "line": {"width": 0}}, showlegend=False,
            hovertemplate="%{y:.1f} % " + SAID[kind] + "<extra></extra>",
        )
        for kind, status in kinds
    ]  # fmt: skip


def _bands(figure: go.Figure, name: str, points: Sequence[Point], theme: str) -> float:
    """Colours what is good, needs improvement and poor behind the lines; returns the top of the axis."""
    good, needs, _ = VITALS[name]
    seen = [p75 for point in points for p75 in (point.phones.p75, point.desktops.p75) if p75 is not None]
    top = max([1.15 * value for value in seen] + [1.25 * needs])
    for low, high, status in ((0, good, Status.UP), (good, needs, Status.DEGRADED), (needs, top, Status.DOWN)):
        figure.add_hrect(
            y0=low, y1=high, row=1, col=1, line_width=0, layer="below", fillcolor=STATES[status].of(theme), opacity=0.1
        )
    return float(top)


def alt(found: Vitals, name: str) -> str:
    """The figure in words."""
    points = found.points[name]
    newest = points[-1].together if points else Summary(name, 0, 0, 0, 0, None)
    few = sum(not point.together.enough for point in points)
    return (
        f"{name}, p75 over time: {len(points)} points, {few} of them of fewer than {ENOUGH} measurements; "
        f"newest {value(name, newest.p75)} of {_of(newest)}; {len(found.changes)} changes."
    )
