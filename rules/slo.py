"""How much of the time that a promise allows to lose is left: (1 - target) of a window, spent by being down."""

from __future__ import annotations

import math
from collections.abc import Iterable

import words
from model import Budget, Uptime
from rules.uptime import known


def budget(target: float, u: Uptime, window: float) -> Budget:
    """The budget of ``window`` seconds for a target in per cent, after the confirmed seconds in ``u``.

    Time that nobody watched, and announced maintenance, count in neither: they spend nothing, and allow nothing.
    """
    if known(u) <= 0:
        return Budget(0.0, 0.0, None)
    # a window of whole days is an hour longer than its seconds when the clocks go back
    counted = max(window - u.unknown - u.maintenance, known(u))
    allowed = (1 - target / 100) * counted
    return Budget(allowed, u.down, _left(allowed, u.down))


def _left(allowed: float, spent: float) -> float:
    """0 to 1; exactly 1 only when nothing was spent, exactly 0 only when nothing is left."""
    if spent <= 0:
        return 1.0
    if spent >= allowed:
        return 0.0
    return min(max((allowed - spent) / allowed, math.nextafter(0.0, 1.0)), math.nextafter(1.0, 0.0))


def worst(budgets: Iterable[Budget]) -> Budget | None:
    """The one with least left; one that was never measured is worse than any, as nobody can vouch for it."""
    return min(budgets, key=lambda each: -1.0 if each.left is None else each.left, default=None)


def said(found: Budget) -> str:
    """What is left, in words: 76.85 % left, 10 min of 43 min spent."""
    if found.left is None:
        return words.NO_DATA
    of = f" by {found.of}" if found.of and found.spent > 0 else ""
    return f"{_percent(found.left)} % left, {_long(found.spent)} of {_long(found.allowed)} spent{of}"


def _percent(left: float) -> str:
    """Cut, never rounded up; what is left is never said to be nothing, what is spent never to be nothing."""
    if left in (0.0, 1.0):
        return f"{100 * left:.0f}"
    cut = min(words.floored(100 * left), "99.99", key=float)
    return cut if float(cut) > 0 else "less than 0.01"


def _long(seconds: float) -> str:
    return "less than 1 s" if 0 < seconds < 1 else words.lasted(seconds)
