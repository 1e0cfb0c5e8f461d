"""Lists of facts, changes and findings: untrusted words beside an icon and a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import words
from model import Change, Flip, OpenFinding, Tile
from ui.bars import strip
from ui.board import SPAN, history_words, share_words
from ui.markup import Html, icon, joined, pill, symbol, tag

SIGNS = {
    "commit": "commit",
    "restart": "restart_alt",
    "configuration": "tune",
    "maintenance": "build_circle",
    "certificate": "lock",
    "watch": "visibility",
    "vendor": "campaign",
    "deployment": "rocket_launch",
    "issue": "bug_report",
    "checklist": "rule",
}

LATELY = timedelta(minutes=15)  # younger than that, "seen" needs no date of its own


def facts(pairs: Iterable[tuple[str, str | Html]]) -> Html:
    """Pairs of a name and what is known of it."""
    inside = (tag("div", tag("dt", name), tag("dd", value or "—")) for name, value in pairs)
    return tag("div", tag("dl", joined(inside), class_="wr-facts"), class_="wr wr-fades")


def changes(found: Sequence[Change | Flip], now: datetime, tz: ZoneInfo) -> Html:
    """What happened, newest first: changes and passages from one state to another."""
    if not found:
        return empty("Nothing changed in this window.")
    rows = joined(_change(each, now, tz) for each in sorted(found, key=lambda each: each.at, reverse=True))
    return tag("div", tag("div", rows, class_="wr-list"), class_="wr wr-fades")


def near(tile: Tile) -> Html:
    """The changes about the beginning of a trouble, nearest first."""
    assert tile.since
    rows = joined(
        _item(
            symbol(SIGNS.get(each.kind, "history"), "wr-soft", each.kind),
            each.words,
            tag("span", gap(each.at, tile.since), class_="wr-when"),
        )
        for each in tile.nearby
    )
    return tag("div", tag("div", rows, class_="wr-list"), class_="wr wr-fades")


def gap(at: datetime, since: datetime) -> str:
    """How far a change lies from the beginning of a trouble: that is what on-call looks for."""
    seconds = (since - at).total_seconds()
    return f"{words.lasted(abs(seconds))} {'before' if seconds >= 0 else 'after'}"


def _change(each: Change | Flip, now: datetime, tz: ZoneInfo) -> Html:
    when = tag("span", words.clock(each.at, tz, now), class_="wr-when", title=words.moment(each.at, tz))
    if isinstance(each, Flip):
        said = f"from {words.STATUS_WORD[each.before]} to {words.STATUS_WORD[each.after]}"
        return _item(icon(each.after), said + (f": {each.words}" if each.words else ""), when)
    return _item(symbol(SIGNS.get(each.kind, "history"), "wr-soft", each.kind), each.words, when)


def _item(sign: Html, said: str, when: Html, below: str = "") -> Html:
    more = tag("span", below, class_="wr-fix") if below else Html("")
    return tag("div", sign, tag("span", said, class_="wr-what"), when, more, class_="wr-item")


def findings(found: Sequence[OpenFinding], now: datetime) -> Html:
    """What is wrong without being an outage, with how to mend it."""
    rows = joined(
        _item(
            symbol("report", "wr-degraded", "finding"),
            each.finding.words,
            tag("span", _seen(each, now), class_="wr-when"),
            each.finding.fix,
        )
        for each in found
    )
    return tag("div", tag("div", rows, class_="wr-list"), class_="wr wr-fades")


def _seen(each: OpenFinding, now: datetime) -> str:
    """Since when it is seen; and when last, where nobody could look again since."""
    said = f"seen for {words.lasted((now - each.first).total_seconds())}"
    return f"{said}, last {words.ago(each.last, now)}" if now - each.last > LATELY else said


def parts(found: Sequence[Tile], window: str, slim: bool = False) -> Html:
    """The components inside a health document, a strip each; ``slim`` where there are many."""
    lines = joined(_part(tile, window) for tile in found)
    ends = tag("div", tag("span", f"{SPAN[window]} ago"), tag("span", "now"), class_="wr-ends")
    return tag("div", tag("div", lines, ends, class_=f"wr-wide{' wr-slim' if slim else ''}"), class_="wr wr-fades")


def _part(tile: Tile, window: str) -> Html:
    said = [icon(tile.status), tag("b", tile.name), pill(tile.status)]
    said += [tag("span", tile.words, class_="wr-soft")] if tile.words else []
    figures = tag("span", " · ".join([share_words(tile), *_time(tile)]), class_="wr-soft")
    return tag(
        "div",
        tag("div", *said, figures, class_="wr-top"),
        strip(tile.bars, history_words(tile, window)),
        class_="wr-line",
    )


def _time(tile: Tile) -> list[str]:
    """Its newest latency; nothing where none is measured."""
    return [words.ms(tile.latency)] if tile.latency else []


def empty(head: str, words_: str = "") -> Html:
    """A place where nothing is, and what to do next."""
    return tag("div", tag("div", tag("b", head), words_, class_="wr-empty"), class_="wr")
