"""The worst in words with the age of the data, large or as a strip; and the warning that a page got no news."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Monitor, Status, Tile
from ui.markup import Html, icon, inner, outer, symbol, tag

LATE = "No news for 20 seconds: what is shown may be over. This page mends itself when the server answers again."


def large(status: Status, headline: str, detail: str, seen: datetime | None, now: datetime, tz: ZoneInfo) -> Html:
    """For the Overview: read from across the room."""
    say = tag("div", tag("p", headline, class_="wr-head"), tag("p", detail, class_="wr-detail"), class_="wr-say")
    age = tag("div", tag("b", _age(seen, now)), tag("span", _clock(seen, tz)), class_="wr-age")
    banner = tag("div", icon(status), say, age, class_=f"wr-banner wr-{status}", role="status")
    return tag("div", banner, late(now), class_="wr")


def slim(status: Status, headline: str, seen: datetime | None, now: datetime, window: str) -> Html:
    """For every other page of the team: one line that leads back."""
    link = inner("", headline, class_="", window=window)
    age = tag("span", f"data {_age(seen, now)}", class_="wr-age")
    return tag("div", tag("div", icon(status), link, age, class_="wr-strip", role="status"), late(now), class_="wr")


def quiet(seen: datetime | None, now: datetime, tz: ZoneInfo) -> Html:
    """For people outside: only how old it is."""
    said = f"As of {words.moment(seen, tz)}, {_age(seen, now)}" if seen else "Nothing is known yet"
    strip = tag("div", tag("span", said, class_="wr-soft"), class_="wr-strip wr-narrow", role="status")
    return tag("div", strip, late(now), class_="wr")


def late(now: datetime) -> Html:
    """Hidden for 20 s, then at the foot of the window; a new moment makes a new element, so its clock begins anew."""
    turn = "tick" if int(now.timestamp() / 5) % 2 else "tock"
    return tag("div", symbol("cloud_off"), LATE, class_=f"wr-late wr-{turn}", data_at=now.isoformat())


def _age(seen: datetime | None, now: datetime) -> str:
    return words.ago(seen, now) if seen else "no data yet"


def _clock(seen: datetime | None, tz: ZoneInfo) -> str:
    return f"last look, {words.moment(seen, tz)}" if seen else "nobody has looked yet"


def one(tile: Tile, monitor: Monitor, now: datetime, tz: ZoneInfo) -> Html:
    """One monitor's state in full, on top of its own page."""
    said = [words.STATUS_WORD[tile.status]]
    if tile.since:
        said.append(f"since {words.moment(tile.since, tz)}, for {words.lasted((now - tile.since).total_seconds())}")
    say = tag(
        "div", tag("p", tile.name, class_="wr-head"), tag("p", ", ".join(said), class_="wr-state"),
        tag("p", tile.words, class_="wr-words"), tag("div", *_about(tile, monitor, now), class_="wr-more"),
        class_="wr-say",
    )  # fmt: skip
    return tag("div", tag("div", icon(tile.status), say, class_=f"wr-banner wr-{tile.status}"), class_="wr wr-fades")


def _about(tile: Tile, monitor: Monitor, now: datetime) -> list[Html]:
    age = f"last sample {words.ago(tile.seen, now)}" if tile.seen else "no sample yet"
    known = [
        ("folder", tile.group),
        ("schedule", f"{age}, every {words.lasted(monitor.every)}"),
        ("network_check", tile.check),
        ("account_tree", f"depends on {', '.join(monitor.depends_on)}" if monitor.depends_on else ""),
        ("hourglass_top", f"waits for {tile.waiting_for}" if tile.waiting_for else ""),
        ("priority_high", "critical" if tile.critical else ""),
    ]
    return [
        *(tag("span", symbol(sign), f" {said}") for sign, said in known if said),
        outer(monitor.runbook, "Runbook "),
    ]


def managed(status: Status, said: str, facts: tuple[tuple[str, str], ...], at: datetime | None, now: datetime) -> Html:
    """What a vendor says of the backups that it keeps itself."""
    row = tag(
        "div", icon(status), tag("span", said, class_="wr-what"),
        tag("span", f"read {words.ago(at, now)}" if at else "never read", class_="wr-when"),
        tag("span", " · ".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts), class_="wr-fix"),
        class_="wr-item",
    )  # fmt: skip
    return tag("div", tag("div", row, class_="wr-list"), class_="wr wr-fades")
