"""Vitals as people see them: six cards, their course with the bands of the thresholds, tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

import words
from model import Status
from rules.vitals import ENOUGH, VITALS, Summary
from ui.markup import Html, joined, pill, tag
from ui.reference import Reference
from ui.sparks import floor, spark
from ui.vitals import CORE, Card, Route, Vitals

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
WAYS = {"beacon": "Beacons", "drain": "Vercel drain", "supabase": "Supabase table"}
TOLD = {"shed": "shed", "refused": "refused", "drained": "by Vercel drain", "dropped": "of the drain left out"}
STALE = 86_400.0  # seconds after the newest measurement from which a silence is told of
OPEN = "Anybody can send to an open endpoint: these are estimates of what browsers measured, not proof."
ROUTES = {
    "route": st.column_config.TextColumn("Route", width="medium"),
    "poor": st.column_config.NumberColumn(
        "Poor views", width="small", format="localized",
        help="Page views of which one core vital was poor, at least: which belong together is not kept.",
    ),
    "views": st.column_config.NumberColumn(
        "Views", width="small", format="localized", help="Page views that told one vital, at least."
    ),
}  # fmt: skip
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
    shown = (_card(each, reference(found, each.name), found.device) for each in found.cards)
    return tag("div", tag("div", *shown, class_="wr-figures wr-vitals"), class_="wr wr-fades")


def _card(each: Card, line: float | None, device: str | None) -> Html:
    said = value(each.name, each.now.p75) if each.now.enough else words.NO_DATA
    core = " · core" if each.name in CORE else ""
    inside = [
        tag("div", f"{each.name} · {LONG[each.name]}{core}", class_="wr-label"),
        tag("div", said, " ", pill(RATED[each.now.rating], SAID[each.now.rating]), class_="wr-value"),
        tag("div", _changed(each), class_="wr-note"),
        tag("div", _apart(each), class_="wr-note") if device is None else Html(""),
        tag("div", _counted(each, line), class_="wr-note"),
        _shares(each.now),
    ]
    if len(set(each.curve)) > 1:
        inside.append(spark(each.curve, _course(each), floor=floor(each.curve)))
    return tag("div", *inside, class_="wr-figure")


def _course(each: Card) -> str:
    return f"{each.name} over time: {len(each.curve)} p75 of {ENOUGH} measurements or more each"


def reference(found: Vitals, name: str) -> float | None:
    """What Chrome's report says of the same devices."""
    return found.crux.values.get(f"{name.lower()}_{found.device or 'all'}")


def _counted(each: Card, line: float | None) -> str:
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
    """What came in today, what was turned away, and how old each of the sources is: an open endpoint says so."""
    today = found.counts
    said = [f"{today.get('accepted', 0):,} measurements by beacon today".replace(",", " ")]
    said += [f"{today[name]:,} {what}".replace(",", " ") for name, what in TOLD.items() if today.get(name)]
    lines = [tag("p", f"{', '.join(said)}. {OPEN}", class_="wr-soft")]
    if found.newest is not None:
        age = f"The newest measurement came {words.ago(found.newest, found.end)}."
        stale = (found.end - found.newest).total_seconds() > STALE
        lines.append(tag("p", age, _old(stale), class_="wr-soft"))
    if found.crux.at is not None:
        lines.append(_aged(f"Chrome UX: {_days(found.crux)}", found.crux, found.end))
    return tag("div", *lines, class_="wr")


def _days(crux: Reference) -> str:
    return f"28 days up to {crux.last.day} {crux.last:%b %Y}" if crux.last else "28 days, up to when it does not say"


def _aged(said: str, one: Reference, now: datetime) -> Html:
    """With when it was read; grey and said where that is long ago."""
    assert one.at
    return tag("p", f"{said}; read {words.ago(one.at, now)}.", _old(one.old), class_="wr-soft")


def _old(is_so: bool) -> Html:
    return joined([" ", pill(Status.UNKNOWN, "old")]) if is_so else Html("")


def ways(found: Vitals) -> dict[str, str]:
    """What the sources that there are are called, and their names."""
    return {WAYS.get(name, name): name for name in found.sources}


def way(found: Vitals) -> str:
    """Which of several sources is shown, and why they are not added up."""
    told = ", ".join(f"{label} {found.sources[name]:,}".replace(",", " ") for label, name in ways(found).items())
    most = "which told most" if found.source == next(iter(found.sources)) else "as chosen"
    return (
        f"Several sources tell of these pages: {told}. The same visit may come by each of them, so they are never "
        f"added up. Shown: {WAYS.get(found.source, found.source)}, {most}."
    )


def sampled(found: Vitals) -> list[tuple[str, str | Html]]:
    """What Sentry's own spans say, from its integration, and when it was read."""
    values, at = found.sentry.values, found.sentry.at
    names = [name for name in VITALS if f"{name.lower()}_p75" in values]
    told: list[tuple[str, str | Html]] = [
        (f"{name} p75, 24 h", value(name, values[f"{name.lower()}_p75"])) for name in names
    ]
    read = joined([words.ago(at, found.end) if at else words.NO_DATA, _old(found.sentry.old)])
    return [*told, ("Made from", f"{values.get('samples', 0):,.0f} events".replace(",", " ")), ("Read", read)]


def routes(found: Sequence[Route]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows, and the columns with the vitals that there are; a p75 of too few is left empty."""
    names = [name for name in VITALS if any(name in each.vitals for each in found)]
    rows = pd.DataFrame(
        {
            "route": [each.route for each in found],
            "poor": [each.poor for each in found],
            "views": [each.views for each in found],
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
