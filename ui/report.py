"""Report cards of releases: what was measured before and after, how sure that is, and what to do."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Comparison, Deployment, ReportCard, Status
from ui.markup import Html, icon, joined, outer, pill, symbol, tag

ADVICE = {"keep": Status.UP, "watch": Status.DEGRADED, "roll back": Status.DOWN}
SAID = {"keep": "Keep it", "watch": "Watch it", "roll back": "Roll it back"}
PAST = {"keep": "went well", "watch": "not sure", "roll back": "did harm"}
VERDICTS = {"better": Status.UP, "same": Status.UP, "worse": Status.DOWN, "unsure": Status.UNKNOWN}
UNSURE = "not enough data"


def name(one: Deployment) -> str:
    """Its commit, else its id."""
    return one.commit[:7] or one.id


def serving(one: Deployment, now: datetime, tz: ZoneInfo) -> Html:
    """What people get now; its message is a stranger's text."""
    live = one.ready or one.created
    more = [tag("span", symbol("schedule"), f" live since {words.moment(live, tz)}, {words.ago(live, now)}")]
    more += [tag("span", symbol("account_tree"), f" {one.branch}")] if one.branch else []
    more += [tag("span", symbol("construction"), f" built in {words.lasted(one.built)}")] if one.built else []
    say = tag(
        "div", tag("p", f"{name(one)} serves production", class_="wr-head"), tag("p", one.message, class_="wr-words"),
        tag("div", *more, outer(one.link or None, "Vercel "), class_="wr-more"), class_="wr-say",
    )  # fmt: skip
    sign = symbol("rocket_launch", "wr-up", "serves")
    return tag("div", tag("div", sign, say, class_="wr-banner wr-up"), class_="wr wr-fades")


def title(card: ReportCard, tz: ZoneInfo, now: datetime) -> str:
    """One line for an expander: plain text, cut short."""
    one = card.deployment
    return f"{words.clock(card.at, tz, now)} · {name(one)} · {PAST[card.advice]}"


def drawn(card: ReportCard, tz: ZoneInfo, past: bool = False) -> Html:
    """The advice with its reasons, and every number before and after; of a release that is ``past``, how it went."""
    said = PAST[card.advice].capitalize() if past else SAID[card.advice]
    state, span = ADVICE[card.advice], words.lasted((card.end - card.at).total_seconds())
    top = tag(
        "div", icon(state), tag("b", said), tag("span", "; ".join(card.reasons), class_="wr-soft"),
        class_="wr-top",
    )  # fmt: skip
    head = ("", "before", "after", "difference (95 %)", "n", "")
    cells = tag("tr", *(tag("th", each) for each in head))
    rows = joined(_row(each) for each in card.rows)
    before = words.lasted((card.at - card.start).total_seconds())
    note = f"{before} before and {span} after it went live at {words.clock(card.at, tz)}."
    table = tag("div", tag("table", tag("thead", cells), tag("tbody", rows)), class_="wr-scroll")
    return tag(
        "div",
        tag("div", top, table, tag("p", note, class_="wr-soft"), class_="wr-wide wr-report"),
        class_="wr wr-fades",
    )


def _row(each: Comparison) -> Html:
    verdict = UNSURE if each.verdict == "unsure" else each.verdict
    n = "" if each.name == "new issues" else f"{_many(each.n_before)} / {_many(each.n_after)}"
    return tag(
        "tr", tag("th", each.name, scope="row"), tag("td", _value(each.before, each.unit)),
        tag("td", _value(each.after, each.unit)), tag("td", _between(each)), tag("td", n),
        tag("td", pill(VERDICTS[each.verdict], verdict)),
    )  # fmt: skip


def _many(n: int) -> str:
    return f"{n:,}".replace(",", " ")


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return words.NO_DATA
    if unit == "ms":
        return words.ms(value)
    return f"{value:.2f} %" if unit == "%" else f"{value:.3g}"


def _between(each: Comparison) -> str:
    """The interval of the difference with its signs; a dash where there is none."""
    if each.low is None or each.high is None:
        return "—"
    digits = 2 if each.unit == "%" else 0
    return f"{each.low:+.{digits}f} to {each.high:+.{digits}f} {each.unit}".strip()
