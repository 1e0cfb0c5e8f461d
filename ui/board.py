"""All monitors by group: a row each while there are few, a chip each when there are many; one HTML for all viewers."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import datetime

import words
from model import Status, Tile
from ui import shelf, store
from ui.bars import strip
from ui.markup import Html, icon, inner, joined, pill, tag
from ui.sparks import floor, spark

MANY = 60  # from here on a healthy monitor gets a chip: 500 rows are 14 screens, 500 chips are four
CALM = (Status.UP,)
SPAN = {"1h": "1 h", "24h": "24 h", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


def drawn(window: str, tiles: Sequence[Tile], asked: Hashable) -> Html:
    """The groups, made once for all viewers who ``asked`` for the same."""
    return shelf.kept(
        ("groups", window, asked), store.state(window), store.REST, lambda: groups(tiles, window, store.now())
    )


def groups(tiles: Sequence[Tile], window: str, now: datetime) -> Html:
    """Every group with its monitors, in the order of ``tiles``: the group with the worst monitor first."""
    many = len(tiles) > MANY
    loud = [tile.key for tile in tiles if tile.status not in CALM]
    rows = set(loud[:MANY] if many else [tile.key for tile in tiles])
    named: dict[str, list[Tile]] = {}
    for tile in tiles:
        named.setdefault(tile.group, []).append(tile)
    found = (_group(name, inside, window, now, rows) for name, inside in named.items())
    return tag(
        "div", tag("div", joined(found), class_="wr-groups wr-many" if many else "wr-groups"), class_="wr wr-fades"
    )


def _group(name: str, tiles: Sequence[Tile], window: str, now: datetime, rowed: Collection[str]) -> Html:
    top = tag("div", tag("h3", name), _worst(tiles), class_="wr-top")
    rows = [tile for tile in tiles if tile.key in rowed]
    chips = [tile for tile in tiles if tile.key not in rowed]
    inside = [top, *(row(tile, window, now) for tile in rows)]
    if chips:
        inside.append(tag("div", joined(chip(tile, window) for tile in chips), class_="wr-chips"))
    if rows:
        inside.append(_ends(window))
    return tag("section", *inside, class_="wr-group")


def _worst(tiles: Sequence[Tile]) -> Html:
    troubled = [tile for tile in tiles if tile.status not in CALM]
    if not troubled:
        return tag("span", "all up" if len(tiles) > 1 else "up", class_="wr-calm")
    status = troubled[0].status
    same = sum(tile.status is status for tile in troubled)
    return pill(status, f"{same} {words.STATUS_WORD[status]}" if len(tiles) > 1 else None)


def row(tile: Tile, window: str, now: datetime) -> Html:
    """Icon, name, history, share of the window, latency and its curve; below, why, where something is wrong."""
    troubled = tile.status not in CALM or tile.unsure
    inside = [
        icon(tile.status),
        tag("span", tile.name, class_="wr-name"),
        strip(tile.bars, history_words(tile, window)),
        tag("span", share_words(tile), class_="wr-share", title=words.uptime_words(tile.uptime)),
        spark(tile.sparkline, "latency over the last day", floor=floor(tile.sparkline)),
        tag("span", latency_words(tile), class_="wr-ms"),
        tag("span", _lasted(tile, now), class_="wr-since"),
    ]
    if troubled:
        inside.append(tag("span", why(tile, now), class_=f"wr-why wr-{tile.status}"))
    class_ = f"wr-row wr-{tile.status}" + ("" if troubled else " wr-calm")
    return inner("monitor", joined(inside), class_=class_, monitor=tile.key, window=window)


def chip(tile: Tile, window: str) -> Html:
    """The same in the least room."""
    inside = [
        icon(tile.status),
        tag("span", tile.name, class_="wr-name", title=f"{tile.name}, {share_words(tile)}"),
        tag("span", latency_words(tile), class_="wr-ms"),
        strip(tile.bars, share_words(tile), hint=False),
    ]
    return inner("monitor", joined(inside), class_="wr-chip", monitor=tile.key, window=window)


def why(tile: Tile, now: datetime) -> str:
    """One line: the reason, since when, and what it waits for."""
    if tile.status is Status.UP:
        return f"in doubt: {tile.words}" if tile.words else "in doubt: asked again in a moment"
    said = [tile.words or words.STATUS_WORD[tile.status]]
    known = tile.since is not None and tile.status is not Status.UNKNOWN  # the words of unknown say how long already
    said += [f"for {words.lasted((now - tile.since).total_seconds())}"] if known and tile.since else []
    said += [f"waiting for {tile.waiting_for}"] if tile.waiting_for else []
    return " · ".join(said)


def _lasted(tile: Tile, now: datetime) -> str:
    return words.lasted((now - tile.since).total_seconds()) if tile.since else ""


def latency_words(tile: Tile) -> str:
    """Its last latency; "no answer" only where one was asked for: a job that reports by itself owes none."""
    asked = tile.seen is not None and tile.check != "heartbeat" and tile.status is not Status.UNKNOWN
    return words.ms(tile.latency) if tile.latency is not None or (asked and tile.status is not Status.UP) else "—"


def share_words(tile: Tile) -> str:
    """Its share of the window, rounded down."""
    seconds = tile.uptime
    good = seconds.up + seconds.degraded
    return words.share(good, good + seconds.down)


def history_words(tile: Tile, window: str) -> str:
    """What a strip shows, for those who cannot see it."""
    bad = sum(bar.status in (Status.DOWN, Status.DEGRADED) for bar in tile.bars)
    return f"{tile.name}, last {SPAN[window]}: {share_words(tile)}; trouble in {bad} of {len(tile.bars)} bars"


def _ends(window: str) -> Html:
    return tag("div", tag("span", f"{SPAN.get(window, window)} ago"), tag("span", "now"), class_="wr-ends")


def chosen(tiles: Iterable[Tile], group: str | None, states: Sequence[str], needle: str) -> tuple[Tile, ...]:
    """The tiles that a person asked for; nothing chosen means all."""
    wanted = needle.strip().casefold()
    return tuple(
        tile
        for tile in tiles
        if (not group or tile.group == group)
        and (not states or words.STATUS_WORD[tile.status] in states)
        and (not wanted or wanted in f"{tile.name} {tile.key} {tile.group}".casefold())
    )
