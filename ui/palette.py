"""The one home of the colours; the theme in .streamlit/config.toml has the same ones."""

from __future__ import annotations

from dataclasses import dataclass

from model import Status


@dataclass(frozen=True, slots=True)
class Shade:
    """One colour in the light and in the dark theme."""

    light: str
    dark: str

    def css(self) -> str:
        return f"light-dark({self.light},{self.dark})"

    def of(self, theme: str) -> str:
        return self.dark if theme == "dark" else self.light


STATES = {
    Status.UP: Shade("#1f9d61", "#35c27e"),
    Status.DEGRADED: Shade("#d98e04", "#f0b429"),
    Status.DOWN: Shade("#d6293e", "#ff5d6c"),
    Status.MAINTENANCE: Shade("#2f6fd6", "#79a8ff"),
    Status.UNKNOWN: Shade("#b4bcc8", "#3d4754"),
}

# Words in the colour of a state: darker in the light theme than its shapes, for 4.5 : 1 on white.
WORDS = {
    Status.UP: Shade("#147a49", "#35c27e"),
    Status.DEGRADED: Shade("#955f00", "#f0b429"),
    Status.DOWN: Shade("#c11f34", "#ff7884"),
    Status.MAINTENANCE: Shade("#2459b3", "#8fb6ff"),
    Status.UNKNOWN: Shade("#5a6676", "#a3afbd"),
}

INK = {
    "page": Shade("#f6f7f9", "#0b0f14"),
    "card": Shade("#ffffff", "#11161d"),
    "raised": Shade("#eceff3", "#161c24"),
    "line": Shade("#e1e5ea", "#232a33"),
    "text": Shade("#111827", "#e8ecf2"),
    "soft": Shade("#566170", "#97a3b2"),
    "brand": Shade("#0f6e84", "#3fb6cf"),
}

# The steps of an answer: none of them may look like a state.
STEPS = (
    Shade("#0f6e84", "#3fb6cf"),
    Shade("#7556c4", "#a98ae8"),
    Shade("#b4568f", "#e08fc4"),
    Shade("#5577b8", "#8aaee6"),
    Shade("#8a95a3", "#6f7b8a"),
)
QUANTILES = (Shade("#0f6e84", "#3fb6cf"), Shade("#7556c4", "#a98ae8"), Shade("#a8b0bb", "#5c6877"))


def variables() -> str:
    """All of it as custom properties of CSS, which follow the theme by themselves."""
    states = [f"--{state}:{shade.css()}" for state, shade in STATES.items()]
    words = [f"--{state}-words:{shade.css()}" for state, shade in WORDS.items()]
    ink = [f"--{name}:{shade.css()}" for name, shade in INK.items()]
    steps = [f"--step-{number}:{shade.css()}" for number, shade in enumerate(STEPS)]
    return ":root{" + ";".join(states + words + ink + steps) + "}"
