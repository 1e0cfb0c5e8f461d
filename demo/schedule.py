"""When what is wrong in the demo's platform: a pure function of the moment it opened, a seed, and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from demo import past
from demo.chance import number
from demo.trouble import Trouble
from model import Status

# Before this the past of past.py holds: a few incidents in ninety days; after it the carousel below turns.
LIVELY = timedelta(minutes=48)
HISTORY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Turn:
    """One seat of the carousel, in minutes: first begins ``after`` the opening, comes back every ``every``."""

    subject: str
    after: float
    lasts: float
    status: Status
    kind: str
    every: float = 24.0


# In the first five minutes something is always down or just back, and payments or the certificate is degraded.
CAROUSEL = (
    Turn("payments", -3, 8, Status.DEGRADED, "slow"),
    Turn("storage", -1.5, 4, Status.DOWN, "error", every=48),
    Turn("functions", 3, 3.5, Status.DOWN, "error", every=48),
    Turn("export", 5, 3, Status.DOWN, "silent", every=48),
    Turn("realtime", 7, 3.5, Status.DEGRADED, "slow"),
    Turn("database", 10, 4, Status.DOWN, "refused"),
    Turn("home", 14.5, 4, Status.DEGRADED, "slow"),
    Turn("auth", 15.5, 2.5, Status.DOWN, "error", every=48),
    Turn("hosting", 17, 5, Status.DEGRADED, "vendor"),
    Turn("payments", 43, 1.5, Status.DOWN, "error", every=48),
    Turn("storage", 27, 3, Status.DOWN, "error", every=48),
)
RELEASE_EVERY = timedelta(minutes=30)
RELEASE_OFFSET = timedelta(minutes=-9)
RESTART_EVERY = timedelta(minutes=48)
RESTART_OFFSET = timedelta(minutes=12)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that reports when it has run; after ``patience`` of silence it is late. ``hour`` (UTC): once a day."""

    key: str
    every: timedelta
    patience: timedelta
    hour: float | None = None

    def offset(self, opened: datetime) -> timedelta:
        """From the opening to one of its runs."""
        return timedelta(0) if self.hour is None else past.on_day(opened, 0, self.hour) - opened


JOBS = (
    Job("export", timedelta(minutes=2), timedelta(minutes=3)),
    Job("backup", timedelta(days=1), timedelta(hours=26), hour=2.2),
)


@dataclass(frozen=True, slots=True)
class Release:
    """What runs: a commit and a deployment, since a moment."""

    commit: str
    deployment: str
    at: datetime


@dataclass(frozen=True)
class Schedule:
    """The demo's whole fate. Every answer is a pure function of ``opened``, ``seed`` and the moment asked for."""

    opened: datetime
    seed: int = 7
    _past: tuple[Trouble, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_past", past.troubles(self.opened, self.seed, self.lively))

    @property
    def lively(self) -> datetime:
        """From here on the carousel turns."""
        return self.opened - LIVELY

    @property
    def first(self) -> datetime:
        """The earliest moment that the history tells of."""
        return self.opened - HISTORY

    def troubles(self, subject: str, start: datetime, end: datetime) -> tuple[Trouble, ...]:
        """Every trouble of one subject that touches [start, end), by start; they never overlap."""
        found = [*(trouble for trouble in self._past if trouble.subject == subject), *self._turns(subject, end)]
        return tuple(sorted((each for each in found if each.touches(start, end)), key=lambda each: each.start))

    def at(self, subject: str, moment: datetime) -> Trouble | None:
        """What is wrong with a subject at a moment."""
        found = self.troubles(subject, moment, moment + timedelta(microseconds=1))
        return found[0] if found else None

    def _turns(self, subject: str, end: datetime) -> Iterator[Trouble]:
        for turn in CAROUSEL:
            if turn.subject == subject:
                yield from self._rounds(turn, end)

    def _rounds(self, turn: Turn, end: datetime) -> Iterator[Trouble]:
        every, lasts = timedelta(minutes=turn.every), timedelta(minutes=turn.lasts)
        start = self.opened + timedelta(minutes=turn.after)
        start -= every * ((start - self.lively) // every)
        while start < end:
            yield Trouble(turn.subject, start, start + lasts, turn.status, turn.kind)
            start += every

    def release(self, moment: datetime) -> Release:
        """What is deployed at a moment."""
        if moment < self.lively:
            at = past.released(self.opened, self.seed, moment)
        else:
            at = max(
                self._last(RELEASE_OFFSET, RELEASE_EVERY, moment), past.released(self.opened, self.seed, self.lively)
            )
        marks = [number(self.seed, part, int(at.timestamp())) for part in ("commit", "more", "deployment")]
        digits = "".join(f"{mark:016x}" for mark in marks)
        return Release(digits[:40], f"dpl_{digits[32:44]}", at)

    def releases(self, start: datetime, end: datetime) -> tuple[Release, ...]:
        """Every deployment in [start, end), oldest first."""
        found: list[Release] = []
        cursor = end - timedelta(microseconds=1)
        while (release := self.release(cursor)).at >= start:
            found.append(release)
            cursor = release.at - timedelta(microseconds=1)
        return tuple(reversed(found))

    def booted(self, moment: datetime) -> datetime:
        """When the platform's process that runs at a moment began: a deployment or a restart."""
        released = self.release(moment).at
        return released if moment < self.lively else max(released, self._last(RESTART_OFFSET, RESTART_EVERY, moment))

    def pid(self, moment: datetime) -> int:
        """The number of that process."""
        return 1000 + number(self.seed, "pid", int(self.booted(moment).timestamp())) % 30000

    def pushed(self, job: Job, moment: datetime) -> datetime:
        """When a job last reported before a moment. It falls silent early enough to be late when its trouble begins."""
        at = self._last(job.offset(self.opened), job.every, moment)
        for trouble in self.troubles(job.key, at, moment):
            if at < trouble.end <= moment:
                return trouble.end  # somebody ran it by hand
        while any(each.start - job.patience < at < each.end for each in self.troubles(job.key, at, at + job.patience)):
            at -= job.every
        return at

    def _last(self, offset: timedelta, every: timedelta, moment: datetime) -> datetime:
        first = self.opened + offset
        return first + every * ((moment - first) // every)
