"""The page for stakeholders: made from what rules.public lets through, and from nothing else."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Maintenance, PublicComponent, PublicStatus
from rules.public import WORD
from ui.bars import strip
from ui.lists import empty
from ui.markup import Html, icon, joined, tag


def headline(status: PublicStatus) -> Html:
    """One sentence."""
    say = tag(
        "div", tag("p", status.headline, class_="wr-head"), tag("p", status.site, class_="wr-detail"), class_="wr-say"
    )
    return _narrow(tag("div", icon(status.status), say, class_=f"wr-banner wr-{status.status}"))


def components(status: PublicStatus) -> Html:
    """Each thing under its public name, with its days."""
    if not status.components:
        return empty("Nothing is published here yet.", 'A monitor appears when it has a public name: public = "..."')
    lines = joined(_component(each) for each in status.components)
    ends = tag("div", tag("span", "90 days ago"), tag("span", "today"), class_="wr-ends")
    return _narrow(tag("div", lines, ends, class_="wr-wide"))


def _component(each: PublicComponent) -> Html:
    seconds = each.uptime
    good = seconds.up + seconds.degraded
    share = words.share(good, good + seconds.down)
    top = tag(
        "div", icon(each.status), tag("b", each.name),
        tag("span", WORD[each.status], class_=f"wr-why wr-{each.status}"),
        tag("span", share, class_="wr-soft"), class_="wr-top",
    )  # fmt: skip
    return tag("div", top, strip(each.bars, f"{each.name}: worked {share} of the last 90 days"), class_="wr-line")


def planned(status: PublicStatus, tz: ZoneInfo) -> Html:
    """Maintenance that is under way or to come."""
    rows = (_plan(plan, tz) for plan in status.maintenance)
    said = joined(rows) if status.maintenance else tag("div", "None is planned.", class_="wr-line wr-soft")
    return _narrow(tag("h3", "Planned maintenance", class_="wr-sub"), tag("div", said, class_="wr-wide"))


def _plan(plan: Maintenance, tz: ZoneInfo) -> Html:
    span = tag("span", f"{_soon(plan.start, tz)} to {_soon(plan.end, tz)}")
    return tag("div", tag("div", tag("b", plan.title), span, class_="wr-top"), class_="wr-line wr-soft")


def _soon(at: datetime, tz: ZoneInfo) -> str:
    """A day and a clock, without seconds."""
    local = at.astimezone(tz)
    return f"{local.day} {local:%b %H:%M}"


def _narrow(*inside: Html) -> Html:
    return tag("div", tag("div", *inside, class_="wr-narrow"), class_="wr wr-fades")
