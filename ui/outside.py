"""Everything that is known of the outside services: what the page Services shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import data.figures
import data.findings
import data.intervals
import data.series
import data.snapshots
import data.standings
import rules.board
import rules.uptime
import words
from data.snapshots import Kept
from data.store import Connection
from model import Bar, Day, Figure, Interval, Monitor, OpenFinding, Part, Standing, Status, Tile, VendorIncident
from settings import Settings
from ui.strips import DAYS, STRETCHES, begin, timeline
from ui.trends import Points

DATABASE = ("supabase.data", "supabase.rls", "supabase.disk")


@dataclass(frozen=True, slots=True)
class Service:
    """One reading: its own tile, one for each part, when it last measured something (``good_at``), what is wrong."""

    title: str
    tile: Tile
    parts: tuple[Tile, ...] = ()
    fix: str = ""
    good_at: datetime | None = None
    incidents: tuple[VendorIncident, ...] = ()
    findings: tuple[OpenFinding, ...] = ()
    key: str = ""  # kind and mode of the key that reads it

    @property
    def known(self) -> bool:
        """Whether its last good answer still says how things are now."""
        return self.tile.status is not Status.UNKNOWN

    @property
    def trouble(self) -> bool:
        """Whether there is something to say of it beyond its age."""
        return self.tile.status is not Status.UP


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with the moment it was measured; ``known``: it still says how things are now."""

    figure: Figure
    at: datetime | None
    known: bool


@dataclass(frozen=True, slots=True)
class Database:
    """What is known of the watched database: ``closed`` says of a table what a stranger sees of it, and how that is."""

    numbers: Mapping[str, Number]
    curves: Mapping[str, Points]
    closed: Mapping[str, tuple[Status, str]]
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What all services share in one look at the store."""

    standings: Mapping[str, Standing]
    created: Mapping[str, datetime]
    intervals: Mapping[str, Sequence[Interval]]
    window: str
    start: datetime
    now: datetime


def read(c: Connection, told: Settings, window: str, now: datetime) -> tuple[Service, ...]:
    """Every reading of every integration, in the order of their names."""
    start = begin(window, now, told.site.timezone)
    kept, created = data.snapshots.read(c), data.series.created(c)
    keys = [key for key in created if "." in key.partition("/")[0]]  # no monitor's key has a dot, every reading's has
    found = data.intervals.between(c, start, now, keys) if keys else {}
    past = Past(data.standings.read(c), created, found, window, start, now)
    wrong = data.findings.open_now(c)
    return tuple(
        _service(past, told, each, kept.get(each.key), tuple(one for one in wrong if one.monitor == each.key))
        for integration in told.integrations
        for each in integration.readings
    )


def numbers(kept: Mapping[str, Kept], services: Iterable[Service]) -> dict[str, Number]:
    """Every figure of these readings by its name, each as old as the answer that it is from."""
    found = ((each, kept[each.tile.key]) for each in services if each.tile.key in kept)
    return {
        figure.name: Number(figure, _at(one, figure.name), service.known and not _older(one, figure.name))
        for service, one in found
        if one.good
        for figure in one.good.figures
    }


def _at(kept: Kept, name: str) -> datetime | None:
    """When a figure or a part was measured: a look that could not read it keeps the one before."""
    return dict(kept.good.older).get(name, kept.good_at) if kept.good else None


def _older(kept: Kept, name: str) -> bool:
    return kept.good is not None and name in dict(kept.good.older)


def database(
    c: Connection, told: Settings, services: Iterable[Service], window: str, now: datetime
) -> Database | None:  # fmt: skip
    """Tables, row level security and disk; None when Supabase is not read."""
    asked = {each.tile.key: each for each in services if each.tile.key.startswith("supabase.")}
    if not asked:
        return None
    kept = data.snapshots.read(c)
    known = numbers(kept, (each for key, each in asked.items() if key in DATABASE))
    names = [f"{key}/{name}" for key in DATABASE for name in known]
    found = data.figures.between(c, begin(window, now, told.site.timezone), now, names)
    return Database(
        known, {name.partition("/")[2]: points for name, points in found.items()},
        _closed(asked.get("supabase.rls"), kept, now), _facts(asked, kept, now),
    )  # fmt: skip


def _closed(reading: Service | None, kept: Mapping[str, Kept], now: datetime) -> dict[str, tuple[Status, str]]:
    """What a stranger sees of each table; an old answer says of when it is, and is no state any more."""
    one = kept.get(reading.tile.key) if reading else None
    if reading is None or one is None or one.good is None:
        return {}
    return {part.name: _seen_by_strangers(part, one, reading.known, now) for part in one.good.result.parts}


def _seen_by_strangers(part: Part, kept: Kept, known: bool, now: datetime) -> tuple[Status, str]:
    """What was closed when it was looked at last may be open by now; what was open is so until it is seen closed."""
    at, fresh = _at(kept, part.name), known and not _older(kept, part.name)
    still = fresh or (known and part.status is not Status.UP)
    old = "" if fresh or at is None else f", {words.ago(at, now)}"
    said = f"strangers: {part.words or words.STATUS_WORD[part.status]}{old}"
    return part.status if still else Status.UNKNOWN, said


def _facts(asked: Mapping[str, Service], kept: Mapping[str, Kept], now: datetime) -> tuple[tuple[str, str], ...]:
    """What else on-call asks of a database first, each in the words of its last good reading; if old, since when."""
    wanted = (
        ("Row level security", "supabase.rls", ""),
        ("Pooler", "supabase.project", "pooler"),
        ("Writes", "supabase.project", "writes"),
        ("Recovery", "supabase.backups", ""),
        ("Security advisors", "supabase.advisors", ""),
    )
    found = []
    for label, key, name in wanted:
        one = kept[key] if key in asked and key in kept else None
        parts = [part for part in one.good.result.parts if not name or part.name == name] if one and one.good else []
        if one and parts:
            worst = next((part for part in parts if part.status not in (Status.UP, Status.UNKNOWN)), parts[0])
            at, fresh = _at(one, worst.name), asked[key].known and not _older(one, worst.name)
            old = "" if fresh or at is None else f" ({words.ago(at, now)})"
            found.append((label, (worst.words or words.STATUS_WORD[worst.status]) + old))
    return tuple(found)


def _service(
    past: Past, told: Settings, reading: Monitor, kept: Kept | None, wrong: tuple[OpenFinding, ...]
) -> Service:  # fmt: skip
    own = _tile(past, told, reading)
    if kept is None:
        return Service(reading.name, own, findings=wrong)
    good = kept.good or kept.newest
    parts = (replace(reading, key=f"{reading.key}/{part.name}", name=_spoken(part.name)) for part in good.result.parts)
    tiles = tuple(_tile(past, told, part) for part in parts)
    key = dict(good.result.facts).get("key", "")
    return Service(reading.name, own, tiles, kept.newest.fix, kept.good_at, good.incidents, wrong, key)


def _spoken(part: str) -> str:
    """The name of a part as people say it: ``vercel.edge-network`` is a component of a vendor."""
    return part.replace(".", " · ").replace("-", " ")


def _tile(past: Past, told: Settings, series: Monitor) -> Tile:
    standing, made = past.standings.get(series.key), past.created.get(series.key)
    line: tuple[Interval, ...] = ()
    if made is not None:
        line = timeline(past.intervals, standing, series, made, (), past.start, past.now)
    total = rules.uptime.uptime(line)
    return rules.board.tile(series, standing, past.now, {}, {}, bars=_bars(line, past, told), total=total)


def _bars(line: Sequence[Interval], past: Past, told: Settings) -> tuple[Bar, ...]:
    tz = told.site.timezone
    if past.window in DAYS:
        days = [Day("", day, seconds) for day, seconds in rules.uptime.by_day(line, tz)]
        return rules.board.bars(days, past.start.astimezone(tz).date(), past.now.astimezone(tz).date(), tz)
    n, seconds = STRETCHES[past.window]
    return rules.board.hours(line, past.start, n, tz, seconds)
