"""The worst in words with the age of the data, large or as a strip; and the warning that a page got no news."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Status
from ui.markup import Html, icon, inner, symbol, tag

LATE = "This page has had no news for 20 seconds: what it shows may be over. It mends itself when the server answers again."


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
    return tag("div", tag("div", tag("span", said, class_="wr-soft"), class_="wr-strip wr-narrow", role="status"), late(now), class_="wr")


def late(now: datetime) -> Html:
    """Hidden for 20 s, then at the foot of the window; a new moment makes a new element, so its clock begins anew."""
    return tag("div", symbol("cloud_off"), LATE, class_="wr-late", role="alert", data_at=now.isoformat())


def _age(seen: datetime | None, now: datetime) -> str:
    return words.ago(seen, now) if seen else "no data yet"


def _clock(seen: datetime | None, tz: ZoneInfo) -> str:
    return f"last look, {words.moment(seen, tz)}" if seen else "nobody has looked yet"
