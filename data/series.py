"""The series that history hangs on: monitors and their parts, each with a small number for narrow rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, text

from data.moments import micros, moment
from data.tables import SERIES

MOST = 0xFFFF  # the low sixteen bits of every time-and-series key
BITS = 16


def ensure(c: Connection, keys: Iterable[str], now: datetime) -> dict[str, int]:
    """The number of each of ``keys``; a key that is new is created ``now``. Raises ValueError beyond 65,535 series."""
    wanted = list(dict.fromkeys(keys))
    known = ids(c)
    if any(key not in known for key in wanted):
        known = _create(c, wanted, now)
    return {key: known[key] for key in wanted}


def _create(c: Connection, wanted: list[str], now: datetime) -> dict[str, int]:
    if c.dialect.name != "sqlite":  # there every writer is alone anyway
        c.execute(text("LOCK TABLE series IN SHARE ROW EXCLUSIVE MODE"))
    known = ids(c)
    new = [key for key in wanted if key not in known]
    first = max(known.values(), default=0) + 1
    if first + len(new) - 1 > MOST:
        raise ValueError(f"the store holds at most {MOST} series")
    numbered = {key: first + n for n, key in enumerate(new)}
    if numbered:
        c.execute(insert(SERIES), [{"id": n, "key": key, "created": micros(now)} for key, n in numbered.items()])
    return known | numbered


def ids(c: Connection) -> dict[str, int]:
    """The number of every series."""
    return dict(c.execute(select(SERIES.c.key, SERIES.c.id)).all())


def names(c: Connection) -> dict[int, str]:
    """The key of every number."""
    return {number: key for key, number in ids(c).items()}


def chosen(c: Connection, series: str | Collection[str] | None) -> dict[int, str]:
    """Numbers and keys of one series, of several, or of all (None); keys that are not known are left out."""
    if series is None:
        return names(c)
    wanted = [series] if isinstance(series, str) else list(series)
    rows = c.execute(select(SERIES.c.id, SERIES.c.key).where(SERIES.c.key.in_(wanted)))
    return dict(rows.all())


def created(c: Connection) -> dict[str, datetime]:
    """When each series was first seen: before that it is neither up nor unknown."""
    return {key: moment(us) for key, us in c.execute(select(SERIES.c.key, SERIES.c.created))}


def parts(c: Connection, monitor: str) -> tuple[str, ...]:
    """The series of the parts of ``monitor``, by name; without the monitor's own."""
    keys = c.execute(select(SERIES.c.key).where(SERIES.c.key.startswith(f"{monitor}/", autoescape=True)))
    return tuple(sorted(keys.scalars()))
