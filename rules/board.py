"""The overview: tiles in the order of their trouble, and one sentence that says the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import words
from model import Bar, Board, Change, Day, Interval, Maintenance, Monitor, Standing, Status, Tile, Uptime
from rules import alerting, changes, status, uptime

ORDER = {Status.DOWN: 0, Status.DEGRADED: 1, Status.UNKNOWN: 2, Status.MAINTENANCE: 3, Status.UP: 4}

NOTHING = Uptime()


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of many; unknown when there is none."""
    return min(statuses, key=ORDER.__getitem__, default=Status.UNKNOWN)


def tile(
    monitor: Monitor,
    standing: Standing | None,
    now: datetime,
    monitors: Mapping[str, Monitor],
    standings: Mapping[str, Standing],
    maintenance: Sequence[Maintenance] = (),
    *,
    bars: tuple[Bar, ...] = (),
    total: Uptime = NOTHING,
    sparkline: tuple[float | None, ...] = (),
    last_change: Change | None = None,
    changed: Sequence[Change] = (),
) -> Tile:
    """A monitor as people see it now. ``changed`` are the changes among which those near its trouble are looked for."""
    state, since, said = _now(monitor, standing, now)
    plan = alerting.quiet(monitor.key, maintenance, now)
    if plan is not None:
        said = f"{plan.title}" + (f"; measured {words.STATUS_WORD[state]}: {said}" if state in status.BAD else "")
        state, since = Status.MAINTENANCE, plan.start
    waits = alerting.waiting(monitor, monitors, standings) if state in status.BAD else None
    return Tile(
        key=monitor.key,
        name=monitor.name,
        group=monitor.group,
        check=monitor.check,
        status=state,
        since=since,
        words=said,
        critical=monitor.critical,
        unsure=bool(standing and standing.unsure and not monitor.paused),
        paused=monitor.paused,
        waiting_for=waits,
        latency=standing.latency if standing and state is not Status.UNKNOWN else None,
        seen=standing.seen if standing else None,
        sparkline=sparkline,
        bars=bars,
        uptime=total,
        last_change=last_change,
        nearby=changes.nearest(changed, since, monitor.key) if since and state in status.BAD else (),
        runbook=monitor.runbook,
        public=monitor.public,
    )


def _now(monitor: Monitor, standing: Standing | None, now: datetime) -> tuple[Status, datetime | None, str]:
    if monitor.paused:
        return Status.UNKNOWN, None, "paused in the configuration"
    if standing is None:
        return Status.UNKNOWN, None, "not measured yet"
    return status.current(standing, monitor.horizon, now)


def alarms(
    readings: Iterable[Monitor],
    standings: Mapping[str, Standing],
    now: datetime,
    maintenance: Sequence[Maintenance] = (),
    changed: Sequence[Change] = (),
) -> tuple[Tile, ...]:
    """Those readings that are down or degraded; what is unknown of a service reddens nothing."""
    bad = (each for each in readings if _now(each, standings.get(each.key), now)[0] in status.BAD)
    return tuple(tile(each, standings.get(each.key), now, {}, {}, maintenance, changed=changed) for each in bad)


def board(
    tiles: Iterable[Tile], monitors: Sequence[Monitor], now: datetime, alarms: Iterable[Tile] = ()
) -> Board:  # fmt: skip
    """All tiles, worst first. Stale when no monitor at all was measured within its horizon: then nothing alarms."""
    ordered = tuple(
        sorted(
            tiles,
            key=lambda t: (ORDER[t.status], t.paused, t.waiting_for is not None, not t.critical, t.name.lower()),
        )
    )
    seen = max((t.seen for t in ordered if t.seen), default=None)
    horizons = {m.key: m.horizon for m in monitors}
    fresh = any(_fresh(t, horizons.get(t.key, 0.0), now) for t in ordered if not t.paused)
    blind = not fresh and any(not t.paused for t in ordered)
    loud = () if blind else tuple(sorted(alarms, key=lambda t: (ORDER[t.status], t.name.lower())))
    return Board(now, seen, not fresh, ordered, Counter(t.status for t in ordered), loud)


def _fresh(tile: Tile, horizon: float, now: datetime) -> bool:
    return tile.seen is not None and (now - tile.seen).total_seconds() <= max(horizon, 15.0)


def banner(board: Board) -> tuple[Status, str, str]:
    """(status, headline, detail): the worst in words. What somebody paused is said, but greys nothing."""
    counts = Counter(t.status for t in board.tiles if not t.paused)
    n, paused = counts.total(), len(board.tiles) - counts.total()
    if board.alarms:
        return _alarming(board.alarms, counts, paused)
    if paused and not n:
        return Status.UNKNOWN, "Every monitor is paused", "Nothing is watched until one is taken out of its pause."
    if not n:
        return Status.UNKNOWN, "Nothing is watched yet", "Add a [[monitor]] to wardround.toml."
    if board.stale:
        return Status.UNKNOWN, "Nobody is looking", "No monitor has been measured lately; what is shown is old."
    state = worst(counts)
    return state, _headline(state, counts[state], n), " · ".join(_others(counts, state, paused))


def _alarming(found: Sequence[Tile], counts: Counter[Status], paused: int) -> tuple[Status, str, str]:
    """The same with outside services that wake people: an open table beside healthy monitors is not all well."""
    state = worst([*counts, *(t.status for t in found)])
    loud = [t for t in found if t.status is state]
    rest = [f"{t.name} is {words.STATUS_WORD[t.status]}" for t in found if t.status is not state]
    said = f"{words.count(counts[state], 'monitor')}" if counts[state] else ""
    if not loud:
        head = _headline(state, counts[state], counts.total())
    elif len(loud) == 1 and not said:
        head, rest = f"{loud[0].name} is {words.STATUS_WORD[state]}", [loud[0].words, *rest]
    else:
        services = words.count(len(loud), "outside service")
        head = f"{f'{said} and ' if said else ''}{services} are {words.STATUS_WORD[state]}"
    return state, head, " · ".join([*rest, *_others(counts, state, paused, noun="monitor")])


def _others(counts: Counter[Status], state: Status, paused: int, noun: str = "") -> list[str]:
    """How many monitors are in each other state."""
    many = {s: words.count(counts[s], noun) if noun else f"{counts[s]}" for s in ORDER if s is not state and counts[s]}
    found = [f"{said} {words.STATUS_WORD[s]}" for s, said in many.items()]
    return found + ([f"{paused} paused"] if paused else [])


def _headline(state: Status, n: int, of: int) -> str:
    if state is Status.UP:
        return f"All {of} monitors are up" if of > 1 else "The monitor is up"
    verb = "is" if n == 1 else "are"
    return f"{words.count(n, 'monitor')} {verb} {words.STATUS_WORD[state]}"


def bars(days: Iterable[Day], first: date, last: date, tz: ZoneInfo) -> tuple[Bar, ...]:
    """One bar a day, ``first`` to ``last`` inclusive, newest right; grey where nothing is known."""
    known = {day.date: day.uptime for day in days}
    return tuple(_bar(first + timedelta(days=i), known, tz) for i in range((last - first).days + 1))


def _bar(day: date, known: Mapping[date, Uptime], tz: ZoneInfo) -> Bar:
    total = known.get(day, Uptime())
    return Bar(uptime.midnight(day, tz), colour(total), f"{day.day} {day:%b}: {_said(total)}", total)


def colour(total: Uptime) -> Status:
    """The worst status that a stretch held; unknown only where nothing else is known."""
    held = [
        (Status.DOWN, total.down),
        (Status.DEGRADED, total.degraded),
        (Status.UP, total.up),
        (Status.MAINTENANCE, total.maintenance),
    ]
    return next((state for state, seconds in held if seconds > 0), Status.UNKNOWN)


def _said(total: Uptime) -> str:
    down = f", down {words.lasted(total.down)}" if total.down else ""
    slow = f", degraded {words.lasted(total.degraded)}" if total.degraded else ""
    return words.uptime_words(total) + down + slow


def hours(
    timeline: Sequence[Interval], start: datetime, n: int, tz: ZoneInfo, seconds: float = 3600
) -> tuple[Bar, ...]:
    """``n`` bars of equal length from ``start`` on, out of a timeline."""
    length = timedelta(seconds=seconds)
    return tuple(_stretch(timeline, start + i * length, start + (i + 1) * length, tz) for i in range(n))


def _stretch(timeline: Sequence[Interval], start: datetime, end: datetime, tz: ZoneInfo) -> Bar:
    inside = [
        Interval(each.series, each.status, max(each.start, start), min(each.end, end), each.words)
        for each in timeline
        if each.start < end and each.end > start
    ]
    total = uptime.uptime(inside)
    return Bar(start, colour(total), f"{words.clock(start, tz)}: {_said(total)}", total)
