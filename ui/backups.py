"""Backups as the page Backups shows them: which lie there, which are missing, what a restore reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import data.findings
import data.pings
import data.snapshots
import data.standings
import rules.status
import words
from data.store import Connection
from model import Monitor, OpenFinding, Part, Ping, Result, Standing, Status, Stored
from settings import Settings

WEEKS = 6
DAILY = 1.5 * 86_400  # seconds between two backups up to which a day without one is a hole
READING = "supabase.backups"


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the calendar. Status unknown: before the first backup that is known, not over yet, or not read yet."""

    day: date
    status: Status
    size: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One monitor of a folder of dumps; no days where they come more seldom than daily."""

    monitor: Monitor
    status: Status
    words: str
    at: datetime | None
    parts: tuple[Part, ...]
    stored: tuple[Stored, ...]
    days: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Practice:
    """One monitor of restore drills; ``promised`` are rpo and rto in seconds."""

    monitor: Monitor
    status: Status
    words: str
    promised: Mapping[str, float]
    drills: tuple[Ping, ...]

    @property
    def proven(self) -> Ping | None:
        """The newest restore that worked."""
        return next((each for each in self.drills if each.kind == "ok"), None)


@dataclass(frozen=True, slots=True)
class Backups:
    """``managed`` is what Supabase says of its own backups: (status, words, facts, when); None when it is not read."""

    folders: tuple[Folder, ...]
    practices: tuple[Practice, ...]
    managed: tuple[Status, str, tuple[tuple[str, str], ...], datetime | None] | None
    findings: tuple[OpenFinding, ...]

    @property
    def empty(self) -> bool:
        return not self.folders and not self.practices and self.managed is None


def read(c: Connection, told: Settings, now: datetime) -> Backups:
    """All of it, in one snapshot of the store."""
    results, standings, tz = data.standings.results(c), data.standings.read(c), told.site.timezone
    watched = [each for each in told.monitors if not each.paused]
    folders = [each for each in watched if each.check == "backups"]
    practised = [each for each in watched if each.check == "drill"]
    drills = data.pings.drills(c, now)
    keys = [each.key for each in (*folders, *practised)]
    found = [finding for key in (*keys, READING) for finding in data.findings.open_now(c, key)]
    return Backups(
        tuple(_folder(each, results.get(each.key), standings.get(each.key), now, tz) for each in folders),
        tuple(_practice(each, standings.get(each.key), drills, now) for each in practised),
        _managed(c, told, standings, now),
        tuple(found),
    )


def _stands(monitor: Monitor, standing: Standing | None, now: datetime) -> tuple[Status, str]:
    if standing is None:
        return Status.UNKNOWN, "nobody has looked yet"
    state, _, said = rules.status.current(standing, monitor.horizon, now)
    return state, said


def _folder(
    monitor: Monitor, found: tuple[datetime, Result] | None, standing: Standing | None, now: datetime, tz: ZoneInfo
) -> Folder:
    state, said = _stands(monitor, standing, now)
    at, result = found or (None, Result(Status.UNKNOWN))
    period = float(getattr(monitor.options, "period", 86_400.0))
    days = tuple(calendar(result.stored, now, tz, overdue=state is Status.DOWN)) if period <= DAILY else ()
    return Folder(monitor, state, said or result.words, at, result.parts, result.stored, days)


def calendar(stored: tuple[Stored, ...], now: datetime, tz: ZoneInfo, *, overdue: bool) -> Iterator[Cell]:
    """The last weeks from a Monday on, oldest first, to the end of this week: a day without a backup is a hole."""
    by_day: dict[date, list[Stored]] = {}
    for each in stored:
        by_day.setdefault(each.at.astimezone(tz).date(), []).append(each)
    today = now.astimezone(tz).date()
    first, begin = min(by_day, default=today), today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    for offset in range(7 * WEEKS):
        day = begin + timedelta(days=offset)
        yield _cell(day, by_day.get(day, []), today, first, overdue)


def _cell(day: date, there: list[Stored], today: date, first: date, overdue: bool) -> Cell:
    if there:
        size = sum(each.size for each in there)
        many = f", {len(there)} backups" if len(there) > 1 else ""
        said = "; ".join(each.wrong for each in there if each.wrong)
        return Cell(day, _held(there), size, f"{words.size(size)}{many}{f': {said}' if said else ''}")
    if day < first or day > today:
        return Cell(day, Status.UNKNOWN, None, "to come" if day > today else "before the first that is known")
    if day == today and not overdue:
        return Cell(day, Status.UNKNOWN, None, "due today")
    return Cell(day, Status.DOWN, None, "no backup")


def _held(there: list[Stored]) -> Status:
    """A day's state: one whole backup is what it needs, but a damaged one beside it is not passed over."""
    states = {each.status for each in there}
    if Status.DOWN in states:
        return Status.DEGRADED if states & {Status.UP, Status.DEGRADED} else Status.DOWN
    return next(state for state in (Status.DEGRADED, Status.UNKNOWN, Status.UP) if state in states)


def _practice(monitor: Monitor, standing: Standing | None, drills: tuple[Ping, ...], now: datetime) -> Practice:
    state, said = _stands(monitor, standing, now)
    promised = {name: float(getattr(monitor.options, name, 0.0)) for name in ("rpo", "rto")}
    return Practice(monitor, state, said, promised, tuple(each for each in drills if each.key == monitor.key))


def _managed(
    c: Connection, told: Settings, standings: Mapping[str, Standing], now: datetime
) -> tuple[Status, str, tuple[tuple[str, str], ...], datetime | None] | None:
    reading = next((each for i in told.integrations for each in i.readings if each.key == READING), None)
    if reading is None:
        return None
    kept, standing = data.snapshots.read(c).get(READING), standings.get(READING)
    if kept is None or kept.good is None or standing is None:
        return Status.UNKNOWN, "it was not read yet", (), None
    state, _, said = rules.status.current(standing, max(reading.horizon, 270.0), now)
    seen = "; ".join(part.words for part in kept.good.result.parts if part.words)
    return state, said or seen or words.STATUS_WORD[state], kept.good.result.facts, kept.good_at
