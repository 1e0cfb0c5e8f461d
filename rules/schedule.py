"""When a monitor is due, on an axis of seconds that never steps."""

from __future__ import annotations

import math
import zlib

FAST = 3.0  # seconds until the next look while in doubt


def phase(key: str, every: float) -> float:
    """Where in its interval a monitor lies, 0 <= phase < every: fixed by its key, so that probes spread evenly."""
    return zlib.crc32(key.encode()) / 2**32 * every


def next_due(due: float, every: float, now: float, unsure: bool, fast: float = FAST) -> float:
    """The next due time after the one at ``due`` was served at ``now``: absolute, missed ones are skipped.

    While ``unsure`` it is ``fast`` seconds from now, if that is sooner.
    """
    missed = max(0, math.floor((now - due) / every))
    regular = due + (missed + 1) * every
    return min(regular, now + min(fast, every)) if unsure else regular
