"""The trailing stretches that are answered for, and which roll-ups serve each with few enough points."""

from __future__ import annotations

from datetime import datetime, timedelta

from model import Window

WINDOWS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
LABELS = {"1h": "1 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", "90d": "90 d"}
_STEPS = {
    "1h": ("minute", 60),
    "24h": ("minute", 300),
    "7d": ("hour", 3600),
    "30d": ("hour", 7200),
    "90d": ("hour", 21600),
}


def window(key: str, now: datetime) -> Window:
    """The window of that key that ends at ``now``; KeyError for a key that is none."""
    return Window(key, now - WINDOWS[key], now)


def step(window: Window) -> tuple[str, int]:
    """(level of roll-up, seconds of one point): never more than 500 points."""
    return _STEPS[window.key]
