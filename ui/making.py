"""The figures of one monitor in words, and how each was made."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import words
from model import Status
from ui.board import SPAN, share_words
from ui.detail import Detail
from ui.markup import Html

Pairs = list[tuple[str, str | Html]]
COINCIDENCE = (
    "What a vendor announces may explain downtime, it never excuses it: uptime counts every second all the same."
)
RULE = (
    "Uptime is up time over up and down time, in seconds of confirmed intervals, rounded down. Degraded counts as up. "
    "Maintenance and time that nobody watched count in neither. Latency is taken from all answers of the window in "
    "buckets two per cent wide; probes that failed have none."
)


def figures(detail: Detail) -> Pairs:
    """The headline figures of the window."""
    span, latency = SPAN[detail.window], detail.latency
    return [
        (f"Uptime, {span}", words.share(detail.uptime.up + detail.uptime.degraded, _known(detail))),
        ("Watched", words.share(_known(detail), _known(detail) + detail.uptime.unknown)),
        ("Median answer (p50)", words.ms(latency.p50) if latency.n else words.NO_DATA),
        ("95 of 100 within (p95)", words.ms(latency.p95) if latency.n else words.NO_DATA),
        ("99 of 100 within (p99)", words.ms(latency.p99) if latency.n else words.NO_DATA),
        ("Went bad", words.count(sum(f.after in (Status.DOWN, Status.DEGRADED) for f in detail.flips), "time")),
    ]


def blame(detail: Detail) -> Pairs:
    """Its downtime beside what the vendors said of themselves; nothing when there is nothing to say."""
    found = detail.blame
    if found is None or not found.total:
        return []
    beside = f"{words.lasted(found.vendor)} ({', '.join(found.vendors)})" if found.vendors else "none of it"
    return [
        ("Down in this window", words.lasted(found.total)),
        ("Beside trouble that a vendor announced", beside),
        ("While no vendor announced any", words.lasted(found.ours)),
        ("While a vendor's page could not be read", words.lasted(found.unknown)),
    ]


def _known(detail: Detail) -> float:
    return detail.uptime.up + detail.uptime.degraded + detail.uptime.down


def uptime(detail: Detail, tz: ZoneInfo) -> Pairs:
    """Numerators and denominators of the share."""
    seconds = detail.uptime
    between = " and ".join(f"{words.floored(100 * share, 3)} %" for share in detail.bounds or ()) or words.NO_DATA
    return [
        ("From", words.moment(detail.start, tz)),
        ("To", words.moment(detail.end, tz)),
        ("Up", _seconds(seconds.up)),
        ("Degraded", _seconds(seconds.degraded)),
        ("Down", _seconds(seconds.down)),
        ("Maintenance", _seconds(seconds.maintenance)),
        ("Nobody watched", _seconds(seconds.unknown)),
        ("The truth lies between", between),
        ("Answers measured", f"{detail.latency.n:,}".replace(",", " ")),
        ("One point stands for", words.lasted(detail.step)),
    ]


def _seconds(value: float) -> str:
    return f"{value:,.0f} s".replace(",", " ")


def course(detail: Detail) -> str:
    """The chart in words."""
    return (
        f"States, latency and changes of the last {SPAN[detail.window]}: {share_words(detail.tile)} available, "
        f"median {words.ms(detail.latency.p50)}, {words.count(len(detail.changes), 'change')}"
    )


def phases(detail: Detail) -> str:
    """The chart in words."""
    return f"Mean time of each step of an answer over the last {SPAN[detail.window]}"
