"""One outside service as people see it: its state in words, what to fix, and what it announces about itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import words
from model import Status, Tile, VendorIncident
from settings import Settings
from ui.bars import strip
from ui.board import SPAN, history_words
from ui.markup import Html, icon, joined, outer, pill, symbol, tag
from ui.outside import Service

BESIDE = ("sentry.health", "sentry.vitals")  # what the page Errors reads beside issues
SENTRY = "A [sentry] table in wardround.toml with org and token reads it; wardround.example.toml shows how."
VERCEL = "A [vercel] table in wardround.toml with project and token reads it; wardround.example.toml shows how."
HOW = "An empty [vendors] table in wardround.toml reads the status pages of Vercel, Supabase, Stripe and Sentry."


def state(service: Service, now: datetime, tz: ZoneInfo) -> Html:
    """State, since when, the reason, how old the last good answer is, and what a person can do."""
    tile = service.tile
    said = [f"{tile.name}: {words.STATUS_WORD[tile.status]}"]
    if tile.since:
        said.append(f"since {words.moment(tile.since, tz)}, for {words.lasted((now - tile.since).total_seconds())}")
    fix = [tag("span", symbol("build"), f" {service.fix}")] if service.fix else []
    say = tag(
        "div", tag("p", ", ".join(said), class_="wr-state"), tag("p", tile.words, class_="wr-words"),
        tag("div", tag("span", symbol("schedule"), f" {age(service, now)}"), *fix, class_="wr-more"), class_="wr-say",
    )  # fmt: skip
    return tag("div", tag("div", icon(tile.status), say, class_=f"wr-banner wr-{tile.status}"), class_="wr wr-fades")


def age(service: Service | None, now: datetime) -> str:
    """How old its last good answer is."""
    at = service.good_at if service else None
    return f"measured {words.ago(at, now)}" if at else "never measured yet"


def grouped(found: Sequence[Service], told: Settings) -> list[tuple[str, list[Service]]]:
    """(title, its readings) of each outside service."""
    titles = {each.name: each.title for each in told.integrations}
    return [
        (titles.get(name, name), list(some))
        for name, some in groupby(found, lambda each: each.tile.key.partition(".")[0])
    ]


def rows(found: Sequence[Service], now: datetime, window: str) -> Html:
    """One line a reading: state, reason, how old the last good answer is, what a person can do; its strip below."""
    ends = tag("div", tag("span", f"{SPAN[window]} ago"), tag("span", "now"), class_="wr-ends")
    return tag(
        "div",
        tag("div", *(_line(each, now, window) for each in found), ends, class_="wr-wide wr-slim"),
        class_="wr wr-fades",
    )


def brief(found: Sequence[Service], now: datetime) -> Html:
    """One line a reading: state, how old its last good answer is; below, why and what a person can do."""
    return tag("div", tag("div", *(_brief(each, now) for each in found), class_="wr-list"), class_="wr wr-fades")


def _brief(service: Service, now: datetime) -> Html:
    tile = service.tile
    below = [tag("span", tile.words, class_=f"wr-fix wr-why wr-{tile.status}")] if tile.words else []
    below += [tag("span", symbol("build"), f" {service.fix}", class_="wr-fix")] if service.fix else []
    return tag(
        "div", icon(tile.status), tag("span", f"{tile.name} ", pill(tile.status), class_="wr-what"),
        tag("span", age(service, now), class_="wr-when"), *below, class_="wr-item",
    )  # fmt: skip


def as_of(service: Service, now: datetime) -> Html:
    """Says of what is shown below that it is old."""
    return tag("div", tag("p", f"What is shown is old: {age(service, now)}.", class_="wr-soft"), class_="wr")


def _line(service: Service, now: datetime, window: str) -> Html:
    tile = service.tile
    since = f"for {words.lasted((now - tile.since).total_seconds())}" if tile.since else ""
    top = tag(
        "div", icon(tile.status), tag("b", tile.name), pill(tile.status), tag("span", since, class_="wr-soft"),
        *([tag("span", symbol("key"), f" {service.key}", class_="wr-soft")] if service.key else []),
        tag("span", age(service, now), class_="wr-soft"), class_="wr-top",
    )  # fmt: skip
    reason = tag("p", tile.words, class_=f"wr-why wr-{tile.status}") if tile.words else Html("")
    fix = tag("p", symbol("build"), f" {service.fix}", class_="wr-soft") if service.fix else Html("")
    return tag("div", top, reason, fix, strip(tile.bars, history_words(tile, window)), class_="wr-line")


def parts(found: Sequence[Service]) -> list[Tile]:
    """The parts of all of them, the worst first."""
    order = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN)
    every = [part for each in found for part in each.parts]
    return sorted(every, key=lambda part: order.index(part.status) if part.status in order else len(order))


def audited(at: datetime | None) -> Html:
    """What events are looked through for, once they were."""
    said = (
        "The newest events of the top issues are looked through for what must not be in them. "
        "Only the place is kept, never the value."
        if at
        else "No event was looked through yet."
    )
    return tag("div", tag("p", said, class_="wr-soft"), class_="wr")


def announced(found: Sequence[VendorIncident], now: datetime, tz: ZoneInfo) -> Html:
    """What vendors announce: trouble and planned work, newest first."""
    rows = joined(_announced(each, now, tz) for each in sorted(found, key=lambda each: each.started, reverse=True))
    return tag("div", tag("div", rows, class_="wr-list"), class_="wr wr-fades")


def _announced(each: VendorIncident, now: datetime, tz: ZoneInfo) -> Html:
    planned = each.impact == "maintenance"
    sign = symbol("build_circle" if planned else "campaign", "wr-soft", "planned work" if planned else "incident")
    said = f"{each.vendor}: {each.title} ({each.impact}, {each.state.replace('_', ' ')})"
    when = tag("span", words.clock(each.started, tz, now), class_="wr-when", title=words.moment(each.started, tz))
    return tag(
        "div", sign, tag("span", said, class_="wr-what"), when, outer(each.link or None, "Read "), class_="wr-item"
    )
