"""One outside service as people see it: its state in words, what to fix, and what it announces about itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import VendorIncident
from ui.markup import Html, icon, joined, outer, symbol, tag
from ui.outside import Service

HOW = "An empty [vendors] table in wardround.toml reads the status pages of Vercel, Supabase, Stripe and Sentry."


def state(service: Service, now: datetime, tz: ZoneInfo) -> Html:
    """State, since when, the reason, how old the last good answer is, and what a person can do."""
    tile = service.tile
    said = [words.STATUS_WORD[tile.status]]
    if tile.since:
        said.append(f"since {words.moment(tile.since, tz)}, for {words.lasted((now - tile.since).total_seconds())}")
    age = f"measured {words.ago(service.good_at, now)}" if service.good_at else "never measured yet"
    fix = [tag("span", symbol("build"), f" {service.fix}")] if service.fix else []
    say = tag(
        "div", tag("p", ", ".join(said), class_="wr-state"), tag("p", tile.words, class_="wr-words"),
        tag("div", tag("span", symbol("schedule"), f" {age}"), *fix, class_="wr-more"), class_="wr-say",
    )  # fmt: skip
    return tag("div", tag("div", icon(tile.status), say, class_=f"wr-banner wr-{tile.status}"), class_="wr wr-fades")


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
