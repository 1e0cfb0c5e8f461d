"""What came in today and what was turned away, where the pages find it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from data import watch

if TYPE_CHECKING:
    from data.store import Connection


def book(c: Connection, now: datetime, more: Counter[str]) -> None:
    """Adds to the counts of the day, in the transaction of what is counted.

    accepted, shed and refused are measurements of the open door, drained and dropped those of Vercel's drain.
    """
    watch.count(c, watch.BEACONS, now, more)
