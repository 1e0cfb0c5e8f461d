"""The errors of the demo's platform: which there are, since when, how often, and which a release brought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, pi

from demo.chance import number, share
from demo.schedule import Release, Schedule
from demo.trouble import Trouble
from model import Issue

ORIGIN = "https://demo.example.com"
HOUR = timedelta(hours=1)
BREAKS = 0.4  # share of releases that bring an error of their own
SPIKE = 30.0  # how much more often an error comes while its cause lasts


@dataclass(frozen=True, slots=True)
class Kind:
    """One error: ``rate`` is events an hour by day, ``days`` since when; trouble of ``cause`` makes more."""

    number: int
    title: str
    culprit: str
    project: str
    level: str
    days: float
    rate: float
    cause: str = ""
    back: float = 0.0  # days since it came back after it had been resolved
    unhandled: bool = True


KINDS = (
    Kind(
        11,
        "PostgrestError: connection refused",
        "app/prescriptions/page in load",
        "web",
        "error",
        71.2,
        0.6,
        "database",
    ),
    Kind(12, "AuthRetryableError: upstream unavailable", "middleware in session", "web", "error", 64.0, 0.4, "auth"),
    Kind(
        13,
        "StripeAPIError: an error occurred with our connection",
        "app/checkout/actions in pay",
        "web",
        "error",
        58.4,
        0.3,
        "payments",
    ),
    Kind(
        14,
        "TypeError: Cannot read properties of undefined (reading 'dosage')",
        "app/labels/print in render",
        "web",
        "error",
        33.5,
        1.9,
        back=1.4,
    ),
    Kind(
        15,
        "StorageApiError: the object is not there",
        "functions/send-label in handler",
        "edge",
        "error",
        29.1,
        0.8,
        "storage",
    ),
    Kind(16, "RangeError: Invalid time value", "app/patients/form in birthday", "web", "error", 21.8, 2.4),
    Kind(
        17,
        "Hydration failed because the server rendered text that does not match",
        "app/layout in RootLayout",
        "web",
        "warning",
        17.0,
        5.2,
        unhandled=False,
    ),
    Kind(
        18,
        "TimeoutError: the search index took longer than 4 s",
        "api/medicines/search in GET",
        "server",
        "warning",
        12.3,
        1.1,
        "search",
    ),
    Kind(19, "ChunkLoadError: Loading chunk 412 failed", "app/checkout/page in lazy", "web", "error", 8.7, 0.9),
    Kind(
        20,
        "Error: a refill was asked for twice",
        "functions/refill in handler",
        "edge",
        "info",
        5.2,
        0.5,
        unhandled=False,
    ),
)
FRESH = (
    ("TypeError: grams.toFixed is not a function", "app/labels/print in grams"),
    ("ReferenceError: practitioner is not defined", "app/prescriptions/copy in prefill"),
    ("SyntaxError: Unexpected token in JSON at position 0", "api/interactions/check in POST"),
    ("Error: NEXT_REDIRECT was caught", "app/checkout/actions in pay"),
)


def all_of(schedule: Schedule, now: datetime) -> tuple[Issue, ...]:
    """Everything unresolved at a moment, the one that was seen last first."""
    found = [_known(schedule, kind, now) for kind in KINDS]
    found += fresh(schedule, now - timedelta(days=3), now)
    return tuple(sorted(found, key=lambda each: each.last, reverse=True))


def _known(schedule: Schedule, kind: Kind, now: datetime) -> Issue:
    first = schedule.opened - timedelta(days=kind.days)
    hourly = tuple(hours(schedule, kind, now))
    trouble = kind.cause and schedule.troubles(kind.cause, now - HOUR / 2, now)
    state = "escalating" if trouble else "regressed" if kind.back else "ongoing"
    count = int(kind.rate * 9 * ((now - first) / timedelta(days=1))) + sum(hourly)
    return Issue(
        str(6_500_000_000 + kind.number),
        f"{kind.project.upper()}-{kind.number}",
        kind.title,
        kind.project,
        kind.level,
        state,
        count,
        max(1, count // 3),
        first,
        now - timedelta(seconds=number(kind.number, int(now.timestamp()) // 300) % 280),
        kind.culprit,
        "high" if trouble else "medium",
        kind.unhandled,
        f"{ORIGIN}/issues/{6_500_000_000 + kind.number}/",
        environment="production",
        hourly=hourly,
    )


def hours(schedule: Schedule, kind: Kind, now: datetime, back: int = 24) -> Iterator[int]:
    """Events of each of the hours up to now, oldest first; the last one is still running."""
    top = now.replace(minute=0, second=0, microsecond=0)
    for ago in range(back - 1, -1, -1):
        start = top - ago * HOUR
        end = min(start + HOUR, now)
        by_day = 1 - 0.8 * cos(2 * pi * (start.astimezone(UTC).hour - 3) / 24)
        calm = (
            kind.rate * by_day * 2 * share(schedule.seed, kind.number, int(start.timestamp())) * ((end - start) / HOUR)
        )
        bad = sum(
            (
                max(timedelta(0), min(each.end, end) - max(each.start, start))
                for each in _causes(schedule, kind, start, end)
            ),
            timedelta(0),
        )
        yield int(calm + SPIKE * max(1.0, kind.rate) * (bad / HOUR))


def _causes(schedule: Schedule, kind: Kind, start: datetime, end: datetime) -> tuple[Trouble, ...]:
    return schedule.troubles(kind.cause, start, end) if kind.cause else ()


def broken(schedule: Schedule, release: Release) -> bool:
    """Whether a release brings an error of its own."""
    return share(schedule.seed, "breaks", release.commit) < BREAKS


def fresh(schedule: Schedule, start: datetime, now: datetime) -> Iterator[Issue]:
    """The errors that releases of [start, now) brought and that were seen by now."""
    for release in schedule.releases(start, now):
        first = release.at + timedelta(minutes=2.5)
        if not broken(schedule, release) or first >= now:
            continue
        title, culprit = FRESH[number(schedule.seed, "fresh", release.commit) % len(FRESH)]
        mark = int(first.timestamp()) // 60 % 10_000
        age = (now - first) / HOUR
        many = 1 + int(7 * min(age, 30.0))
        yield Issue(
            str(6_600_000_000 + int(first.timestamp()) // 60),
            f"WEB-{mark}",
            title,
            "web",
            "error",
            "new" if age < 24 else "ongoing",
            many,
            max(1, many // 2),
            first,
            max(first, now - timedelta(seconds=200)),
            culprit,
            "medium",
            True,
            f"{ORIGIN}/issues/{6_600_000_000 + int(first.timestamp()) // 60}/",
            release.commit,
            "production",
            tuple(7 if first <= now - k * HOUR else 0 for k in range(23, -1, -1)),
        )
