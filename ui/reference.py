"""What others measured of the same pages: the Chrome UX Report and Sentry, with how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from data.snapshots import Kept

READ = {"crux.record": timedelta(days=2), "sentry.vitals": timedelta(hours=1)}  # later than that it is old
LATE = timedelta(days=7)  # Chrome's report is two or three days behind; later than that it is old


@dataclass(frozen=True, slots=True)
class Reference:
    """``values`` by the name of the figure, such as lcp_all; ``last`` is the last day that they are about."""

    values: Mapping[str, float] = field(default_factory=dict)
    at: datetime | None = None
    last: date | None = None
    old: bool = False


def reference(kept: Mapping[str, Kept], key: str, now: datetime) -> Reference:
    """The newest that measured something."""
    found = kept.get(key)
    if found is None or found.good is None or found.good_at is None:
        return Reference()
    last = _day(dict(found.good.result.facts).get("last_day"))
    old = now - found.good_at > READ[key] or (last is not None and now.date() - last > LATE)
    return Reference({figure.name: figure.value for figure in found.good.figures}, found.good_at, last, old)


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
