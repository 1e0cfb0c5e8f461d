"""What must be told, and to whom: level-triggered, so that a restart neither repeats nor forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from zoneinfo import ZoneInfo

from model import Channel, Maintenance, Monitor, Notice, Standing, Status, Told
from rules.messages import blindness, grouped, recovered, trouble
from rules.status import BAD, current

PATIENCE = 60.0  # seconds that trouble waits for the first look at its parents
GIVE_UP = 48 * 3600.0  # seconds after which an undelivered message is a dead letter
RANK = {Status.DEGRADED: 1, Status.DOWN: 2}

Owed = tuple[tuple[Notice, ...], tuple[Told, ...], tuple[str, ...]]


def owed(
    now: datetime,
    monitors: Sequence[Monitor],
    standings: Mapping[str, Standing],
    told: Mapping[str, Told],
    maintenance: Sequence[Maintenance],
    tz: ZoneInfo,
    on: AbstractSet[Status],
) -> Owed:
    """(notices, what people have now been told, monitors whose trouble is over).

    Compares what is confirmed with what was last told: trouble that nobody heard of is told unless it is announced
    maintenance or waits for a parent; told trouble that is over is told as recovered. Unknown neither tells nor clears,
    and a standing older than its horizon is unknown: what was down before a long stop is looked at before it alarms.
    """
    by_key = {monitor.key: monitor for monitor in monitors}
    notices: list[Notice] = []
    changed: list[Told] = []
    cleared: list[str] = []
    for monitor in monitors:
        standing, before = standings.get(monitor.key), told.get(monitor.key)
        if standing is None or monitor.paused or (before is None and standing.status is Status.UP):
            continue
        state, _, _ = current(standing, monitor.horizon, now)
        if state is Status.UP and before is not None:
            notices.append(recovered(monitor, standing, before, tz))
            cleared.append(monitor.key)
        elif _worth_telling(state, before, on) and not _held(monitor, by_key, standings, maintenance, now):
            notices.append(trouble(monitor, standing, tz))
            changed.append(Told(monitor.key, state, before.since if before else standing.since))
    return tuple(notices), tuple(changed), tuple(cleared)


def _worth_telling(state: Status, before: Told | None, on: AbstractSet[Status]) -> bool:
    return state in BAD and state in on and (before is None or RANK[state] > RANK.get(before.status, 0))


def _held(
    monitor: Monitor,
    monitors: Mapping[str, Monitor],
    standings: Mapping[str, Standing],
    maintenance: Sequence[Maintenance],
    now: datetime,
) -> bool:
    """In doubt is on its way up again: nobody is alarmed for the first time by that."""
    if standings[monitor.key].doubts or quiet(monitor.key, maintenance, now):
        return True
    return waiting(monitor, monitors, standings) is not None or _too_early(monitor, monitors, standings, now)


def quiet(monitor: str, maintenance: Sequence[Maintenance], now: datetime) -> Maintenance | None:
    """The announced maintenance that a monitor is in, if any."""
    found = (m for m in maintenance if m.start <= now < m.end and (not m.monitors or monitor in m.monitors))
    return next(found, None)


def waiting(monitor: Monitor, monitors: Mapping[str, Monitor], standings: Mapping[str, Standing]) -> str | None:
    """The name of the parent that a monitor waits for, the one furthest up: it is down or may be.

    Also one whose recovery is newer than the monitor's own last sample: that deserves a look of its own before it
    alarms. A parent that is paused, or was not measured for longer than its horizon, explains nothing.
    """
    own = standings.get(monitor.key)
    holding = [p for p in _ancestors(monitor, monitors) if _holds(p, standings.get(p.key), own)]
    down = [p for p in holding if standings[p.key].status is Status.DOWN]
    return (down or holding)[-1].name if holding else None


def _ancestors(monitor: Monitor, monitors: Mapping[str, Monitor]) -> list[Monitor]:
    """All that a monitor depends on, near ones first, each once."""
    found: dict[str, Monitor] = {}
    queue = list(monitor.depends_on)
    while queue:
        key = queue.pop(0)
        if key in monitors and key not in found and key != monitor.key:
            found[key] = monitors[key]
            queue += monitors[key].depends_on
    return list(found.values())


def _holds(parent: Monitor, stood: Standing | None, own: Standing | None) -> bool:
    if parent.paused or stood is None or stood.seen is None:
        return False
    seen = own.seen if own and own.seen else stood.seen
    if (seen - stood.seen).total_seconds() > parent.horizon:
        return False  # nobody knows how the parent is: it must not silence its children for ever
    if stood.status is Status.DOWN or any(doubt.status is Status.DOWN for doubt in stood.doubts):
        return True
    return stood.status is Status.UP and seen < stood.since


def _too_early(
    monitor: Monitor, monitors: Mapping[str, Monitor], standings: Mapping[str, Standing], now: datetime
) -> bool:
    """When all fall at once a child may be sure before its parent was looked at even once since then."""
    began = standings[monitor.key].since
    if (now - began).total_seconds() > PATIENCE:
        return False
    for parent in _ancestors(monitor, monitors):
        stood = standings.get(parent.key)
        fresh = stood is not None and current(stood, parent.horizon, now)[0] is not Status.UNKNOWN
        if fresh and not parent.paused and stood is not None and stood.seen is not None and stood.seen < began:
            return True
    return False


def recipients(notice: Notice, channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """Who is told: trouble goes where its status is wanted, its end to those who heard of it, the watch to all."""
    wanted = {"down": Status.DOWN, "degraded": Status.DEGRADED}.get(notice.kind)
    if notice.of is not None:  # who was told of "down" may have been told of "degraded" before, or only of that
        heard = {state for state, rank in RANK.items() if rank <= RANK.get(notice.of, 2)}
        return tuple(channel for channel in channels if heard & set(channel.on))
    return tuple(channel for channel in channels if wanted is None or wanted in channel.on)


def retry_after(attempts: int) -> float:
    """Seconds until the next try after ``attempts`` failed ones: 5, 10, 20 ... at most 15 min."""
    return float(min(5 * 2 ** max(0, min(attempts, 20) - 1), 900))


def dead(created: datetime, now: datetime) -> bool:
    """Whether a message that cannot be delivered is given up."""
    return (now - created).total_seconds() > GIVE_UP


__all__ = ["blindness", "dead", "grouped", "owed", "quiet", "recipients", "retry_after", "waiting"]
