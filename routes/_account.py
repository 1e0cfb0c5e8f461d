"""What came in today and what was turned away, where the pages find it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from data import watch

if TYPE_CHECKING:
    from data.store import Connection

NOTE = "beacons"


def book(c: Connection, now: datetime, more: Counter[str]) -> None:
    """Adds to the counts of the day, in the transaction of what is counted; they begin anew with each day in UTC.

    accepted, shed and refused are measurements of the open door, drained and dropped those of Vercel's drain.
    """
    day = now.date().isoformat()
    before = _counts(watch.noted(c).get(NOTE), day)
    watch.note(c, NOTE, json.dumps({"day": day} | {name: before[name] + more[name] for name in before | more}))


def _counts(note: str | None, day: str) -> Counter[str]:
    """What is noted of this day; a note that cannot be read is begun anew."""
    try:
        known = json.loads(note or "{}")
    except ValueError:
        return Counter()
    if not isinstance(known, dict) or known.get("day") != day:
        return Counter()
    return Counter({name: many for name, many in known.items() if type(many) is int and many >= 0})
