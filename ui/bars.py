"""Strips of history: one element a strip, its bars one gradient, so that 500 strips are 500 elements."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from model import Bar, Status
from ui.markup import Html, tag


def strip(bars: Sequence[Bar], words: str, *, hint: bool = True) -> Html:
    """All bars, oldest left; ``words`` say the same to those who cannot see it."""
    if not bars:
        return tag("div", class_="wr-bars wr-none", role="img", aria_label="no history yet")
    style = f"--n:{len(bars)};{_colours([bar.status for bar in bars])}"
    return tag("div", class_="wr-bars", style=style, role="img", aria_label=words, title=words if hint else None)


def _colours(states: Sequence[Status]) -> str:
    """One colour where all are alike (nearly always), else a gradient with a hard stop wherever the state changes."""
    if len(set(states)) == 1:
        return f"background:var(--{states[0]})"
    stops, done = [], 0
    for state, run in groupby(states):
        done += len(list(run))
        stops.append(f"var(--{state}) 0 {_percent(done, len(states))}")  # 0 means: where the last one ended
    return f"background:linear-gradient(90deg,{','.join(stops)})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.4g}%"
