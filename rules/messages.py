"""What a notice says: fixed templates in which no foreign text can be markup, a mention, a header or a command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Monitor, Notice, Standing, Status, Told

TITLE, BODY, LINE = 120, 2000, 400
NAME = 80  # of a monitor: what happened to it must still fit into the title
MANY = 40  # monitors that one message names
REASON = "Reason: "

# Mail headers end at CR/LF (words.excerpt folds those); chats render these signs, or call everybody at an @.
_INERT = str.maketrans("<>@*_`[]{}&~|\\#", "‹›＠∗＿ˋ［］｛｝＆～∣＼＃")  # fmt: skip
_LINK = re.compile(r"https?://[\w.~:/?#@!$&()+,;=%-]{1,380}", re.ASCII)


def trouble(monitor: Monitor, standing: Standing, tz: ZoneInfo) -> Notice:
    """A monitor went down or is degraded."""
    kind, name = "down" if standing.status is Status.DOWN else "degraded", _name(monitor)
    lines = [
        f"{name} is {kind} since {words.moment(standing.since, tz)}.",
        f"{REASON}{standing.words}" if standing.words else "",
        f"Group: {monitor.group}" + (", critical" if monitor.critical else ""),
    ]
    key = f"{monitor.key}:{kind}:{standing.since.isoformat()}"
    return Notice(key, kind, inert(f"{name} is {kind}", TITLE), body(lines, _runbook(monitor)), monitor.key)


def recovered(monitor: Monitor, standing: Standing, before: Told, tz: ZoneInfo) -> Notice:
    """Trouble that people were told of is over."""
    took, name = words.lasted((standing.since - before.since).total_seconds()), _name(monitor)
    lines = [f"{name} is up again since {words.moment(standing.since, tz)}.", f"The trouble lasted {took}."]
    key = f"{monitor.key}:recovered:{before.since.isoformat()}"
    title = inert(f"{name} recovered after {took}", TITLE)
    return Notice(key, "recovered", title, body(lines), monitor.key, before.status)


def blindness(blind: bool, since: datetime, now: datetime, tz: ZoneInfo) -> Notice:
    """One message when we cannot see, and one when we can again."""
    if blind:
        said = f"Nothing could be reached since {words.moment(since, tz)}, not even what is asked to test our own line."
        rest = "All monitors are unknown until the line is back; no outage is concluded from this."
        title = "Wardround is blind: its own network is cut"
        return Notice(f"watch:blind:{since.isoformat()}", "watch", title, body([said, rest]))
    said = f"The network is back since {words.moment(now, tz)}; the time before is unknown."
    title = f"Wardround can see again after {words.lasted((now - since).total_seconds())}"
    return Notice(f"watch:sight:{since.isoformat()}", "watch", title, body([said]))


def grouped(notices: Sequence[Notice]) -> Notice:
    """One message out of many for one channel: how many in the title, each with its reason in a line."""
    if len(notices) == 1:
        return notices[0]
    kinds = Counter(notice.kind for notice in notices)
    said = [(kind, word) for kind, word in SAID.items() if kinds[kind]]
    if len(said) == 1 and said[0][0] != "watch":
        title = f"{words.count(len(notices), 'monitor')} {said[0][1]}"
    else:
        title = ", ".join(f"{kinds[kind]} {word.removeprefix('are ')}" for kind, word in said)
    key = "+".join(sorted(notice.key for notice in notices))
    return Notice(key, said[0][0], inert(title, TITLE), _listed(notices))


SAID = {"down": "are down", "degraded": "are degraded", "recovered": "recovered", "watch": "about the watch itself"}


def _listed(notices: Sequence[Notice]) -> str:
    """A line a notice, as many as fit; the rest is counted."""
    lines: list[str] = []
    room = BODY - 20
    for notice in notices[:MANY]:
        why = next((line[len(REASON) :] for line in notice.body.split("\n") if line.startswith(REASON)), "")
        line = inert(f"{notice.title}: {why}" if why else notice.title, TITLE + NAME)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    rest = len(notices) - len(lines)
    return "\n".join(lines + ([f"and {rest} more"] if rest else []))


def body(lines: Sequence[str], link: str = "") -> str:
    """Clean lines joined, no longer than BODY; ``link`` is a last line that has been looked at already."""
    text = "\n".join([inert(line, LINE) for line in lines if line] + ([link] if link else []))
    return text if len(text) <= BODY else text[: BODY - 1] + "…"


def inert(text: str, limit: int) -> str:
    """One line that no channel renders: no control characters, look-alikes for the signs of markup and mentions."""
    return words.excerpt(text[: 8 * limit].translate(_INERT), limit)


def _name(monitor: Monitor) -> str:
    return words.excerpt(monitor.name, NAME)


def _runbook(monitor: Monitor) -> str:
    """A link must still work when it is pressed at night; it comes from wardround.toml. What is no link is inert."""
    if not monitor.runbook:
        return ""
    return f"Runbook: {monitor.runbook if _LINK.fullmatch(monitor.runbook) else inert(monitor.runbook, LINE)}"
