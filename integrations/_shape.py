"""Strangers' JSON taken apart without trust: whatever it holds, the answer has the type that was asked for."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from cleaning import clean

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS = 1e11  # an epoch beyond this (the year 5138 in seconds) counts milliseconds


def text(value: object, limit: int = 200) -> str:
    """One harmless line; empty for anything that is not text."""
    return clean(value, limit)


def number(value: object) -> float | None:
    """A finite number, also of a numeric text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def moment(value: object) -> datetime | None:
    """The aware UTC moment of an ISO text or of seconds or milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        seconds = number(value)
        if seconds is None:
            return None
        return EPOCH + timedelta(seconds=seconds / 1000 if seconds > MILLISECONDS else seconds)
    except (ValueError, OverflowError):
        return None


def items(value: object) -> list[dict[str, Any]]:
    """The tables of a list; what is none is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def table(value: object) -> dict[str, Any]:
    """A table; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
