"""How moments, milliseconds and statuses become integers in the store, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from model import Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Written into rows and sealed chunks: only ever append.
STATUSES = (Status.UP, Status.DEGRADED, Status.DOWN, Status.MAINTENANCE, Status.UNKNOWN)
CODE = {status: code for code, status in enumerate(STATUSES)}


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC, exact. A moment without a zone raises TypeError."""
    return (at - EPOCH) // MICROSECOND


def moment(us: int) -> datetime:
    """The aware UTC moment of microseconds since 1970."""
    return EPOCH + timedelta(0, 0, us)


@lru_cache(maxsize=16384)
def moment_s(seconds: int) -> datetime:
    """The same of whole seconds; kept, because the starts of buckets come back by the thousand."""
    return EPOCH + timedelta(seconds=seconds)


def millis(at: datetime) -> int:
    """Milliseconds since 1970, rounded down: the precision of samples."""
    return micros(at) // 1000


def maybe_micros(at: datetime | None) -> int | None:
    """``micros`` that lets None pass."""
    return None if at is None else micros(at)


def maybe_moment(us: int | None) -> datetime | None:
    """``moment`` that lets None pass."""
    return None if us is None else moment(us)


def us_of(ms: float | None) -> int | None:
    """A duration in milliseconds as whole microseconds."""
    return None if ms is None else round(ms * 1000)


def ms_of(us: int | None) -> float | None:
    """A duration in microseconds as milliseconds."""
    return None if us is None else us / 1000


def short_us(ms: float | None) -> int | None:
    """The same, never negative and at most 35 minutes: what a narrow column of samples holds."""
    return None if ms is None else min(max(round(ms * 1000), 0), 0x7FFFFFFF)
