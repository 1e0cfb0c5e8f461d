"""The closed vocabulary of gates: what each word asks of the store, and what it answers. Unknown never passes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import words
from model import Budget, Change, Deployment, Interval, Item, Standing, Status
from rules import slo, status

DOUBT = "doubt"  # a sample speaks against what was confirmed: unknown, but for a moment only
SLACK = 1.0  # seconds of a stretch that may be missing: clocks and rounding
VERCEL = "vercel.deployments"
SENTRY = "sentry.health"  # the reading that asks which issues a release brought
Seen = tuple[str, str, datetime | None, str]  # state, words, when, of what


@dataclass(frozen=True, slots=True)
class News:
    """How many issues Sentry first saw in this release, as of when; ``many`` None: nobody could tell, and ``why``."""

    at: datetime | None = None
    many: int | None = None
    why: str = "Sentry was not asked, or could not be"


@dataclass(frozen=True, slots=True)
class Ships:
    """What the host of the platform said of deployments, as of when; ``why`` it says nothing now, if so.

    ``mine`` are those of this release, newest first; ``previous`` is what one would go back to.
    """

    at: datetime | None = None
    why: str = "Vercel was not asked, or could not be"
    mine: tuple[Deployment, ...] = ()
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """Whether messages reach people: when the last one did, of the channel that was silent longest; or what fails."""

    at: datetime | None = None
    fails: str = ""
    why: str = "no channel was ever told anything"


@dataclass(frozen=True, slots=True)
class World:
    """What is known now. ``horizons`` in seconds by series; ``past`` is what was seen of a series, hole by hole."""

    now: datetime
    standings: Mapping[str, Standing] = field(default_factory=dict)
    horizons: Mapping[str, float] = field(default_factory=dict)
    past: Mapping[str, Sequence[Interval]] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    figures: Mapping[str, tuple[datetime, float]] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    p95: Mapping[str, tuple[datetime, float]] = field(default_factory=dict)  # when last measured; ms of the last hour
    deployed: datetime | None = None  # when this release went live; None: it did not yet
    event: datetime | None = None  # the newest event that Sentry counted; None: none, or it was not asked
    news: News = News()
    ships: Ships = Ships()
    telling: Telling = Telling()
    budgets: Mapping[str, Budget] = field(default_factory=dict)  # by the key of the promise
    measured: int = 0  # measurements of browsers in the last hour


def _blocked(key: str, world: World, fine: Collection[Status]) -> Seen | None:
    """Why a series does not stand, surely and now, in one of the states that are ``fine``; None when it does."""
    standing = world.standings.get(key)
    if standing is None:
        return "missing", f"{key} was never measured", None, key
    state, _, said = status.current(standing, world.horizons.get(key, 3600.0), world.now)
    if state is Status.UNKNOWN:
        return "unknown", f"{key}: {said or 'unknown'}", standing.seen, key
    if state not in fine:
        return "fail", f"{key} is {words.STATUS_WORD[state]}{f': {said}' if said else ''}", standing.seen, key
    if any(doubt.status not in fine for doubt in standing.doubts):
        return DOUBT, f"{key} is in doubt right now", standing.seen, key
    return None


def _up(item: Item, world: World) -> Seen:
    """Every series is up now, and has been for so long."""
    oldest: Seen | None = None
    for key in item.series:
        if blocked := _blocked(key, world, (Status.UP,)):
            return blocked
        since, seen = world.standings[key].since, world.standings[key].seen
        if (world.now - since).total_seconds() < item.seconds:
            up = words.lasted((world.now - since).total_seconds())
            return "fail", f"{key} is up for only {up} of {words.lasted(item.seconds)}", seen, key
        if oldest is None or (seen and oldest[2] and seen < oldest[2]):
            oldest = "pass", _for(item, since, world.now), seen, key
    return oldest or ("missing", "nothing is named", None, "")


def _for(item: Item, since: datetime, now: datetime) -> str:
    return f"up for {words.lasted((now - since).total_seconds())}" + (
        f", {len(item.series)} looked at" if len(item.series) > 1 else ""
    )


def _calm(item: Item, world: World) -> Seen:
    """No series was down or degraded for so long, and it was watched all that time."""
    for key in item.series:
        if blocked := _blocked(key, world, (Status.UP,)):
            return blocked
        last = max((each.end for each in _lately(item, world, key) if each.status in status.BAD), default=None)
        if last is not None:
            return "fail", f"{key} had trouble {words.ago(last, world.now)}", world.standings[key].seen, key
        if unwatched := _unwatched(item, world, key):
            return unwatched
    return "pass", f"no trouble for {words.lasted(item.seconds)}", _seen(item, world), ", ".join(item.series)[:80]


def _lately(item: Item, world: World, key: str) -> Sequence[Interval]:
    begin = world.now - timedelta(seconds=item.seconds)
    return [each for each in world.past.get(key, ()) if each.end > begin]


def _unwatched(item: Item, world: World, key: str) -> Seen | None:
    """What nobody watched may have been anything: a series that is new, or that we were blind for, proves nothing."""
    begin = world.now - timedelta(seconds=item.seconds)
    known = [each for each in _lately(item, world, key) if each.status is not Status.UNKNOWN]
    spent = sum((min(each.end, world.now) - max(each.start, begin)).total_seconds() for each in known)
    if spent >= item.seconds - SLACK:
        return None
    said = f"{key} was watched for only {words.lasted(spent)} of the last {words.lasted(item.seconds)}"
    return "missing", said, world.standings[key].seen, key


def _no_restart(item: Item, world: World) -> Seen:
    """Nothing restarted for so long, and it was watched all that time."""
    since = world.now - timedelta(seconds=item.seconds)
    for change in world.changes:
        if change.kind == "restart" and change.monitor in item.series and change.at >= since:
            said = f"{change.monitor} {change.words}, {words.ago(change.at, world.now)}"
            return "fail", said, change.at, change.monitor or ""
    stands = _up(replace(item, seconds=0.0), world)
    gaps = (_unwatched(item, world, key) for key in item.series if key in world.standings)
    return next((each for each in gaps if each), stands) if stands[0] == "pass" else stands


def _fact(name: str) -> Callable[[Item, World], Seen]:
    """A number among the facts of a monitor is at least ``limit``; it counts while that look still stands."""

    def seen(item: Item, world: World) -> Seen:
        for key in item.series:
            if blocked := _blocked(key, world, (Status.UP, Status.DEGRADED)):
                return blocked
            at, number = world.standings[key].seen, _number(world.facts.get(key, {}).get(name, ""))
            if number is None:
                return "missing", f"{key} does not say {name.replace('_', ' ')}", at, key
            if number < (item.limit or 0):
                return "fail", f"{key}: {number:g}, wanted at least {item.limit:g}", at, key
        return "pass", f"at least {item.limit or 0:g}", _seen(item, world), ", ".join(item.series)[:80]

    return seen


def _number(said: str) -> float | None:
    try:
        return float(said.split()[0]) if said else None
    except (ValueError, IndexError):
        return None


def _seen(item: Item, world: World) -> datetime | None:
    return min((s.seen for key in item.series if (s := world.standings.get(key)) and s.seen), default=None)


def _below(item: Item, world: World) -> Seen:
    """A figure of an outside service is at most ``limit``."""
    oldest: datetime | None = None
    for key in item.series:
        if key not in world.figures:
            return "missing", f"{key} was never measured", None, key
        at, value = world.figures[key]
        if value > (item.limit or 0):
            name = key.rpartition("/")[2].replace("_", " ")
            return "fail", f"{name}: {value:g}, at most {item.limit or 0:g}", at, key
        oldest = at if oldest is None else min(oldest, at)
    if oldest is None:
        return "missing", "nothing is named", None, ""
    return "pass", f"at most {item.limit or 0:g}", oldest, ", ".join(item.series)[:80]


def _p95(item: Item, world: World) -> Seen:
    """p95 of the last hour is at most ``limit`` ms."""
    oldest: datetime | None = None
    for key in item.series:
        if key not in world.p95:
            return "missing", f"{key} has no latency of the last hour", None, key
        at, value = world.p95[key]
        if value > (item.limit or 0):
            return "fail", f"{key}: p95 {words.ms(value)}, at most {words.ms(item.limit)}", at, key
        blocked = _blocked(key, world, tuple(Status))
        if blocked and blocked[0] in ("unknown", DOUBT):
            return blocked
        oldest = at if oldest is None else min(oldest, at)
    return "pass", f"p95 at most {words.ms(item.limit)}", oldest, ", ".join(item.series)[:80]


def _budget(item: Item, world: World) -> Seen:
    """Of the time that each promise allows to lose something is left, and at least ``limit`` per cent."""
    oldest: Seen | None = None
    for key in item.series:
        found = world.budgets.get(key)
        if found is None or found.left is None:
            of = f" ({found.of})" if found and found.of else ""
            return "missing", f"{key} was never measured{of}", found.at if found else None, key
        said = f"{key}: {slo.said(found)}"
        if found.left <= 0 or found.left < (item.limit or 0) / 100:
            wanted = f", wanted at least {item.limit:g} %" if item.limit else ""
            return "fail", f"{said}{wanted}", found.at, found.of or key
        if oldest is None or found.at is None or (oldest[2] and found.at < oldest[2]):
            oldest = "pass", said, found.at, found.of or key
    return oldest or ("missing", "nothing is named", None, "")


def _no_new_issue(item: Item, world: World) -> Seen:
    """Sentry knows this release, and no new issue in it, or at most ``limit``."""
    news = world.news
    if news.many is None:
        return "missing", news.why, news.at, SENTRY
    many = words.count(news.many, "new issue")
    return "pass" if news.many <= (item.limit or 0) else "fail", many, news.at, SENTRY


def _event(item: Item, world: World) -> Seen:
    """Sentry received an event since this release went live: what breaks from now on will be heard of."""
    if world.deployed is None:
        return "missing", "this release is not live yet", None, "sentry.issues"
    if world.event is None or world.event < world.deployed:
        said = f"no event since the deployment, {words.ago(world.deployed, world.now)}: send a test event"
        return "missing", said, world.event, "sentry.issues"
    return "pass", f"an event {words.ago(world.event, world.now)}, after the deployment", world.event, "sentry.issues"


def _built(item: Item, world: World) -> Seen:
    """This very release was built, as a preview or for production: that an older one was proves nothing."""
    ships = world.ships
    if ships.why:
        return "unknown", ships.why, ships.at, VERCEL
    if any(each.state == "ready" for each in ships.mine):
        return "pass", "built", ships.at, VERCEL
    newest = next(iter(ships.mine), None)
    if newest is None:
        return "missing", "Vercel knows no deployment of this release yet", ships.at, VERCEL
    broken = newest.state in ("error", "blocked", "canceled", "deleted")
    said = f"the build is {newest.state}{f': {newest.error}' if newest.error else ''}"
    return "fail" if broken else "missing", said, ships.at, VERCEL


def _live(item: Item, world: World) -> Seen:
    """This very release serves production."""
    ships = world.ships
    if ships.why:
        return "unknown", ships.why, ships.at, VERCEL
    if any(each.serving and each.state == "ready" for each in ships.mine):
        return "pass", "it serves production", ships.at, VERCEL
    return "missing", "it does not serve production", ships.at, VERCEL


def _way_back(item: Item, world: World) -> Seen:
    """There is an earlier good deployment to go back to."""
    ships = world.ships
    if ships.why:
        return "unknown", ships.why, ships.at, VERCEL
    if not ships.previous:
        return "fail", "there is no earlier good deployment to go back to", ships.at, VERCEL
    return "pass", f"back to {ships.previous}", ships.at, VERCEL


def _alerting(item: Item, world: World) -> Seen:
    """The watch runs, and the last message of every channel reached it."""
    telling = world.telling
    if telling.fails:
        return "fail", telling.fails, telling.at, "channels"
    if telling.at is None:
        return "missing", telling.why, None, "channels"
    return "pass", f"every channel was reached, the last one {words.ago(telling.at, world.now)}", telling.at, "channels"


def _arriving(item: Item, world: World) -> Seen:
    """Browsers tell: at least ``limit`` measurements in the last hour."""
    least = item.limit or 1
    many = words.count(world.measured, "measurement")
    return (
        "pass" if world.measured >= least else "fail",
        f"{many} in the last hour, at least {least:g}",
        world.now,
        "vitals",
    )


GATES: dict[str, Callable[[Item, World], Seen]] = {
    "up": _up,
    "calm": _calm,
    "no-restart": _no_restart,
    "days-left": _fact("days_left"),
    "score": _fact("score"),
    "below": _below,
    "p95": _p95,
    "no-new-issue": _no_new_issue,
    "event-received": _event,
    "arriving": _arriving,
    "built": _built,
    "live": _live,
    "way-back": _way_back,
    "alerting": _alerting,
    "budget": _budget,
}
