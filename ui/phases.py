"""Where the time of an answer goes: of the newest one, with the facts it brought, and over time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

import rules.rollup
import words
from model import Phases, Result
from ui.axes import dots, dress, lane, local, marks, with_gaps
from ui.detail import Detail
from ui.lists import empty
from ui.markup import Html, icon, joined, tag
from ui.palette import STEPS as COLOURS

STEPS = (("dns", "name"), ("connect", "connect"), ("tls", "TLS"), ("first_byte", "first byte"))


def newest(detail: Detail, now: datetime) -> Html:
    """State, words, steps and facts of the newest result."""
    if detail.newest is None:
        return empty("Nobody has looked yet.")
    at, result = detail.newest
    head = tag(
        "div", icon(result.status), tag("b", words.STATUS_WORD[result.status]),
        tag("span", result.words, class_="wr-soft"), tag("span", words.ago(at, now), class_="wr-soft"), class_="wr-top",
    )  # fmt: skip
    return tag(
        "div",
        tag("div", tag("div", head, _bar(result.phases), class_="wr-line"), _facts(result), class_="wr-wide"),
        class_="wr wr-fades",
    )


def _bar(phases: Phases) -> Html:
    spent = [(label, getattr(phases, name) or 0.0) for name, label in STEPS]
    total = phases.total or sum(ms for _, ms in spent)
    if not total:
        return tag("span", "No step was measured.", class_="wr-soft")
    steps = [*spent, ("rest", max(0.0, total - sum(ms for _, ms in spent)))]
    pieces = (
        tag("span", class_=f"wr-step wr-step-{i}", style=f"flex-grow:{ms:.3f}", title=f"{label}: {words.ms(ms)}")
        for i, (label, ms) in enumerate(steps)
    )
    names = (
        tag("span", tag("i", class_=f"wr-dot wr-step-{i}"), f"{label} {words.ms(ms)}")
        for i, (label, ms) in enumerate(steps)
        if ms
    )
    said = ", ".join(f"{label} {words.ms(ms)}" for label, ms in steps)
    return joined(
        [
            tag("div", joined(pieces), class_="wr-steps", role="img", aria_label=said),
            tag("div", joined(names), class_="wr-keys"),
        ]
    )


def _facts(result: Result) -> Html:
    if not result.facts:
        return Html("")
    pairs = (tag("div", tag("dt", name.replace("_", " ")), tag("dd", value)) for name, value in result.facts)
    return tag("dl", joined(pairs), class_="wr-facts wr-bare")


def figure(detail: Detail, theme: str, tz: ZoneInfo) -> go.Figure:
    """Where the time of an answer goes, stacked: means of each step in ms."""
    drawing = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.82, 0.18], vertical_spacing=0.04)
    points = with_gaps(detail.points, detail.step, detail.monitor.horizon)
    for number, (name, label) in enumerate([*STEPS, ("rest", "rest")]):
        drawing.add_trace(
            go.Scatter(
                x=[local(at, tz) for at, _ in points],
                y=[rules.rollup.mean(point, name) if point else None for _, point in points],
                name=label, stackgroup="all", mode="lines+markers", marker=dots(points),
                line={"width": 0.6, "color": COLOURS[number].of(theme)},
                hovertemplate="%{y:.1f} ms",
            ), 1, 1,
        )  # fmt: skip
    for trace in marks(detail.changes, theme, tz, 0.0):
        drawing.add_trace(trace.update(showlegend=False), 2, 1)
    dress(drawing, detail, theme, tz, 290)
    drawing.update_yaxes(title="ms", rangemode="tozero", fixedrange=True, row=1, col=1)
    lane(drawing, 2)
    return drawing
