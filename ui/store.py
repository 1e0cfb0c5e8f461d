"""The pages' one door to data: frozen values, made once for each revision of the store and shared by all viewers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import data.audit
import data.changes
import data.deployments
import data.notifications
import data.revision
import data.runs
import data.snapshots
import data.standings
import data.store
import data.watch
import gate
import rules.board
import rules.public
import settings
import verdicts
import words
from data.store import Connection
from model import (
    Board,
    Change,
    Checklist,
    Deployment,
    Entry,
    Monitor,
    Notification,
    PublicStatus,
    ReportCard,
    Run,
    Standing,
    Status,
    Uptime,
    Verdict,
    WatchReport,
)
from rules import changes as what_changed
from rules.status import BAD
from settings import Settings
from ui import backups as kept_backups
from ui import detail, history, outside, shelf
from ui import errors as seen_errors
from ui import posture as kept_well
from ui import ships as shipped
from ui import vitals as told_vitals
from ui.backups import Backups
from ui.detail import Detail
from ui.errors import Errors
from ui.history import History
from ui.outside import Database, Service
from ui.posture import Posture
from ui.ships import Ships
from ui.vitals import Vitals

REST = 30.0  # seconds for which curves, shares and bars stay; states never wait for that
SOON = 5.0  # seconds for which services stay: they are asked once a minute at most
HOUR = 3600.0  # seconds for which a report card stays that can no longer change
FINAL = timedelta(minutes=10)  # after its end the samples of a stretch are all there
MOST = 12  # troubles whose beginning is looked at
WINDOWS = ("24h", "7d", "30d", "90d")


@dataclass(frozen=True, slots=True)
class Watch:
    """How the watch itself is doing: what the page About shows."""

    report: WatchReport | None
    waiting: int
    oldest: datetime | None
    dead: tuple[Notification, ...]
    recent: tuple[Notification, ...]
    notes: dict[str, str]
    changes: tuple[Change, ...]
    bytes: int
    engine: str


def told() -> Settings:
    """What we were told at start. Raises settings.ConfigError."""
    return settings.current()


def now() -> datetime:
    """The one clock of the pages."""
    return datetime.now(UTC)


def past(window: str) -> History:
    """Bars, shares and curves of all monitors for a window."""

    def make() -> History:
        with data.store.reading(shelf.engine()) as c:
            return history.read(c, told(), window, now())

    return shelf.kept(("past", window), bool(filling()), REST, make)


def filling() -> str:
    """How far the demo's history is written; empty when it is whole, and for everything that is no demo."""
    if not told().site.demo:
        return ""

    def make() -> str:
        with data.store.reading(shelf.engine()) as c:
            return data.watch.noted(c).get(data.watch.FILLING, "")

    return shelf.kept("filling", shelf.revision(), shelf.FRESH, make)


def board(window: str) -> Board:
    """All tiles, worst first: the same object for every viewer as long as the store has the same revision."""
    return shelf.kept(("board", window), shelf.revision(), shelf.FRESH, lambda: _board(window))


def _board(window: str) -> Board:
    known, behind, at = told(), past(window), now()
    alarming = [each for i in known.integrations for each in i.readings if each.key in i.alarms]
    heard = {*behind.seconds, *(each.key for each in alarming)}
    with data.store.reading(shelf.engine()) as c:
        standings, changed = data.standings.read(c), data.changes.last(c)
        near = _near(c, [standings[key] for key in standings if key in heard])
    monitors = {monitor.key: monitor for monitor in known.monitors}
    tiles = (
        rules.board.tile(
            monitor, standings.get(key), at, monitors, standings, known.maintenance,
            bars=behind.bars.get(key, ()), total=behind.seconds.get(key, Uptime()),
            sparkline=behind.curves.get(key, ()), last_change=changed.get(key), changed=near,
        )
        for key, monitor in monitors.items()
    )  # fmt: skip
    alarms = rules.board.alarms(alarming, standings, at, known.maintenance, near)
    return rules.board.board(tiles, known.monitors, at, alarms)


def _near(c: Connection, standings: Iterable[Standing]) -> tuple[Change, ...]:
    """The changes about the beginning of each trouble; of the newest few, for nobody reads more."""
    bad = sorted((each.since for each in standings if each.status in BAD), reverse=True)
    found: dict[Change, None] = {}
    for since in bad[:MOST]:
        found |= dict.fromkeys(
            data.changes.between(c, since - what_changed.BEFORE, since + what_changed.SEEN, limit=200)
        )
    return tuple(found)


def banner(window: str) -> tuple[Status, str, str]:
    """The worst in words: (status, headline, detail)."""
    return rules.board.banner(board(window))


def state(window: str) -> int:
    """A number that changes when a person should see something new: at once for states, else twice a minute."""
    seen = board(window)
    states = tuple((t.key, t.status, t.since, t.unsure, t.waiting_for) for t in (*seen.tiles, *seen.alarms))
    return hash((states, seen.stale, acts(), bool(filling()), int(seen.at.timestamp() // REST)))


def acts() -> int:
    """The number of the newest thing that somebody decided: open pages show it at once."""
    if not told().checklists:
        return 0

    def make() -> int:
        with data.store.reading(shelf.engine()) as c:
            return data.audit.head(c)[0]

    return shelf.kept("acts", shelf.revision(), shelf.FRESH, make)


def monitor(key: str) -> Monitor | None:
    """The monitor of that key; None when the configuration has none."""
    return next((each for each in told().monitors if each.key == key), None)


def one(key: str, window: str) -> Detail:
    """Everything of one monitor in a window. KeyError when there is no such monitor."""
    tile = next(each for each in board(window).tiles if each.key == key)
    watched = monitor(key)
    assert watched is not None

    def make() -> Detail:
        with data.store.reading(shelf.engine()) as c:
            return detail.read(c, told(), tile, watched, window, now())

    return shelf.kept(("one", key, window), (tile.status, tile.since, tile.unsure, bool(filling())), shelf.FRESH, make)


def services(window: str) -> tuple[Service, ...]:
    """Every outside service that is read, with its history in a window."""

    def make() -> tuple[Service, ...]:
        with data.store.reading(shelf.engine()) as c:
            return outside.read(c, told(), window, now())

    return shelf.kept(("services", window), None, SOON, make)


def service(key: str, window: str) -> Service | None:
    """One of them by the key of its reading; None when it is not read."""
    return next((each for each in services(window) if each.tile.key == key), None)


def database(window: str) -> Database | None:
    """What is known of the watched database; None when it is not read."""

    def make() -> Database | None:
        known = services(window)
        with data.store.reading(shelf.engine()) as c:
            return outside.database(c, told(), known, window, now())

    return shelf.kept(("database", window), None, SOON, make)


def errors(window: str) -> Errors:
    """Everything that Sentry says, with its history in a window."""

    def make() -> Errors:
        known = services(window)
        with data.store.reading(shelf.engine()) as c:
            return seen_errors.read(c, told(), known, window, now())

    return shelf.kept(("errors", window), None, SOON, make)


def ships(window: str) -> Ships:
    """Every deployment of a window, what serves, and the report cards of the newest."""

    def make() -> Ships:
        done: dict[Hashable, ReportCard] = shelf.kept("cards", None, HOUR, dict)
        with data.store.reading(shelf.engine()) as c:
            found = shipped.read(c, told(), window, now(), done)
        cards = [*([found.card] if found.card else []), *found.older]
        done |= {shipped.name_of(card): card for card in cards if now() - card.end > FINAL}
        return found

    return shelf.kept(("ships", window), None, REST, make)


def posture(window: str) -> Posture:
    """How well the platform is kept, and its marks in a window."""

    def make() -> Posture:
        with data.store.reading(shelf.engine()) as c:
            return kept_well.read(c, told(), window, now())

    return shelf.kept(("posture", window), None, SOON, make)


def backups() -> Backups:
    """The backups, the restore drills, and what Supabase keeps."""

    def make() -> Backups:
        with data.store.reading(shelf.engine()) as c:
            return kept_backups.read(c, told(), now())

    return shelf.kept("backups", None, SOON, make)


def vitals(window: str, device: str | None, source: str | None = None) -> Vitals:
    """What browsers measured in a window, of all devices or of one class, as the source says that told most."""

    def make() -> Vitals:
        with data.store.reading(shelf.engine()) as c:
            return told_vitals.read(c, told(), window, device, now(), source)

    return shelf.kept(("vitals", window, device, source), None, REST, make)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the names behind its signatures and what was decided in this run.

    ``closed``: another release has come since, so it is shown as it was judged last. ``plan`` is the way back.
    """

    checklist: Checklist
    verdict: Verdict
    names: Mapping[str, str]
    trail: tuple[Entry, ...]
    runs: tuple[Run, ...] = ()
    closed: bool = False
    plan: tuple[tuple[str, str], ...] = ()


def releases() -> tuple[str, ...]:
    """The commits that a run can be about, newest first; a run without one is possible as well."""
    with data.store.reading(shelf.engine()) as c:
        recent = data.deployments.between(c, now() - timedelta(days=31), now())
        judged = [release for release in data.runs.releases(c) if release]
        asked = gate.asked(c, now())
    made = [each.commit or each.id for each in recent if each.target == "production"]
    return tuple(dict.fromkeys([*made[:1], *asked, *made, *judged]))


def shaped(release: str) -> bool:
    """Whether a text from an address can be a release at all."""
    return bool(gate.SHAPE.fullmatch(release))


def verdict(key: str, release: str) -> Judged:
    """The verdict on a release now; never older than the store."""

    def make() -> Judged:
        checklist = gate.of(told(), key)
        assert checklist is not None
        with data.store.reading(shelf.engine()) as c:
            found, closed = gate.answer(c, told(), checklist, release, now())
            subjects = [gate.subject(key, found.release, item.key) for item in checklist.items]
            acts = [entry for subject in subjects for entry in data.audit.of(c, subject)]
            trail = tuple(sorted(acts, key=lambda each: -each.seq))
            runs = data.runs.newest(c, key)
            return Judged(checklist, found, data.audit.names(c), trail, runs, closed, _plan(c))

    return shelf.kept(("verdict", key, release), shelf.revision(), shelf.FRESH, make)


def _plan(c: Connection) -> tuple[tuple[str, str], ...]:
    """What to go back to, what speaks for it, and how, as Vercel said it last; empty when nothing is known."""
    kept = data.snapshots.read(c).get(shipped.READING)
    good = kept.good if kept else None
    if good is None:
        return ()
    facts = dict(good.result.facts)
    if "previous" in facts:
        facts["its evidence"] = _evidence(c, shipped.previous(good.deployments, facts["previous"]))
    return tuple((name, facts[name]) for name in ("serving", "previous", "its evidence", "rollback") if name in facts)


def _evidence(c: Connection, one: Deployment | None) -> str:
    """What the checklists and the report card said of the deployment that one would go back to."""
    if one is None:
        return "nothing is known of it"
    names = {each.key: each.name for each in told().checklists}
    found = [each.verdict for each in data.runs.about(c, one.commit or one.id) if each.verdict.checklist in names]
    said = [f"{names[each.checklist]}: {each.state.upper()}, {words.ago(each.at, now())}" for each in found]
    said += [f"report card: {each.advice}" for each in _cards() if each.deployment.id == one.id]
    return "; ".join(said) or "no run and no report card of it is kept"


def _cards() -> tuple[ReportCard, ...]:
    found = ships("24h")
    return (*((found.card,) if found.card else ()), *found.older)


def sign(judged: Judged, item: str, kind: str, name: str, seen: int, **more: Any) -> str:
    """Writes what a person decided who had ``seen`` so many signatures; empty when it was written, else why not."""
    one = next(each for each in judged.checklist.items if each.key == item)
    try:
        writable = data.store.open(told().store.url, create=False, check=False)
        try:
            with data.store.writing(writable) as c:
                gate.sign(
                    c, told(), judged.checklist, judged.verdict.release, one, kind, name, now(), seen=seen, **more
                )
                verdicts.settle(c, told(), now())
                data.revision.bump(c)
        finally:
            writable.dispose()
            shelf.stale()
    except gate.Refused as reason:
        return reason.words
    except data.store.Busy:
        return "try again: the store is held by another writer"
    except (data.store.StoreError, data.store.Broken):  # its words may name a host and a user: the page About has them
        return "try again: the store did not take it"
    return ""


def public() -> PublicStatus:
    """What a stranger may know, with ninety days of history."""
    seen = board("90d")
    return shelf.kept(
        "public", seen.at, REST, lambda: rules.public.public(told().site.name, seen, told().maintenance, now())
    )


def watch() -> Watch:
    """How the watch itself is doing."""
    return shelf.kept("watch", shelf.revision(), shelf.FRESH, _watch)


def _watch() -> Watch:
    at = now()
    with data.store.reading(shelf.engine()) as c:
        waiting, oldest = data.notifications.waiting(c)
        return Watch(
            data.watch.read(c), waiting, oldest, data.notifications.dead(c), data.notifications.recent(c, 20),
            data.watch.noted(c), data.changes.between(c, datetime(1970, 1, 1, tzinfo=UTC), at, limit=20),
            data.store.size(shelf.engine()), _kind(),
        )  # fmt: skip


def _kind() -> str:
    """SQLite or Postgres, with its version."""
    dialect = shelf.engine().dialect
    version = ".".join(map(str, dialect.server_version_info or ())) or getattr(dialect.dbapi, "sqlite_version", "")
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(dialect.name, dialect.name)
    return f"{name} {version}".strip()


def shown() -> list[tuple[str, str, object]]:
    """The configuration as loaded, secrets as ***."""
    return list(settings.shown(told()))


def advice() -> tuple[str, ...]:
    """What the configuration leaves open, and what to do about it."""
    return settings.advice(told())
