"""Which series of browser measurements there are, and a bound on how many of them strangers can make.

A key is name, route, device, release and source. What nobody configured has so many seats a week; what finds none is
folded. So who was there stays, and what a flood brought gives its seats back a week after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from sqlalchemy import Connection, bindparam, func, insert, select, update

from data.tables import VITALS_SERIES
from model import Vital, VitalRollup

MOST = 700  # seats: name, route and device of what is not configured, of a week
ALL = 20_000  # series of a week from which new ones lose their release
WEEK = 7
CHUNK = 400
KNOWN = select(VITALS_SERIES.c.key, VITALS_SERIES.c.id, VITALS_SERIES.c.last).where(
    VITALS_SERIES.c.key.in_(bindparam("keys", expanding=True))
)
Fold = Callable[[str, str], tuple[str, str]]


def key_of(each: Vital | VitalRollup) -> str:
    """The text that stands for the series."""
    return _text(each.name, each.route, each.device, each.release, each.source)


@lru_cache(maxsize=4096)  # a thousand beacons a second are of the same few
def _text(*dims: str) -> str:
    return json.dumps(dims)


def numbered(c: Connection, days: Mapping[str, int], fold: Fold) -> dict[str, int]:
    """The number of each key, made where missing; ``days`` tells when each was seen last."""
    known = _found(c, days)
    today = max(days.values(), default=0)
    if all(key in known and known[key][1] >= max(day, today - WEEK) for key, day in days.items()):
        return {key: known[key][0] for key in days}
    idle = [key for key in days if key not in known or known[key][1] < today - WEEK]
    stored = {key: key for key in days}
    if idle:
        stored |= _seated(c, sorted(idle), today, fold)
    seen: dict[str, int] = {}
    for key, day in days.items():
        seen[stored[key]] = max(day, seen.get(stored[key], 0))
    ids = ensure(c, seen)
    return {key: ids[stored[key]] for key in days}


def ensure(c: Connection, days: Mapping[str, int]) -> dict[str, int]:
    """The number of each key as it is, made where missing, with the day it was seen last."""
    t, known = VITALS_SERIES.c, _found(c, days)
    first = int(c.execute(select(func.coalesce(func.max(t.id), 0))).scalar() or 0) + 1
    made = {key: number for number, key in enumerate(sorted(days.keys() - known), first)}
    if made:
        c.execute(insert(VITALS_SERIES), [{"id": made[key], "key": key, "last": days[key]} for key in made])
    later = [{"n": known[key][0], "day": day} for key, day in days.items() if key in known and known[key][1] < day]
    if later:
        c.execute(update(VITALS_SERIES).where(t.id == bindparam("n")).values(last=bindparam("day")), later)
    return {key: number for key, (number, _) in known.items()} | made


def _seated(c: Connection, keys: Iterable[str], today: int, fold: Fold) -> dict[str, str]:
    """The key under which each of these is kept: its own while there is a seat."""
    week = set(c.execute(select(VITALS_SERIES.c.key).where(VITALS_SERIES.c.last >= today - WEEK)).scalars())
    taken = {(name, route, device) for name, route, device, *_ in map(json.loads, week)}
    seats = {each for each in taken if fold(*each[:2]) != each[:2]}
    found: dict[str, str] = {}
    for key in keys:
        name, route, device, release, source = json.loads(key)
        folded = fold(name, route)
        if folded != (name, route) and (name, route, device) not in seats:
            if len(seats) >= MOST:
                name, route = folded
            else:
                seats.add((name, route, device))
        found[key] = json.dumps([name, route, device, release, source])
        if found[key] not in week and len(week) >= ALL:
            found[key] = json.dumps([name, route, device, "", source])
        week.add(found[key])
    return found


def _found(c: Connection, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """key -> (number, day it was seen last) of those that are there."""
    wanted = sorted(keys)
    found: dict[str, tuple[int, int]] = {}
    for at in range(0, len(wanted), CHUNK):
        rows = c.execute(KNOWN, {"keys": wanted[at : at + CHUNK]})
        found.update((key, (number, last)) for key, number, last in rows)
    return found
