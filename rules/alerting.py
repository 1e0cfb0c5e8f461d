"""What must be told, to whom, in which words: level-triggered, so that a restart neither repeats nor forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Channel, Maintenance, Monitor, Notice, Standing, Status, Told
from rules.status import BAD

TITLE, BODY = 120, 2000
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
    maintenance or waits for a parent; told trouble that is over is told as recovered. Unknown neither tells nor clears.
    """
    by_key = {monitor.key: monitor for monitor in monitors}
    notices: list[Notice] = []
    changed: list[Told] = []
    cleared: list[str] = []
    for monitor in monitors:
        standing, before = standings.get(monitor.key), told.get(monitor.key)
        if standing is None or monitor.paused:
            continue
        if standing.status is Status.UP and before is not None:
            notices.append(_recovered(monitor, standing, before, tz))
            cleared.append(monitor.key)
        elif _worth_telling(standing, before, on) and not (
            quiet(monitor.key, maintenance, now) or waiting(monitor, by_key, standings)
        ):
            notices.append(_trouble(monitor, standing, tz))
            changed.append(Told(monitor.key, standing.status, before.since if before else standing.since))
    return tuple(notices), tuple(changed), tuple(cleared)


def _worth_telling(standing: Standing, before: Told | None, on: AbstractSet[Status]) -> bool:
    worse = before is None or RANK[standing.status] > RANK.get(before.status, 0) if standing.status in BAD else False
    return worse and standing.status in on


def quiet(monitor: str, maintenance: Sequence[Maintenance], now: datetime) -> Maintenance | None:
    """The announced maintenance that a monitor is in, if any."""
    found = (m for m in maintenance if m.start <= now < m.end and (not m.monitors or monitor in m.monitors))
    return next(found, None)


def waiting(monitor: Monitor, monitors: Mapping[str, Monitor], standings: Mapping[str, Standing]) -> str | None:
    """The name of the parent, or the parent's parent, that a monitor waits for: one that is down or may be.

    Also one whose recovery is newer than the monitor's own last sample: it deserves a look of its own before it alarms.
    """
    own = standings.get(monitor.key)
    seen: set[str] = {monitor.key}
    queue = list(monitor.depends_on)
    while queue:
        key = queue.pop(0)
        if key in seen or key not in monitors:
            continue
        seen.add(key)
        if _holds(standings.get(key), own):
            return monitors[key].name
        queue += monitors[key].depends_on
    return None


def _holds(parent: Standing | None, own: Standing | None) -> bool:
    if parent is None:
        return False
    if parent.status is Status.DOWN or any(doubt.status is Status.DOWN for doubt in parent.doubts):
        return True
    # `words` of an up standing are empty; a parent that has just come back began its interval after our last look
    return parent.status is Status.UP and own is not None and own.seen is not None and own.seen < parent.since


def _trouble(monitor: Monitor, standing: Standing, tz: ZoneInfo) -> Notice:
    kind = "down" if standing.status is Status.DOWN else "degraded"
    lines = [
        f"{monitor.name} is {kind} since {words.moment(standing.since, tz)}.",
        f"Reason: {standing.words}" if standing.words else "",
        f"Group: {monitor.group}" + (", critical" if monitor.critical else ""),
        f"Runbook: {monitor.runbook}" if monitor.runbook else "",
    ]
    title = f"{monitor.name} is {kind}"
    return _notice(f"{monitor.key}:{kind}:{standing.since.isoformat()}", kind, title, lines, monitor.key)


def _recovered(monitor: Monitor, standing: Standing, before: Told, tz: ZoneInfo) -> Notice:
    took = words.lasted((standing.since - before.since).total_seconds())
    lines = [f"{monitor.name} is up again since {words.moment(standing.since, tz)}.", f"The trouble lasted {took}."]
    key = f"{monitor.key}:recovered:{before.since.isoformat()}"
    return _notice(key, "recovered", f"{monitor.name} recovered after {took}", lines, monitor.key)


def blindness(blind: bool, since: datetime, now: datetime, tz: ZoneInfo) -> Notice:
    """One message when we cannot see, and one when we can again."""
    if blind:
        lines = [
            f"Nothing could be reached since {words.moment(since, tz)}, not even what is asked to test our own line."
        ]
        lines.append("All monitors are unknown until the line is back; no outage is concluded from this.")
        return _notice(f"watch:blind:{since.isoformat()}", "watch", "Wardround is blind: its own network is cut", lines)
    lines = [f"The network is back since {words.moment(now, tz)}; the time before is unknown."]
    took = words.lasted((now - since).total_seconds())
    return _notice(f"watch:sight:{since.isoformat()}", "watch", f"Wardround can see again after {took}", lines)


def _notice(key: str, kind: str, title: str, lines: Sequence[str], monitor: str | None = None) -> Notice:
    return Notice(key, kind, inert(title, TITLE), body(lines), monitor)


def body(lines: Sequence[str]) -> str:
    """Clean lines joined, no longer than BODY."""
    text = "\n".join(inert(line, 400) for line in lines if line)
    return text if len(text) <= BODY else text[: BODY - 1] + "…"


def inert(text: str, limit: int) -> str:
    """One line that no channel renders: no control characters, look-alikes for the signs of markup and mentions."""
    return words.excerpt(text.translate(_INERT), limit)


# Mail headers end at CR/LF (excerpt folds those); chats render these signs, or call everybody at an @.
_INERT = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "@": "＠",
        "*": "∗",
        "_": "＿",
        "`": "ˋ",
        "[": "［",
        "]": "］",
        "{": "｛",
        "}": "｝",
        "&": "＆",
    }
)


def grouped(notices: Sequence[Notice]) -> Notice:
    """One message out of many for one channel."""
    if len(notices) == 1:
        return notices[0]
    kinds = {notice.kind for notice in notices}
    counts = [
        (kind, sum(notice.kind == kind for notice in notices)) for kind in ("down", "degraded", "recovered", "watch")
    ]
    said = {"down": "down", "degraded": "degraded", "recovered": "recovered", "watch": "about the watch"}
    title = ", ".join(f"{n} {said[kind]}" for kind, n in counts if n)
    lines = [notice.title for notice in notices][:40]
    if len(notices) > 40:
        lines.append(f"and {len(notices) - 40} more")
    key = "+".join(sorted(notice.key for notice in notices))
    kind = next(kind for kind, _ in counts if kind in kinds)
    return Notice(key, kind, inert(f"{words.count(len(notices), 'message')}: {title}", TITLE), body(lines))


def recipients(notice: Notice, channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """Who is told: news of a status goes where it is wanted; recoveries and news of the watch go everywhere."""
    wanted = {"down": Status.DOWN, "degraded": Status.DEGRADED}.get(notice.kind)
    return tuple(channel for channel in channels if wanted is None or wanted in channel.on)


def retry_after(attempts: int) -> float:
    """Seconds until the next try after ``attempts`` failed ones: 5, 10, 20 ... at most 15 min."""
    return float(min(5 * 2 ** max(0, min(attempts, 20) - 1), 900))


def dead(created: datetime, now: datetime) -> bool:
    """Whether a message that cannot be delivered is given up."""
    return (now - created).total_seconds() > GIVE_UP


def told_of(told: Told, status: Status) -> Told:
    """The same trouble, told as another status."""
    return replace(told, status=status)
