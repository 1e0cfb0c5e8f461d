"""The newest answer: how its time was spent, and the facts it brought."""

from __future__ import annotations

from datetime import datetime

import words
from model import Phases, Result
from ui.detail import Detail
from ui.markup import Html, icon, joined, tag

STEPS = (("dns", "name"), ("connect", "connect"), ("tls", "TLS"), ("first_byte", "first byte"))


def newest(detail: Detail, now: datetime) -> Html | None:
    """State, words, steps and facts of the newest result; None before the first."""
    if detail.newest is None:
        return None
    at, result = detail.newest
    head = tag(
        "div", icon(result.status), tag("b", words.STATUS_WORD[result.status]), tag("span", result.words, class_="wr-soft"),
        tag("span", words.ago(at, now), class_="wr-soft"), class_="wr-top",
    )  # fmt: skip
    return tag("div", tag("div", tag("div", head, _bar(result.phases), class_="wr-line"), _facts(result), class_="wr-wide"), class_="wr wr-fades")


def _bar(phases: Phases) -> Html:
    spent = [(label, getattr(phases, name) or 0.0) for name, label in STEPS]
    total = phases.total or sum(ms for _, ms in spent)
    if not total:
        return tag("span", "No step was measured.", class_="wr-soft")
    steps = [*spent, ("rest", max(0.0, total - sum(ms for _, ms in spent)))]
    pieces = (tag("span", class_=f"wr-step wr-step-{i}", style=f"flex-grow:{ms:.3f}", title=f"{label}: {words.ms(ms)}") for i, (label, ms) in enumerate(steps))
    names = (tag("span", tag("i", class_=f"wr-dot wr-step-{i}"), f"{label} {words.ms(ms)}") for i, (label, ms) in enumerate(steps) if ms)
    said = ", ".join(f"{label} {words.ms(ms)}" for label, ms in steps)
    return joined([tag("div", joined(pieces), class_="wr-steps", role="img", aria_label=said), tag("div", joined(names), class_="wr-keys")])


def _facts(result: Result) -> Html:
    if not result.facts:
        return Html("")
    pairs = (tag("div", tag("dt", name.replace("_", " ")), tag("dd", value)) for name, value in result.facts)
    return tag("dl", joined(pairs), class_="wr-facts wr-bare")
