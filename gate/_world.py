"""What the gates ask of the store, read once for all lists: standings, the past, latency, budgets, outside services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from data import (
    changes,
    days,
    deployments,
    intervals,
    issues,
    notifications,
    rollups,
    series,
    snapshots,
    standings,
    vitals,
    watch,
)
from data.snapshots import Kept
from data.store import Connection
from model import Budget, Interval, Item, Slo, Standing, Uptime
from rules import histogram, slo, uptime, windows
from rules import intervals as cover
from rules.gates import SENTRY, VERCEL, News, Ships, Telling, World
from settings import Settings

LOOK_BACK = timedelta(days=31)  # how far gates look for restarts, issues and deployments
ALIVE, STUCK = timedelta(minutes=1), timedelta(minutes=2)  # how old a poller's word, a waiting message may be
READ = 90.0 * 3  # seconds after which a reading of an outside service is old, unless it is asked more seldom
BACK = ("calm", "no-restart")  # gates that look back over a stretch


def world(c: Connection, known: Settings, items: Sequence[Item], wanted: str, now: datetime) -> World:
    found, kept = standings.read(c), snapshots.read(c)
    keys = {key for item in items for key in item.series}
    horizons = _horizons(known, found)
    results = {key: dict(result.facts) for key, (_, result) in standings.results(c).items()}
    return World(
        now=now,
        standings={key: each for key, each in found.items() if key in keys},
        horizons=horizons,
        past=_past(c, items, found, horizons, now),
        facts=results,
        figures=_figures(kept),
        changes=changes.between(c, now - LOOK_BACK, now, limit=2000),
        p95=_p95(c, sorted({key for item in items if item.gate == "p95" for key in item.series}), now),
        deployed=_deployed(c, wanted, now),
        event=issues.newest(c) if "sentry.issues" in kept else None,
        news=_news(c, known, kept.get(SENTRY), wanted, now),
        ships=_ships(known, kept.get(VERCEL), wanted, now),
        telling=_telling(c, known, now) if any(each.gate == "alerting" for each in items) else Telling(),
        budgets=_budgets(c, known, {key for item in items if item.gate == "budget" for key in item.series}, found, now),
        measured=sum(each.n for each in vitals.between(c, "hour", now - timedelta(hours=1), now)),
    )


def _ships(known: Settings, kept: Kept | None, wanted: str, now: datetime) -> Ships:
    """What Vercel says of this release; a reading that is old says nothing."""
    at = kept.good_at if kept else None
    if kept is None or kept.good is None or at is None:
        return Ships()
    if now - at > timedelta(seconds=_patience(known).get(VERCEL, 3600.0)):
        return Ships(at, "Vercel could not be read lately")
    mine = (each for each in kept.good.deployments if wanted and wanted in (each.commit, each.id))
    newest = sorted(mine, key=lambda each: each.created, reverse=True)
    return Ships(at, "", tuple(newest), dict(kept.good.result.facts).get("previous", ""))


def _telling(c: Connection, known: Settings, now: datetime) -> Telling:
    """Whether the poller lives, nothing waits for long, and the last message of each channel went out."""
    report, (_, oldest) = watch.read(c), notifications.waiting(c)
    last = {each.key: notifications.last_sent(c, each.key) for each in known.channels}
    silent = [key for key, at in last.items() if at is None]
    at = min((at for at in last.values() if at), default=None)
    if not last:
        return Telling(fails="there is no [[channel]]: nobody is told of anything")
    if report is None or now - report.at > ALIVE:
        return Telling(at, "the poller does not run: nobody watches")
    if oldest is not None and now - oldest > STUCK:
        return Telling(at, f"a message waits for {(now - oldest).total_seconds() / 60:.0f} min already")
    dead = {each.channel: each.created for each in notifications.dead(c)}  # oldest first: the newest stays
    lost = sorted(key for key, sent in last.items() if key in dead and (sent is None or dead[key] > sent))
    if lost:
        return Telling(at, f"the last message through {', '.join(lost)} was not delivered")
    return Telling(why=f"nothing was ever told through {', '.join(silent)}") if silent else Telling(at)


def _patience(known: Settings) -> dict[str, float]:
    """Seconds after which what a monitor or a reading said is old."""
    every = {each.key: each.horizon for each in known.monitors}
    return every | {each.key: max(each.horizon, READ) for one in known.integrations for each in one.readings}


def _horizons(known: Settings, found: Mapping[str, Standing]) -> dict[str, float]:
    """Of a part as of its monitor."""
    every = _patience(known)
    return {key: every.get(key.partition("/")[0], 3600.0) for key in found}


def _past(
    c: Connection, items: Sequence[Item], found: Mapping[str, Standing], horizons: Mapping[str, float], now: datetime
) -> dict[str, tuple[Interval, ...]]:
    """What was seen of each series that must have been well for a time, as far back as any item looks."""
    looking = [each for each in items if each.gate in BACK]
    keys = sorted({key for each in looking for key in each.series if key in found})
    if not keys:
        return {}
    start, born = now - timedelta(seconds=max(each.seconds for each in looking)), series.created(c)
    closed = intervals.between(c, start, now, keys)
    return {
        key: cover.timeline(closed.get(key, ()), found[key], horizons[key], born.get(key, now), (), start, now, now)
        for key in keys
    }


def _figures(kept: Mapping[str, Kept]) -> dict[str, tuple[datetime, float]]:
    return {
        f"{key}/{figure.name}": (dict(each.good.older).get(figure.name, each.good_at), figure.value)
        for key, each in kept.items()
        if each.good is not None and each.good_at is not None
        for figure in each.good.figures
    }


def _p95(c: Connection, keys: list[str], now: datetime) -> dict[str, tuple[datetime, float]]:
    """As old as the last minute in which anything answered."""
    made = {}
    for key in keys:
        minutes = [
            each for each in rollups.between(c, "minute", now - timedelta(hours=1), now, key) if each.latency.counts
        ]
        found = histogram.latency(histogram.merge([each.latency for each in minutes])) if minutes else None
        if found is not None and found.p95 is not None:
            made[key] = min(now, minutes[-1].start + timedelta(minutes=1)), found.p95
    return made


def _budgets(
    c: Connection, known: Settings, wanted: set[str], found: Mapping[str, Standing], now: datetime
) -> dict[str, Budget]:
    """Of each promise that a gate names that of the monitor with least left, as old as the oldest look."""
    made = {}
    for each in known.slos:
        if each.key in wanted:
            seen = [found[key].seen if key in found else None for key in each.monitors]
            least = slo.worst(_kept_by(c, known, each, found, now))
            if least is not None:
                looks = [at for at in seen if at]
                made[each.key] = replace(least, at=min(looks) if len(looks) == len(seen) else None)
    return made


def _kept_by(
    c: Connection, known: Settings, promise: Slo, found: Mapping[str, Standing], now: datetime
) -> list[Budget]:
    spent = _spent(c, known, promise, found, now)
    seconds = windows.WINDOWS[promise.window].total_seconds()
    return [replace(slo.budget(promise.target, spent.get(key, Uptime()), seconds), of=key) for key in promise.monitors]


def _spent(
    c: Connection, known: Settings, promise: Slo, found: Mapping[str, Standing], now: datetime
) -> dict[str, Uptime]:
    """The seconds that the pages show for the same window: long ones by whole days, of which the last two are fresh."""
    tz, length = known.site.timezone, windows.WINDOWS[promise.window]
    today = now.astimezone(tz).date()
    yesterday = today - timedelta(days=1)
    start, over = now - length, {}
    if promise.window != "7d":
        start = uptime.midnight(yesterday, tz)
        over = days.between(c, today - length + timedelta(days=1), yesterday - timedelta(days=1), promise.monitors)
    closed, born = intervals.between(c, start, now, promise.monitors), series.created(c)
    made = {}
    for each in known.monitors:
        if each.key in promise.monitors and each.key in born:
            quiet = [plan for plan in known.maintenance if not plan.monitors or each.key in plan.monitors]
            line = cover.timeline(
                closed.get(each.key, ()), found.get(each.key), each.horizon, born[each.key], quiet, start, now, now
            )
            made[each.key] = uptime.add(uptime.uptime(line), *(day.uptime for day in over.get(each.key, ())))
    return made


def _deployed(c: Connection, wanted: str, now: datetime) -> datetime | None:
    """When a release went live in production first, if it did."""
    recent = deployments.between(c, now - LOOK_BACK, now)
    live = [
        each.ready for each in recent if each.ready and each.target == "production" and wanted in (each.commit, each.id)
    ]
    return min(live, default=None)


def _news(c: Connection, known: Settings, kept: Kept | None, wanted: str, now: datetime) -> News:
    """How many issues this release brought: only a fresh reading that asked for this very release can tell."""
    at = kept.good_at if kept else None
    if kept is None or kept.good is None or at is None:
        return News()
    if now - at > timedelta(seconds=_patience(known).get(SENTRY, 3600.0)):
        return News(at, why="Sentry could not be read lately")
    version = next((each.version for each in kept.good.releases if each.asked and _names(each.version, wanted)), None)
    if version is None:
        return News(at, why=f"Sentry does not know the release {wanted[:12]} yet" if wanted else "no release is named")
    recent = issues.first_between(c, now - LOOK_BACK, now)
    return News(at, sum(_names(each.release, wanted) for each in recent))


def _names(version: str, wanted: str) -> bool:
    """Whether a release in Sentry is this one: the commit itself, name@commit, or name@version+commit."""
    return bool(wanted) and wanted in (version, version.rpartition("@")[2], version.rpartition("+")[2])
