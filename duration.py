"""Lengths of time as people write them, "30s" or "1h 30m", as seconds."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_WORD = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|[smhdw])\s*")


def parse(value: object) -> float:
    """Seconds of a number, or of words such as 500ms, 30s, 5m, 1h 30m, 1d; ValueError in words when it is neither."""
    seconds = _number(value)
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"expected a duration such as 30s, 5m, 1h or 1d, got {str(value)[:40]!r}")
    return seconds


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = value.strip().lower() if isinstance(value, str) else ""
    words = _WORD.findall(text)
    if not words or _WORD.sub("", text):
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in words)


Seconds = Annotated[float, BeforeValidator(parse, json_schema_input_type=float | str)]
