"""Small curves without axes: one element each, cut out of a plain box with clip-path."""

from __future__ import annotations

from collections.abc import Sequence

from ui.markup import Html, tag

Values = Sequence[float | None]


def spark(values: Values, words: str, class_: str = "", floor: float = 0.0) -> Html:
    """The curve of ``values``, oldest left, from ``floor`` to the highest; on the ground where nothing is known."""
    known = [value for value in values if value is not None]
    if len(known) < 3 or max(known) == min(known):
        return tag("div", class_=f"wr-spark wr-none {class_}".strip())
    style = f"clip-path:polygon({_outline(values, floor, max(known))})"
    return tag("div", class_=f"wr-spark {class_}".strip(), style=style, role="img", aria_label=words, title=words)


def floor(values: Values) -> float:
    """A little under the lowest value: what counts in a curve without axes is its course."""
    known = [value for value in values if value is not None]
    return min(known, default=0.0) - 0.25 * (max(known, default=0.0) - min(known, default=0.0))


def _outline(values: Values, floor: float, top: float) -> str:
    last = len(values) - 1
    points = [f"{100 * i / last:.3g}% {_height(value, floor, top - floor or 1.0)}" for i, value in enumerate(values)]
    return ",".join(["0 100%", *points, "100% 100%"])


def _height(value: float | None, floor: float, span: float) -> str:
    """From the top edge in percent; a tenth of the box is kept under the lowest value, so that zero shows as a line."""
    return "100%" if value is None else f"{90 - 90 * (value - floor) / span:.3g}%"
