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


def board(tiles: Iterable[Tile], monitors: Sequence[Monitor], now: datetime) -> Board:
    """All tiles, worst first. Stale when no monitor at all was measured within its horizon."""
    ordered = tuple(
        sorted(
            tiles,
            key=lambda t: (ORDER[t.status], t.paused, t.waiting_for is not None, not t.critical, t.name.lower()),
        )
    )
    seen = max((t.seen for t in ordered if t.seen), default=None)
    horizons = {m.key: m.horizon for m in monitors}
    fresh = any(_fresh(t, horizons.get(t.key, 0.0), now) for t in ordered if not t.paused)
    return Board(now, seen, not fresh, ordered, Counter(t.status for t in ordered))


def _fresh(tile: Tile, horizon: float, now: datetime) -> bool:
    return tile.seen is not None and (now - tile.seen).total_seconds() <= max(horizon, 15.0)


def banner(board: Board) -> tuple[Status, str, str]:
    """(status, headline, detail): the worst in words. What somebody paused is said, but greys nothing."""
    counts = Counter(t.status for t in board.tiles if not t.paused)
    n, paused = counts.total(), len(board.tiles) - counts.total()
    if paused and not n:
        return Status.UNKNOWN, "Every monitor is paused", "Nothing is watched until one is taken out of its pause."
    if not n:
        return Status.UNKNOWN, "Nothing is watched yet", "Add a [[monitor]] to wardround.toml."
    if board.stale:
        return Status.UNKNOWN, "Nobody is looking", "No monitor has been measured lately; what is shown is old."
    state = worst(counts)
    parts = [f"{counts[s]} {words.STATUS_WORD[s]}" for s in ORDER if s is not state and counts[s]]
    parts += [f"{paused} paused"] if paused else []
    return state, _headline(state, counts[state], n), " · ".join(parts)


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
