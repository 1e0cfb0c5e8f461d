"""What happened in the ninety days before the demo opened: a few written incidents, and small ones by chance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from demo.chance import number, share
from demo.trouble import Trouble
from model import Maintenance, Status

DAYS = 90
# days before the opening, hour (UTC), minutes it lasted, subject, status, kind
WRITTEN = (
    (40, 12.3, 192, "database", Status.DOWN, "refused"),
    (62, 7.1, 23, "payments", Status.DOWN, "error"),
    (33, 15.7, 41, "auth", Status.DOWN, "error"),
    (9, 8.4, 12, "database", Status.DOWN, "refused"),
    (5, 13.2, 55, "storage", Status.DOWN, "error"),
    (2, 9.6, 34, "home", Status.DEGRADED, "slow"),
    (71, 4.2, 660, "backup", Status.DOWN, "silent"),
    (26, 1.4, 35, "database", Status.DOWN, "refused"),
    (27, 17.0, 150, "hosting", Status.DEGRADED, "vendor"),
)
# how many small ones in ninety days, status, kind
SMALL = {
    "home": (4, Status.DEGRADED, "slow"),
    "login": (2, Status.DOWN, "error"),
    "search": (5, Status.DEGRADED, "slow"),
    "database": (2, Status.DOWN, "refused"),
    "auth": (3, Status.DEGRADED, "slow"),
    "storage": (4, Status.DOWN, "error"),
    "functions": (7, Status.DOWN, "error"),
    "realtime": (6, Status.DEGRADED, "slow"),
    "payments": (5, Status.DEGRADED, "slow"),
    "export": (4, Status.DOWN, "silent"),
    "hosting": (3, Status.DEGRADED, "vendor"),
}
BLIND_DAYS_AGO, BLIND_HOUR, BLIND_FOR = 11, 3.2, timedelta(hours=2)
WEEKEND_DAYS_AGO = 16
WORKS_BEGAN, WORKS_LAST = timedelta(minutes=-25), timedelta(minutes=120)
CERTIFICATE_LEFT, CERTIFICATE_WARNS = timedelta(days=16, hours=5), timedelta(days=21)


def on_day(opened: datetime, days_ago: int, hour: float) -> datetime:
    """A moment so many calendar days (UTC) before the opening."""
    day = opened.astimezone(UTC).date() - timedelta(days=days_ago)
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


def maintenance(opened: datetime) -> tuple[Maintenance, ...]:
    """The planned works: one a month ago, one going on at the opening, one to come."""
    data = ("platform", "ready", "database", "auth", "storage")
    night, soon = on_day(opened, 26, 1), on_day(opened, -2, 1)
    begin = (opened + WORKS_BEGAN).replace(second=0, microsecond=0)
    return (
        Maintenance("Database moves to a larger machine", night, night + timedelta(hours=2), data),
        Maintenance("Medicine index is rebuilt", begin, begin + WORKS_LAST, ("search",)),
        Maintenance("Database update", soon, soon + timedelta(hours=1), data),
    )


def blind(opened: datetime) -> tuple[datetime, datetime]:
    """The two hours in which nobody watched."""
    start = on_day(opened, BLIND_DAYS_AGO, BLIND_HOUR)
    return start, start + BLIND_FOR


def expires(opened: datetime) -> datetime:
    """When the demo's certificate ends."""
    return (opened + CERTIFICATE_LEFT).replace(microsecond=0)


def troubles(opened: datetime, seed: int, until: datetime) -> tuple[Trouble, ...]:
    """Every trouble over before ``until``, and two that go on, by start; those of one subject never overlap."""
    found = [*_written(opened), _weekend(opened)]
    lasting = [_certificate(opened), _works(opened)]
    for trouble in _small(opened, seed):
        if not any(trouble.subject == each.subject and trouble.touches(each.start, each.end) for each in found):
            found.append(trouble)
    return tuple(sorted((*(each for each in found if each.end <= until), *lasting), key=_start))


def _start(trouble: Trouble) -> datetime:
    return trouble.start


def _written(opened: datetime) -> Iterator[Trouble]:
    for days_ago, hour, minutes, subject, status, kind in WRITTEN:
        start = on_day(opened, days_ago, hour)
        yield Trouble(subject, start, start + timedelta(minutes=minutes), status, kind)


def _weekend(opened: datetime) -> Trouble:
    day = on_day(opened, WEEKEND_DAYS_AGO, 0)
    saturday = day - timedelta(days=(day.weekday() - 5) % 7)
    return Trouble("payments", saturday + timedelta(hours=6.5), saturday + timedelta(hours=43), Status.DEGRADED, "slow")


def _certificate(opened: datetime) -> Trouble:
    return Trouble("certificate", expires(opened) - CERTIFICATE_WARNS, expires(opened), Status.DEGRADED, "ending")


def _works(opened: datetime) -> Trouble:
    begin = maintenance(opened)[1].start + timedelta(minutes=1)
    return Trouble("search", begin, begin + WORKS_LAST - timedelta(minutes=4), Status.DOWN, "works")


def _small(opened: datetime, seed: int) -> Iterator[Trouble]:
    for subject, (count, status, kind) in SMALL.items():
        for index in range(count):
            start = on_day(opened, 0, 0) - timedelta(days=DAYS * share(seed, subject, "day", index))
            minutes = 2 + 22 * share(seed, subject, "minutes", index) ** 2
            start = start.replace(microsecond=0)
            yield Trouble(subject, start, start + timedelta(seconds=round(60 * minutes)), status, kind)


@lru_cache(maxsize=4)
def _releases(opened: datetime, seed: int) -> tuple[datetime, ...]:
    """Working days have none to two deployments, in office hours; a month earlier there was one too."""
    found = [on_day(opened, DAYS + 30, 9)]
    for ago in range(DAYS, -1, -1):
        day = on_day(opened, ago, 0)
        many = number(seed, "releases", ago) % 3 if day.weekday() < 5 else 0
        found += [day + timedelta(hours=8 + 8 * share(seed, "release", ago, index)) for index in range(many)]
    return tuple(sorted(at.replace(microsecond=0) for at in found))


def released(opened: datetime, seed: int, moment: datetime) -> datetime:
    """When what ran at a moment of the past was deployed."""
    return max((at for at in _releases(opened, seed) if at <= moment), default=_releases(opened, seed)[0])
