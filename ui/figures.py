"""The few headline figures: a label, a value, a note, a curve without axes.

Not st.metric: its sparkline loads 775 KB of Vega for every first visit, twice what the page itself needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import words
from model import Latency, Status, Uptime
from ui import shelf, store
from ui.board import SPAN
from ui.errors import Errors
from ui.markup import Html, tag
from ui.outside import Database, Number
from ui.sparks import floor, spark
from ui.trends import Points


@dataclass(frozen=True, slots=True)
class Figure:
    """One number in words, ready to show; ``curve`` oldest first, empty for none.

    ``old``: it was measured too long ago to say how things are now. ``tone`` colours what nobody may overlook.
    """

    label: str
    value: str
    note: str = ""
    curve: Sequence[float | None] = ()
    shares: Sequence[tuple[Status, int]] = ()
    old: bool = False
    tone: Status | None = None


def row(figures: Iterable[Figure]) -> Html:
    """All of them side by side, two a line on a phone."""
    return tag("div", tag("div", *map(card, figures), class_="wr-figures"), class_="wr wr-fades")


def card(one: Figure) -> Html:
    """One figure."""
    inside = [
        tag("div", one.label, class_="wr-label"),
        tag("div", one.value, class_="wr-value"),
        tag("div", one.note, class_="wr-note"),
    ]
    if len(set(one.curve)) > 1 and len(one.curve) > 5:
        inside.append(spark(one.curve, f"{one.label}, over time", floor=floor(one.curve)))
    if one.shares:
        pieces = (tag("i", style=f"flex-grow:{many};background:var(--{status})") for status, many in one.shares)
        inside.append(tag("div", *pieces, class_="wr-shares", role="img", aria_label=one.note))
    more = (" wr-old" if one.old else "") + (f" wr-{one.tone}" if one.tone else "")
    return tag("div", *inside, class_=f"wr-figure{more}")


def errors(found: Errors, now: datetime) -> Html:
    """The figures of the page Errors; one that was not measured says so, one that is old says of when it is."""
    named = (
        ("Unresolved", "issues_unresolved", "issues"),
        ("New, 24 h", "issues_new_24h", "issues"),
        ("Events an hour", "events_per_hour", "the last whole hour"),
        ("Users hit", "users_hit", "by what is unresolved"),
        ("Crash-free sessions", "crash_free", "24 hours"),
        ("Failed requests", "failure_rate", "24 hours"),
    )
    return row(
        outside(label, found.figures.get(name), note, found.curves.get(name, ()), now) for label, name, note in named
    )


def outside(
    label: str, number: Number | None, note: str, points: Points, now: datetime, digits: int = 2
) -> Figure:  # fmt: skip
    """A number that an outside service gave."""
    if number is None:
        return Figure(label, words.NO_DATA, "not measured")
    value = number.figure.value
    said = f"{value:.{digits}f} %" if number.figure.unit == "%" else f"{value:,.0f}".replace(",", " ")
    return Figure(label, said, dated(note, number, now), [y for _, y in points][-168:], old=not number.known)


def dated(note: str, number: Number, now: datetime) -> str:
    """The note; of an old number, when it was measured instead."""
    return note if number.known or number.at is None else f"as of {words.ago(number.at, now)}"


def database(found: Database, now: datetime) -> Html:
    """How many rows the critical tables have and what strangers see of them, how full the disk is, what is asked."""
    counted = [name.removeprefix("rows_") for name in found.numbers if name.startswith("rows_")]
    shown = [_table(found, name, now) for name in dict.fromkeys([*counted, *found.closed])]
    if disk := found.numbers.get("disk"):
        shown.append(outside("Disk", disk, _of(found), found.curves.get("disk", ()), now, 1))
    if asked := found.numbers.get("requests_rest"):
        shown.append(outside("Questions an hour", asked, "through the API", found.curves.get("requests_rest", ()), now))
    return row(shown)


def _table(found: Database, name: str, now: datetime) -> Figure:
    """One table: red when strangers see rows of it, however many were counted."""
    number = found.numbers.get(f"rows_{name}")
    made = outside(name, number, "rows", found.curves.get(f"rows_{name}", ()), now)
    state, said = found.closed.get(name, (None, ""))
    if not said:
        return made
    rows = dated("", number, now) if number else ""
    note = f"{said}; rows {rows}" if rows else said
    return replace(made, note=note, tone=state if state is Status.DOWN else None)


def _of(found: Database) -> str:
    whole = found.numbers.get("disk_size")
    return f"of {words.size(whole.figure.value)}" if whole else "used"


def headline(window: str) -> Html:
    """The four figures of the Overview, made once for all viewers."""
    return shelf.kept(("figures", window), store.state(window), store.REST, lambda: row(_headline(window)))


def _headline(window: str) -> list[Figure]:
    seen, past, now = store.board(window), store.past(window), store.now()
    good, span = past.together.up + past.together.degraded, SPAN[window]
    known = good + past.together.down
    newest = f"last {words.ago(past.went_bad[0].at, now)}" if past.went_bad else "nothing did"
    others = [f"{seen.counts[s]} {words.STATUS_WORD[s]}" for s in Status if s is not Status.UP and seen.counts.get(s)]
    others += [f"{words.count(len(seen.alarms), 'outside service')} in trouble"] if seen.alarms else []
    shares = [(status, seen.counts[status]) for status in Status if seen.counts.get(status)]
    return [
        Figure(f"Available, {span}", words.share(good, known), _watched(past.together), past.shares),
        Figure("Median answer, last hours", _median(past.answers), _tail(past.answers), past.medians),
        Figure(
            "Up now",
            f"{seen.counts.get(Status.UP, 0)} of {len(seen.tiles)}",
            ", ".join(others) or "all of them",
            shares=shares,
        ),
        Figure(f"Went bad, {span}", words.count(len(past.went_bad), "time"), newest, past.bad_by_bar),
    ]


def _watched(seconds: Uptime) -> str:
    known = seconds.up + seconds.degraded + seconds.down
    return f"watched {words.share(known, known + seconds.unknown)} of the time"


def _median(answers: Latency) -> str:
    return words.ms(answers.p50) if answers.n else words.NO_DATA


def _tail(answers: Latency) -> str:
    return f"95 of 100 within {words.ms(answers.p95)}" if answers.n else "nothing was measured"
