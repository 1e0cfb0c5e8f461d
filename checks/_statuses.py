"""Which HTTP statuses are right: single ones, classes and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

Span = tuple[int, int]


def _spans(listed: object) -> tuple[str, ...]:
    entries = listed if isinstance(listed, list | tuple) else (listed,)
    return tuple(str(entry).strip().lower() for entry in entries)


def _known(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        span(entry)
    if not entries:
        raise ValueError("expected at least one status")
    return entries


@lru_cache(maxsize=256)
def span(entry: str) -> Span:
    """First and last status of "200", "2xx" or "200-299"; ValueError in words."""
    low, dash, high = entry.partition("-")
    if len(entry) == 3 and entry.endswith("xx"):
        low, dash, high = f"{entry[0]}00", "-", f"{entry[0]}99"
    if not (low.isascii() and low.isdigit() and (not dash or high.isdigit())):
        raise ValueError(f"expected a status such as 200, 2xx or 200-299, got {entry[:20]!r}")
    first, last = int(low), int(high or low)
    if not 200 <= first <= last <= 599:
        raise ValueError(f"expected a status from 200 to 599, got {entry[:20]!r}")
    return first, last


Statuses = Annotated[tuple[str, ...], BeforeValidator(_spans), AfterValidator(_known)]


def status_fault(status: int, wanted: Sequence[str]) -> str | None:
    """What is wrong with the status, in words."""
    for entry in wanted:
        first, last = span(entry)
        if first <= status <= last:
            return None
    return f"answered {status}, not {' or '.join(wanted)}"
