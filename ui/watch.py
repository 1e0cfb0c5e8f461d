"""The watch's own health in facts: what is late, owed, given up, and on what it runs."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

import words
from model import Status, WatchReport
from ui.lists import empty, facts
from ui.markup import Html, icon, tag
from ui.store import Watch

LATE = 15.0  # seconds without a report, after which nobody watches


def poller(seen: Watch, now: datetime, tz: ZoneInfo, advice: Sequence[str] = ()) -> Html:
    """What the poller says of itself; when it says nothing, that first. ``advice``: what it was told leaves a gap."""
    report = seen.report
    if report is None:
        return empty(
            "No poller has ever run on this store.",
            "`streamlit run app.py` starts one; so does `python wardround.py poll`.",
        )
    silent = (now - report.at).total_seconds() > LATE
    return facts(
        [
            ("Last sign of life", _bad(words.ago(report.at, now), silent)),
            *_said(report, tz),
            *(("Advice", each) for each in advice),
        ]
    )


def _said(report: WatchReport, tz: ZoneInfo) -> list[tuple[str, str | Html]]:
    return [
        ("Started", words.moment(report.started, tz)),
        ("Watches", words.count(report.monitors, "monitor")),
        ("Probes since start", f"{report.probes:,}".replace(",", " ")),
        ("Late, half of all probes", words.ms(report.late_p50)),
        ("Late, 99 of 100 probes", _bad(words.ms(report.late_p99), report.late_p99 > 1000)),
        ("Missed", _bad(str(report.missed), report.missed > 0)),
        ("Running, queued", f"{report.running}, {report.queued}"),
        ("One commit takes", words.ms(report.commit_ms)),
        ("Our own line", _bad("cut: nothing can be reached", True) if report.blind else "open"),
        ("Process, epoch", f"{report.pid}, {report.epoch}"),
        *([("It says", report.words)] if report.words else []),
    ]


def outbox(seen: Watch, now: datetime) -> Html:
    """Messages owed and given up."""
    oldest = f"the oldest for {words.lasted((now - seen.oldest).total_seconds())}" if seen.oldest else "none"
    return facts(
        [
            ("Waiting to be sent", f"{seen.waiting}, {oldest}" if seen.waiting else "none"),
            ("Given up after 48 h of trying", _bad(words.count(len(seen.dead), "message"), bool(seen.dead))),
        ]
    )


def store_and_versions(seen: Watch) -> list[tuple[str, str | Html]]:
    """Where history is kept, and what this runs on."""
    report = seen.report
    free = report.disk_free if report else 1.0
    put_aside = [("Put aside", _bad(seen.notes["quarantined"], True))] if "quarantined" in seen.notes else []
    return [
        ("Size of the store", words.size(seen.bytes)),
        ("Free on its disk", _bad(words.share(free, 1.0), free < 0.1)),
        *put_aside,
        ("Kind of store", seen.engine),
        ("Wardround", report.version if report else "not known"),
        ("Python", platform.python_version()),
        ("Streamlit", st.__version__),
    ]


def _bad(said: str, bad: bool) -> str | Html:
    return tag("span", icon(Status.DOWN), f" {said}", class_="wr-bad") if bad else said
