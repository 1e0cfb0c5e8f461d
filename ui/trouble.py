"""What is wrong first: a card each with since when, the reason, what changed just before, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Board, Change, Status, Tile
from rules.board import ORDER
from ui import shelf, store
from ui.lists import SIGNS, gap
from ui.markup import Html, inner, joined, outer, pill, symbol, tag

MOST = 6
WRONG = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.MAINTENANCE)
NEAR = 3  # changes that a card tells


def drawn(window: str) -> Html | None:
    """The cards, made once for all viewers."""

    def make() -> Html | None:
        return cards(store.board(window), window, store.now(), store.told().site.timezone)

    return shelf.kept(("cards", window), store.state(window), store.REST, make)


def cards(board: Board, window: str, now: datetime, tz: ZoneInfo) -> Html | None:
    """The worst few in full, the others counted; None when nothing is wrong, or when nothing is known at all."""
    wrong = [] if board.stale else [tile for tile in board.tiles if tile.status in WRONG]
    if not (wrong or board.alarms):
        return None
    names = {tile.name for tile in wrong}
    causes = [tile for tile in wrong if tile.waiting_for not in names]
    worst = sorted([*board.alarms, *causes[:MOST]], key=lambda tile: ORDER[tile.status])
    shown = joined(card(tile, _waiting(tile, wrong), window, now, tz) for tile in worst)
    return tag("div", tag("div", shown, class_="wr-cards"), rest(causes[MOST:]), class_="wr wr-fades")


def _waiting(parent: Tile, wrong: Sequence[Tile]) -> list[Tile]:
    return [tile for tile in wrong if tile.waiting_for == parent.name]


def rest(tiles: Sequence[Tile]) -> Html:
    """One line for those that got no card."""
    if not tiles:
        return Html("")
    kinds = [(sum(tile.status is status for tile in tiles), status) for status in WRONG]
    said = ", ".join(f"{many} {words.STATUS_WORD[status]}" for many, status in kinds if many)
    return tag("p", f"And {words.count(len(tiles), 'more monitor')} below: {said}.", class_="wr-rest")


def card(tile: Tile, waiting: Sequence[Tile], window: str, now: datetime, tz: ZoneInfo) -> Html:
    """One monitor, or outside service, that needs a person; and those that only suffer from it."""
    top = tag(
        "div",
        pill(tile.status),
        _title(tile, window),
        tag("span", _since(tile, now, tz), class_="wr-since"),
        class_="wr-top",
    )
    reason = tag("p", tile.words or "no reason was given", class_="wr-words")
    more = tag("div", *_more(tile, waiting, now), class_="wr-more")
    return tag("article", top, reason, more, class_=f"wr-card wr-{tile.status}")


def _title(tile: Tile, window: str) -> Html:
    """Leads to its page; only the key of a reading has a dot."""
    if "." in tile.key:
        return inner("services", tile.name, class_="wr-title", window=window)
    return inner("monitor", tile.name, class_="wr-title", monitor=tile.key, window=window)


def _since(tile: Tile, now: datetime, tz: ZoneInfo) -> str:
    if tile.since is None:
        return "never looked at"
    return f"since {words.clock(tile.since, tz, now)} · {words.lasted((now - tile.since).total_seconds())}"


def _more(tile: Tile, waiting: Sequence[Tile], now: datetime) -> list[Html]:
    found = [tag("span", symbol("folder"), f" {tile.group}" + (" · critical" if tile.critical else ""))]
    found += [_near(change, tile) for change in tile.nearby[:NEAR]]
    if tile.last_change and not tile.nearby:
        sign = SIGNS.get(tile.last_change.kind, "history")
        found.append(tag("span", symbol(sign), f" {tile.last_change.words}, {_before(tile, now)}"))
    if waiting:
        names = ", ".join(each.name for each in waiting[:3]) + (
            f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        )
        found.append(tag("span", symbol("hourglass_top"), f" waiting for it: {names}"))
    elif tile.waiting_for:
        found.append(tag("span", symbol("hourglass_top"), f" waits for {tile.waiting_for}"))
    if tile.runbook:
        found.append(outer(tile.runbook, "Runbook "))
    return found


def _near(change: Change, tile: Tile) -> Html:
    assert tile.since
    when = gap(change.at, tile.since)
    return tag(
        "span",
        symbol(SIGNS.get(change.kind, "history")),
        f" {when}: {change.words}",
        class_="wr-near",
        title=change.words,
    )


def _before(tile: Tile, now: datetime) -> str:
    """A change near the beginning of the trouble is told from there: that is what on-call looks for."""
    assert tile.last_change
    gap = (tile.since - tile.last_change.at).total_seconds() if tile.since else -1.0
    return f"{words.lasted(gap)} before" if 0 <= gap <= 3600 else words.ago(tile.last_change.at, now)
