"""Backups as people see them: a calendar of weeks, the drills that were done, what lies in the folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Part, Ping, Status, Stored
from ui.backups import Cell, Folder, Practice
from ui.markup import Html, icon, inner, joined, symbol, tag

WRONG = 8  # files that are named
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def folder(found: Folder, now: datetime) -> Html:
    """One folder in a line: its state in words, and how old that is."""
    name = inner("monitor", found.monitor.name, class_="wr-link", monitor=found.monitor.key)
    age = f"looked {words.ago(found.at, now)}" if found.at else "never looked"
    said = tag("span", name, " ", tag("span", found.words, class_="wr-soft"), class_="wr-what")
    row = tag("div", icon(found.status), said, tag("span", age, class_="wr-when"), class_="wr-item")
    wrong = [each for each in found.stored if each.status in (Status.DOWN, Status.DEGRADED)][:WRONG]
    lines = joined((*map(_part, found.parts), *map(_stored, wrong)))
    return tag("div", tag("div", row, lines, class_="wr-list"), class_="wr wr-fades")


def _part(each: Part) -> Html:
    return tag(
        "div", icon(each.status), tag("span", f"{each.name}: {each.words}", class_="wr-what"), Html(""),
        class_="wr-item",
    )  # fmt: skip


def _stored(each: Stored) -> Html:
    """One that is not as it should be: what the square of its day says only to a mouse."""
    said = tag("span", each.name, ": ", tag("span", each.wrong, class_="wr-soft"), class_="wr-what")
    return tag("div", icon(each.status), said, Html(""), class_="wr-item")


def weeks(days: Sequence[Cell]) -> Html:
    """A square a day, a row a week: shape and colour for the state, the size below, the date within."""
    heads = joined(tag("span", day, class_="wr-soft") for day in DAYS)
    return tag("div", tag("div", heads, joined(_day(each) for each in days), class_="wr-weeks"), class_="wr wr-fades")


def _day(each: Cell) -> Html:
    said = f"{each.day:%a %d %b}: {each.words}"
    quiet = each.status is Status.UNKNOWN and each.size is None
    sign = Html("") if quiet else icon(each.status)
    size = words.size(each.size) if each.size is not None else "" if quiet else each.words
    date = f"{each.day.day} {each.day:%b}" if each.day.day == 1 else f"{each.day:%d}"
    return tag(
        "div", tag("b", date), sign, tag("span", size), class_=f"wr-day wr-{each.status}", title=said, role="img",
        aria_label=said,
    )  # fmt: skip


def practice(found: Practice, now: datetime) -> list[tuple[str, str | Html]]:
    """What the newest restore that worked reached, beside what is promised."""
    proven = found.proven
    if proven is None:
        return [("Last proven restore", "never"), ("Says", found.words)]
    return [
        ("Last proven restore", words.ago(proven.at, now)),
        ("Data lost (RPO)", _beside(proven.rpo, found.promised["rpo"])),
        ("Time to restore (RTO)", _beside(proven.rto, found.promised["rto"])),
    ]


def _beside(reached: float | None, promised: float) -> Html:
    said = words.lasted(reached) if reached is not None else "not said"
    return joined((said, tag("div", f"promised {words.lasted(promised)}", class_="wr-soft")))


def drills(found: Practice, now: datetime, tz: ZoneInfo) -> Html:
    """Every drill that is known, newest first."""
    return tag(
        "div",
        tag("div", joined(_drill(each, found, now, tz) for each in found.drills), class_="wr-list"),
        class_="wr wr-fades",
    )


def _drill(each: Ping, found: Practice, now: datetime, tz: ZoneInfo) -> Html:
    reached = [(name, getattr(each, name)) for name in ("rpo", "rto")]
    late = any(value is not None and value > found.promised[name] for name, value in reached)
    silent = any(value is None for _, value in reached)
    state = Status.DOWN if each.kind == "fail" else Status.DEGRADED if late or silent else Status.UP
    said = "restored, later than promised" if late else "restored, not said what was reached" if silent else "restored"
    said = "failed" if each.kind == "fail" else said
    figures = " · ".join(f"{name.upper()} {words.lasted(value)}" for name, value in reached if value is not None)
    when = tag("span", words.clock(each.at, tz, now), class_="wr-when", title=words.moment(each.at, tz))
    below = " · ".join(part for part in (figures, each.words) if part)
    sign = icon(state) if state is not Status.UP else symbol("published_with_changes", "wr-up", "restored")
    return tag(
        "div", sign, tag("span", said, class_="wr-what"), when, tag("span", below, class_="wr-fix"), class_="wr-item"
    )
