"""Vitals as people see them: six cards, their course with the bands of the thresholds, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]
import streamlit as st
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

import words
from model import Status
from rules.vitals import ENOUGH, VITALS, Summary
from ui.axes import dress, lane, local, marks
from ui.markup import Html, pill, tag
from ui.palette import QUANTILES, STATES
from ui.sparks import floor, spark
from ui.vitals import CORE, Card, Point, Route, Vitals

RATED = {"good": Status.UP, "needs": Status.DEGRADED, "poor": Status.DOWN, "": Status.UNKNOWN}
SAID = {"good": "good", "needs": "needs improvement", "poor": "poor", "": "not enough data"}
LONG = {
    "LCP": "Largest paint",
    "INP": "Reaction to input",
    "CLS": "Layout shift",
    "FCP": "First paint",
    "TTFB": "First byte",
    "FID": "First input (old)",
}
OPEN = "Anybody can send to an open endpoint: these are estimates of what browsers measured, not proof."
ROUTES = {
    "route": st.column_config.TextColumn("Route", width="medium"),
    "poor": st.column_config.NumberColumn("Poor", width="small", format="localized"),
    "n": st.column_config.NumberColumn("Measured", width="small", format="localized"),
}
METRICS = {
    "metric": st.column_config.TextColumn("Metric", width="medium"),
    "n": st.column_config.NumberColumn("Measured", width="small", format="localized"),
    "p50": st.column_config.NumberColumn("p50", width="small", format="%.0f ms"),
    "p95": st.column_config.NumberColumn("p95", width="small", format="%.0f ms"),
    "failed": st.column_config.NumberColumn("Failed", width="small", format="%.2f %%"),
}


def value(name: str, number: float | None) -> str:
    """A p75 in its unit."""
    if number is None:
        return words.NO_DATA
    return f"{number:.3f}" if name == "CLS" else words.ms(number)


def cards(found: Vitals) -> Html:
    """Six of them; FID is what old clients still send, INP has taken its place."""
    shown = found.cards
    return tag(
        "div",
        tag("div", *(_card(each, found.crux) for each in shown), class_="wr-figures wr-vitals"),
        class_="wr wr-fades",
    )


def _card(each: Card, crux: Mapping[str, float]) -> Html:
    said = value(each.name, each.now.p75) if each.now.enough else words.NO_DATA
    core = " · core" if each.name in CORE else ""
    inside = [
        tag("div", f"{each.name} · {LONG[each.name]}{core}", class_="wr-label"),
        tag("div", said, " ", pill(RATED[each.now.rating], SAID[each.now.rating]), class_="wr-value"),
        tag("div", _changed(each), class_="wr-note"),
        tag("div", _apart(each), class_="wr-note"),
        tag("div", _counted(each, crux), class_="wr-note"),
        _shares(each.now),
    ]
    if len({point for point in each.curve if point is not None}) > 1:
        inside.append(spark(each.curve, f"{each.name}, over time", floor=floor(each.curve)))
    return tag("div", *inside, class_="wr-figure")


def _counted(each: Card, crux: Mapping[str, float]) -> str:
    line = crux.get(f"{each.name.lower()}_all")
    many = f"{each.now.n:,}".replace(",", " ")
    n = f"p75 of {many}" if each.now.enough else f"{many} of {ENOUGH} measurements"
    return f"{n} · Chrome UX, 28 days: {value(each.name, line)}" if line is not None else n


def _changed(each: Card) -> str:
    """Against the window before and the release before, where there is enough of both."""
    told = []
    for label, now, old in (("window before", each.now, each.before), ("release before", each.release, each.previous)):
        if now and old and now.enough and old.enough and now.p75 and old.p75:
            told.append(f"{100 * (now.p75 / old.p75 - 1):+.0f} % on the {label}")
    return ", ".join(told) or "nothing to compare with yet"


def _apart(each: Card) -> str:
    sides = (("phones", each.phones), ("desktops", each.desktops))
    return " · ".join(f"{label} {value(each.name, side.p75) if side.enough else SAID['']}" for label, side in sides)


def _shares(one: Summary) -> Html:
    kinds = (("up", one.good), ("degraded", one.needs), ("down", one.poor))
    if not one.n:
        return Html("")
    label = f"{one.good} good, {one.needs} need improvement, {one.poor} poor"
    pieces = (tag("i", style=f"flex-grow:{many};background:var(--{kind})") for kind, many in kinds if many)
    return tag("div", *pieces, class_="wr-shares", role="img", aria_label=label, title=label)


def counts(found: Vitals) -> Html:
    """What came in today, and what was turned away: an open endpoint says so."""
    today = found.counts
    said = [f"{today.get('accepted', 0):,} measurements by beacon today".replace(",", " ")]
    said += [
        f"{today[name]:,} {label}".replace(",", " ")
        for name, label in (("shed", "shed"), ("refused", "refused"))
        if today.get(name)
    ]
    return tag("div", tag("p", f"{', '.join(said)}. {OPEN}", class_="wr-soft"), class_="wr")


def course(found: Vitals, name: str, theme: str, tz: ZoneInfo) -> go.Figure:
    """p75 of phones and desktops between the bands of the thresholds, the distribution below, changes at the foot."""
    points = found.points[name]
    figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.55, 0.32, 0.13], vertical_spacing=0.04)
    for trace in _lines(points, found.crux.get(f"{name.lower()}_all"), theme, tz):
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


def _lines(points: Sequence[Point], crux: float | None, theme: str, tz: ZoneInfo) -> list[go.Scatter]:
    points = _gaps(points)
    times = [local(point.at, tz) for point in points]
    sides = (("desktops", [point.desktops for point in points]), ("phones", [point.phones for point in points]))
    lines = [
        go.Scatter(
            x=times, y=[side.p75 for side in some], name=label, mode="lines+markers", connectgaps=False,
            line={"color": colour.of(theme), "width": 2}, marker={"size": 4}, hovertemplate="%{y:.3g}",
        )
        for (label, some), colour in zip(sides, QUANTILES, strict=False)
    ]  # fmt: skip
    if crux is not None and times:
        dash = {"color": QUANTILES[2].of(theme), "dash": "dot", "width": 1.5}
        lines.append(
            go.Scatter(x=[times[0], times[-1]], y=[crux, crux], name="Chrome UX, 28 days", mode="lines", line=dash)
        )
    return lines


def _gaps(points: Sequence[Point]) -> list[Point]:
    """With an empty point wherever one or more are missing, so that no line is drawn over what nobody measured."""
    steps = [b.at - a.at for a, b in pairwise(points)]
    found: list[Point] = []
    for point in points:
        if found and point.at - found[-1].at > 1.5 * min(steps):
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


def sampled(found: Vitals) -> list[tuple[str, str]]:
    """What Sentry's own spans say, from its integration."""
    names = [name for name in VITALS if f"{name.lower()}_p75" in found.sentry]
    told = [(f"{name} p75, 24 h", value(name, found.sentry[f"{name.lower()}_p75"])) for name in names]
    return [*told, ("Made from", f"{found.sentry.get('samples', 0):,.0f} events".replace(",", " "))]


def alt(found: Vitals, name: str) -> str:
    """The figure in words."""
    points = found.points[name]
    newest = points[-1].together.p75 if points else None
    return f"{name}, p75 over time: {len(points)} points, newest {value(name, newest)}; {len(found.changes)} changes."


def routes(found: Sequence[Route]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows, and the columns with the vitals that there are; a p75 of too few is left empty."""
    names = [name for name in VITALS if any(name in each.vitals for each in found)]
    rows = pd.DataFrame(
        {
            "route": [each.route for each in found],
            "poor": [each.poor for each in found],
            "n": [each.n for each in found],
            **{name: pd.array([_enough(each, name) for each in found], dtype="Float64") for name in names},
        }
    )
    form = {name: "%.3f" if name == "CLS" else "%.0f ms" for name in names}
    more = {name: st.column_config.NumberColumn(f"{name} p75", width="small", format=form[name]) for name in names}
    return rows, {**ROUTES, **more}


def _enough(each: Route, name: str) -> float | None:
    one = each.vitals.get(name)
    return one.p75 if one is not None and one.enough else None


def metrics(found: Sequence[Summary]) -> pd.DataFrame:
    """The platform's own metrics: p50, p95 and how many failed."""
    return pd.DataFrame(
        {
            "metric": [each.name for each in found],
            "n": [each.n for each in found],
            "p50": pd.array([each.p50 if each.enough else None for each in found], dtype="Float64"),
            "p95": pd.array([each.p95 if each.enough else None for each in found], dtype="Float64"),
            "failed": pd.array([100 * each.failed if each.enough else None for each in found], dtype="Float64"),
        }
    )
