"""What the first page needs of the past, in one short transaction: intervals, days, flips, standings, messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from data import changes, days, flips, intervals, notifications, pings, revision, series, standings, told
from data.store import Connection
from demo import beyond, past, posture, telling
from demo.cast import Player
from demo.config import CHANNEL, ZONE
from demo.schedule import JOBS, Release, Schedule
from demo.telling import Telling
from model import Change, Day, Flip, Interval, Maintenance, Monitor, Notice, Ping, Standing, Status, Told
from rules import alerting, uptime
from rules import changes as explained
from rules import intervals as timelines

TOLD_FOR = timedelta(days=3)  # messages older than this are not made up
TZ = ZoneInfo(ZONE)


def write(c: Connection, schedule: Schedule) -> None:
    """Writes all of it. ``c`` is a connection of data.store.writing."""
    tellings = tuple(telling.told(schedule))
    ids = _series(c, tellings)
    closed = {each.series: tuple(each.intervals()) for _, each in tellings}
    open_now = {each.series: each.standing() for _, each in tellings}
    intervals.add(c, ids, (interval for each in closed.values() for interval in each))
    standings.keep(c, ids, open_now.values())
    for player, each in tellings:
        days.put(c, ids, counted(schedule, player, each, closed[each.series], open_now[each.series]))
    _beyond(c, schedule)
    turned = sorted((flip for _, each in tellings for flip in each.flips()), key=lambda flip: flip.at)
    flips.add(c, ids, turned)
    changes.add(c, _changes(schedule))
    _messages(c, schedule, {player.key: telling.monitor(player) for player, _ in tellings}, turned)
    for job in JOBS:
        pings.add(c, Ping(job.key, schedule.pushed(job, schedule.opened), "ok"))
    for drill in posture.drills(schedule.opened):
        pings.add(c, drill, drill=True)
    revision.bump(c)


def _beyond(c: Connection, schedule: Schedule) -> None:
    """The outside services: they are read, not probed, so they have no samples to add up."""
    tellings = tuple(beyond.told(schedule))
    ids: dict[str, int] = {}
    for each in tellings:
        ids |= series.ensure(c, [each.series], each.story.first)
    intervals.add(c, ids, (interval for each in tellings for interval in each.intervals()))
    standings.keep(c, ids, (each.standing() for each in tellings))
    flips.add(c, ids, sorted((flip for each in tellings for flip in each.flips()), key=lambda flip: flip.at))
    beyond.write(c, schedule)


def _series(c: Connection, tellings: Iterable[tuple[Player, Telling]]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for _, each in tellings:
        ids |= series.ensure(c, [each.series], each.story.first)
    return ids


def planned(schedule: Schedule, key: str) -> tuple[Maintenance, ...]:
    """The planned works that concern one monitor."""
    return tuple(each for each in past.maintenance(schedule.opened) if key in each.monitors)


def counted(
    schedule: Schedule, player: Player, each: Telling, closed: tuple[Interval, ...], standing: Standing
) -> tuple[Day, ...]:
    """The days of one series, by the same rules that count live ones."""
    horizon, works = telling.monitor(player).horizon, planned(schedule, player.key)
    first, end = each.story.first, schedule.opened
    line = timelines.timeline(closed, standing, horizon, first, works, first, end, end)
    return tuple(Day(each.series, date, seconds) for date, seconds in uptime.by_day(line, TZ))


def _changes(schedule: Schedule) -> Iterator[Change]:
    before: Release | None = None
    for release in schedule.releases(schedule.first, schedule.opened):
        if before:
            yield from explained.seen("platform", _facts(before), _facts(release), release.at)
        before = release


def _facts(release: Release) -> dict[str, str]:
    return {"commit": release.commit[:12], "deployment_id": release.deployment}


def _messages(c: Connection, schedule: Schedule, monitors: Mapping[str, Monitor], turned: Iterable[Flip]) -> None:
    """What people were told of the last days, by the rules that tell; and what is still open."""
    known: dict[str, Told] = {}
    standing: dict[str, Standing] = {}
    for flip in turned:
        if flip.series in monitors and flip.at >= schedule.opened - TOLD_FOR:
            standing[flip.series] = Standing(flip.series, flip.after, flip.at, flip.seen, flip.words)
            works = past.maintenance(schedule.opened)
            owed = alerting.owed(
                flip.seen, tuple(monitors.values()), standing, known, works, TZ, frozenset({Status.DOWN})
            )
            notices, news, over = owed
            known.update((each.monitor, each) for each in news)
            for key in over:
                known.pop(key, None)
            _sent(c, notices, flip)
    told.put(c, known.values())


def _sent(c: Connection, notices: Iterable[Notice], flip: Flip) -> None:
    for notice in notices:
        at = flip.seen + timedelta(seconds=4)
        notifications.owe(c, [(CHANNEL, notice)], flip.seen, flip.seen)
        batch = notifications.claim(c, CHANNEL, "demo", at, 30)
        notifications.sent(c, [each.id for each in batch], at)
