"""Report cards of releases: what was measured before and after, how sure that is, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import words
from model import Comparison, Deployment, ReportCard, Status
from ui.markup import Html, icon, joined, outer, pill, symbol, tag
from ui.outside import Service
from ui.readings import age

ADVICE = {"keep": Status.UP, "watch": Status.DEGRADED, "roll back": Status.DOWN}
SAID = {"keep": "Keep it", "watch": "Watch it", "roll back": "Roll it back"}
PAST = {"keep": "went well", "watch": "not sure", "roll back": "did harm"}
VERDICTS = {"better": Status.UP, "same": Status.UP, "worse": Status.DOWN, "unsure": Status.UNKNOWN}
UNSURE = "not enough data"


def name(one: Deployment) -> str:
    """Its commit, else its id."""
    return one.commit[:7] or one.id


def serving(one: Deployment, since: datetime | None, reading: Service | None, now: datetime, tz: ZoneInfo) -> Html:
    """What people get now, or got when that was last known; its message is a stranger's text."""
    known = reading is not None and reading.known
    said = f"{name(one)} serves production" if known else f"{name(one)} served production when Vercel answered last"
    live = f" serves since {words.moment(since, tz)}, {words.ago(since, now)}" if since and known else ""
    more = [tag("span", symbol("schedule"), live)] if live else []
    more += [tag("span", symbol("account_tree"), f" {one.branch}")] if one.branch else []
    more += [tag("span", symbol("construction"), f" built in {words.lasted(one.built)}")] if one.built else []
    more.append(tag("span", symbol("cloud_download"), f" {age(reading, now)}"))
    say = tag(
        "div", tag("p", said, class_="wr-head"), tag("p", one.message, class_="wr-words"),
        tag("div", *more, outer(one.link or None, "Vercel "), class_="wr-more"), class_="wr-say",
    )  # fmt: skip
    state = Status.UP if known else Status.UNKNOWN
    sign = symbol("rocket_launch", f"wr-{state}", "serves" if known else "not known now")
    return tag("div", tag("div", sign, say, class_=f"wr-banner wr-{state}"), class_="wr wr-fades")


def drawn(card: ReportCard, tz: ZoneInfo, *, known: bool) -> Html:
    """How what serves goes: the advice with its reasons; none where it is not ``known`` whether it still serves."""
    said = SAID[card.advice] if known else "No advice: what serves now is not known"
    reasons = card.reasons if known else ()
    top = tag(
        "div", icon(ADVICE[card.advice] if known else Status.UNKNOWN), tag("b", said),
        tag("span", "; ".join(reasons), class_="wr-soft"), class_="wr-top",
    )  # fmt: skip
    return tag("div", tag("div", top, *_measured(card, tz), class_="wr-wide wr-report"), class_="wr wr-fades")


def way_back(to: str) -> Html:
    """What the command below goes back to."""
    said = f"To go back to {to}, run this yourself: Wardround only reads."
    return tag("div", tag("p", said, class_="wr-soft"), class_="wr")


def folded(cards: Sequence[ReportCard], tz: ZoneInfo, now: datetime) -> Html:
    """A line for each release that served before, with how it went; the numbers unfold."""
    return tag(
        "div", tag("div", *(_folded(each, tz, now) for each in cards), class_="wr-wide wr-report"), class_="wr wr-fades"
    )


def _folded(card: ReportCard, tz: ZoneInfo, now: datetime) -> Html:
    one = card.deployment
    head = tag(
        "summary", tag("span", words.clock(card.at, tz, now), class_="wr-soft"), tag("b", name(one)),
        tag("span", one.message, class_="wr-what"), pill(ADVICE[card.advice], PAST[card.advice]),
    )  # fmt: skip
    reasons = tag("p", "; ".join(card.reasons), class_="wr-soft")
    return tag("details", head, reasons, *_measured(card, tz), class_="wr-fold")


def _measured(card: ReportCard, tz: ZoneInfo) -> tuple[Html, Html]:
    """Every number before and after, and how long was measured."""
    head = tag("tr", *(tag("th", each) for each in ("", "", "before", "after", "difference (95 %)", "n")))
    rows = joined(_row(each) for each in card.rows)
    table = tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="wr-scroll")
    before, after = (words.lasted(each.total_seconds()) for each in (card.at - card.start, card.end - card.at))
    said = f"{before} before and {after} after it began to serve at {words.clock(card.at, tz)}."
    return table, tag("p", said, class_="wr-soft")


def _row(each: Comparison) -> Html:
    verdict = UNSURE if each.verdict == "unsure" else each.verdict
    n = f"{_many(each.n_before)} / {_many(each.n_after)}"
    # the verdict stands beside the name: on a phone the numbers are scrolled to
    return tag(
        "tr", tag("th", each.name, scope="row"), tag("td", pill(VERDICTS[each.verdict], verdict)),
        tag("td", _value(each.before, each.unit)), tag("td", _value(each.after, each.unit)), tag("td", _between(each)),
        tag("td", n),
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
