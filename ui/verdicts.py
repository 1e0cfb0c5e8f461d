"""A checklist as people see it: the verdict from across the room, each item with its evidence and age, the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import rules.checklist
import words
from model import Entry, Ruling, Run, Signature, Status, Verdict
from ui.markup import Html, icon, inner, joined, outer, pill, symbol, tag, text

STATES = {
    "pass": Status.UP,
    "waived": Status.MAINTENANCE,
    "fail": Status.DOWN,
    "stale": Status.UNKNOWN,
    "missing": Status.UNKNOWN,
    "unknown": Status.UNKNOWN,
}
BANNERS = {"go": Status.UP, "no-go": Status.DOWN, "unsure": Status.UNKNOWN}
SAID = {"go": "GO", "no-go": "NO-GO", "unsure": "UNSURE"}


def banner(verdict: Verdict, now: datetime, tz: ZoneInfo, *, closed: bool = False) -> Html:
    """The verdict, what stands in the way, and how many items pass."""
    state = BANNERS[verdict.state]
    passed = sum(each.fine for each in verdict.rulings)
    beside = f" with {words.count(verdict.waivers, 'waiver')}" if verdict.waivers else ""
    detail = verdict.words.partition(": ")[2]
    say = tag(
        "div",
        tag("p", SAID[verdict.state] + beside, class_="wr-head"),
        tag("p", detail, class_="wr-detail"),
        class_="wr-say",
    )
    age = tag(
        "div",
        tag("b", f"{passed} of {len(verdict.rulings)}"),
        tag("span", f"{'last judged' if closed else 'judged'} {words.ago(verdict.at, now)}"),
        class_="wr-age",
    )
    judged = (
        f"{f'Release {verdict.release}' if verdict.release else 'No release'}, judged {words.moment(verdict.at, tz)}"
    )
    return tag(
        "div",
        tag("div", icon(state), say, age, class_=f"wr-banner wr-{state}", role="status"),
        tag("p", judged, class_="wr-paper"),  # on paper nothing is "just now"
        class_="wr wr-fades",
    )


def items(verdict: Verdict, names: Mapping[str, str], now: datetime, tz: ZoneInfo) -> list[tuple[str, Html]]:
    """(heading, its items) in the order of the list."""
    groups = groupby(verdict.rulings, lambda each: each.item.group)
    return [(group, _list([_item(each, names, now, tz) for each in some])) for group, some in groups]


def _list(rows: Sequence[Html]) -> Html:
    return tag("div", tag("div", *rows, class_="wr-list"), class_="wr wr-fades")


def _item(each: Ruling, names: Mapping[str, str], now: datetime, tz: ZoneInfo) -> Html:
    title = each.item.title + ("" if each.item.blocking else " (advice)")
    said = tag("span", tag("b", title), " ", pill(STATES[each.state], each.state), class_="wr-what")
    when = tag("span", words.ago(each.at, now) if each.at else "never", class_="wr-when", title=_until(each, tz))
    kind = "measured" if each.item.gate else "signed by a person"
    below = " · ".join(part for part in (each.words, each.of and f"from {each.of}", each.item.owner, kind) if part)
    people = [_person(one, names, tz) for one in rules.checklist.stands(each.item, each.signatures, now)]
    return tag(
        "div", icon(STATES[each.state]), said, when, tag("span", below, class_="wr-fix"), *people, class_="wr-item"
    )


def _person(one: Signature, names: Mapping[str, str], tz: ZoneInfo) -> Html:
    """What one person said, and that it counts: of a waiver who asked for it, why, and its end; the evidence."""
    who = f"{names.get(one.actor, one.actor)} ({one.role or 'no role'}{'' if one.verified else ', not verified'})"
    said = f"signed by {who}, {words.moment(one.at, tz)}"
    if one.kind == "waived":
        end = f" until {words.moment(one.until, tz)}" if one.until else ""
        said = f"waived by {who}{end}, asked for by {names.get(one.asked_by, one.asked_by)}"
    note = f": {one.note}" if one.note else ""
    return tag("span", said + note, " " if one.link else "", proof(one.link), class_="wr-fix")


def proof(link: str) -> Html:
    """The evidence somebody named, as a link that says where it leads; plain text when no browser should open it."""
    try:
        host = urlsplit(link).hostname
    except ValueError:
        host = None
    return outer(link, f"evidence at {host} ") if host and str(outer(link, "")) else text(link)


def _until(each: Ruling, tz: ZoneInfo) -> str:
    return f"counts until {words.moment(each.until, tz)}" if each.until else ""


def trail(entries: Sequence[Entry], names: Mapping[str, str], now: datetime, tz: ZoneInfo) -> Html:
    """What people decided, newest first; strangers to the trail see a pseudonym where a name was erased."""
    signs = {
        "signed": "draw",
        "waived": "gavel",
        "withdrawn": "undo",
        "commented": "chat",
        "verdict": "flag",
        "revoked": "gpp_bad",
    }
    rows = []
    for entry in entries:
        act, detail = entry.act, dict(entry.act.detail)
        what = f"{names.get(act.actor, act.actor)} {act.action} {act.subject.rpartition('/')[2]}"
        more = _more(detail, names, tz)
        when = tag("span", words.clock(act.at, tz, now), class_="wr-when", title=words.moment(act.at, tz))
        rows.append(
            tag(
                "div",
                symbol(signs.get(act.action, "edit"), "wr-soft"),
                tag("span", what, class_="wr-what"),
                when,
                more,
                class_="wr-item",
            )
        )
    return tag("div", tag("div", joined(rows), class_="wr-list"), class_="wr wr-fades")


def _more(detail: Mapping[str, str], names: Mapping[str, str], tz: ZoneInfo) -> Html:
    asked, until, link = (detail.get(name, "") for name in ("asked_by", "until", "link"))
    end = f"until {words.moment(datetime.fromisoformat(until), tz)}" if until else ""
    said = " · ".join(
        part for part in (detail.get("note", ""), asked and f"asked for by {names.get(asked, asked)}", end) if part
    )
    return tag("span", said, " " if link else "", proof(link), class_="wr-fix") if said or link else Html("")


def runs(found: Sequence[Run], now: datetime, tz: ZoneInfo) -> Html:
    """The runs of one list, newest first, each as it was judged last; a way to each."""
    return _list([_run(each, each.verdict.release[:12] or "goes on", now, tz) for each in found])


def about(found: Sequence[Run], names: Mapping[str, str], now: datetime, tz: ZoneInfo) -> Html:
    """What each list says of one release, by the name of the list; of those that are configured still."""
    there = [each for each in found if each.verdict.checklist in names]
    return _list([_run(each, names[each.verdict.checklist], now, tz) for each in there])


def _run(each: Run, label: str, now: datetime, tz: ZoneInfo) -> Html:
    one = each.verdict
    link = inner("checklist", label, class_="wr-link", checklist=one.checklist, release=one.release)
    beside = f" with {words.count(one.waivers, 'waiver')}" if one.waivers else ""
    said = tag("span", link, " ", pill(BANNERS[one.state], SAID[one.state] + beside), class_="wr-what")
    when = tag("span", words.clock(one.at, tz, now), class_="wr-when", title=words.moment(one.at, tz))
    below = tag("span", one.words.partition(": ")[2], class_="wr-fix")
    return tag("div", icon(BANNERS[one.state]), said, when, below, class_="wr-item")
