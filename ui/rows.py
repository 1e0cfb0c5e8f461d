"""The board of the posture: sections in a line, rules with what was found, and how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import words
from model import Status
from ui.markup import Html, icon, inner, joined, tag
from ui.posture import Rule, Section

SIGNS = {status: f":material/{sign}:" for status, sign in words.STATUS_SHAPE.items()}


def head(section: Section, now: datetime) -> str:
    """One section in a line for an expander: how much is right, how old that is."""
    fine = sum(each.status is Status.UP for each in section.rules)
    how = "there" if section.unseen else "right"
    many = f"{fine} of {len(section.rules)} {how}" if section.rules else section.words
    return f"{section.title} · {many} · {words.ago(section.at, now) if section.at else 'never seen'}"


def source(section: Section) -> Html:
    """Where the rules of a section come from, with a way to its history."""
    name = (
        inner("monitor", section.name, class_="wr-link", monitor=section.monitor) if section.monitor else section.name
    )
    said = section.words or words.STATUS_WORD[section.status]
    return tag("div", tag("p", name, f": {said}", class_="wr-soft"), class_="wr")


def rows(found: Sequence[Rule]) -> list[Html]:
    """Each rule with what was found, and below it how to mend what is wrong."""
    return [_row(each) for each in found]


def _row(each: Rule) -> Html:
    below = [tag("span", each.words, class_="wr-fix")] if each.words else []
    below += [tag("span", tag("b", "Fix: "), each.fix, class_="wr-fix")] if each.fix else []
    note = "note" if each.fix and each.status is Status.UP else words.STATUS_WORD[each.status]
    return tag(
        "div", icon(each.status), tag("span", each.name, class_="wr-what"), tag("span", note, class_="wr-when"), *below,
        class_="wr-item",
    )  # fmt: skip


def listed(items: Iterable[Html]) -> Html:
    """A card around rows."""
    return tag("div", tag("div", joined(items), class_="wr-list"), class_="wr wr-fades")
