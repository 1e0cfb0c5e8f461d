"""Wall time that follows the boot clock, so that a clock that steps becomes a fact and never a negative duration."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

STEP = 2.0  # seconds of disagreement that are a step; less is NTP at its work and is followed silently


def boot() -> float:
    """Seconds since the machine started, time asleep included; never steps."""
    source = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if source is None else time.clock_gettime(source)


class Clock:
    """``now()`` is the wall clock as it was at the last look, carried on by the boot clock."""

    def __init__(self) -> None:
        self._wall, self._boot = datetime.now(UTC), boot()

    def now(self) -> datetime:
        return self.at(boot())

    def at(self, moment: float) -> datetime:
        """The wall time of a moment of the boot clock."""
        return self._wall + timedelta(seconds=moment - self._boot)

    def look(self) -> float:
        """Compares with the machine's wall clock and follows it; returns the step in seconds, 0.0 if there was none."""
        wall, moment = datetime.now(UTC), boot()
        apart = (wall - self.at(moment)).total_seconds()
        self._wall, self._boot = wall, moment
        return apart if abs(apart) > STEP else 0.0
