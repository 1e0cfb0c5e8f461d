"""A store filled by hand, in every way in which a page can find one: the stage of the page tests."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import data.changes
import data.days
import data.findings
import data.flips
import data.intervals
import data.notifications
import data.revision
import data.rollups
import data.samples
import data.series
import data.standings
import data.store
import data.watch
import rules.rollup
from model import (
    Change,
    Day,
    Finding,
    Flip,
    Interval,
    Maintenance,
    Monitor,
    Notice,
    Part,
    Phases,
    Result,
    Rollup,
    Sample,
    Standing,
    Status,
    Uptime,
    WatchReport,
)  # fmt: skip

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {
    "Platform": ("Platform health", "Home page", "Login", "Search", "Prescription form"),
    "Data": ("Database", "Storage", "Realtime", "Auth"),
    "Payments": ("Checkout", "Webhooks", "Payout export"),
    "Outside": ("Hosting", "Mail relay", "Certificate of example.test", "Payment provider"),
    "Jobs": ("Nightly export", "Backup", "Restore drill"),
}
DOWN, SLOW, PARENT = "platform-health", "payout-export", "database"
EVERY = 30.0
FRESH = timedelta(seconds=15)  # how much older than its page a store may be: monitors are late after a minute
_made: dict[tuple[tuple[Monitor, ...], int, str], tuple[datetime, bytes]] = {}  # the newest alone: it may be large
ALIKE = 16  # roll-ups of one level and latency that differ


@dataclass(frozen=True)
class Scene:
    """What the store holds: how many monitors, how long they were watched, since when nobody looks."""

    monitors: tuple[Monitor, ...]
    url: str
    now: datetime
    maintenance: tuple[Maintenance, ...] = ()


def monitors(count: int | None = None) -> tuple[Monitor, ...]:
    """The well-known nineteen, or ``count`` numbered ones in groups of twenty-five."""
    if count is None:
        return tuple(_monitor(name, group) for group, names in NAMES.items() for name in names)
    return tuple(_monitor(f"Monitor number {i:03d}", f"Group {i // 25 + 1:02d}") for i in range(count))


def _monitor(name: str, group: str) -> Monitor:
    key = name.lower().replace(" ", "-").replace(".", "-")
    return Monitor(
        key, name, "http", None, every=EVERY, group=group, critical=key in (DOWN, PARENT),
        public=name if group == "Platform" else None,
        runbook=f"https://runbooks.example.test/{key}" if key in (DOWN, PARENT) else None,
        depends_on=(PARENT,) if key == DOWN else (),
    )  # fmt: skip


def fill(
    path: Path, watched: tuple[Monitor, ...], now: datetime, *, days: int = 90, words: str = "refused the connection"
) -> Scene:
    """A store at ``path`` with two monitors down, one slow and the others up; one was young, one was not watched.

    One that was filled the same way a moment ago is copied; the scene's ``now`` is then of that moment.
    """
    there, url = (watched, days, words), f"sqlite:///{path}"
    made = _made.get(there)
    if made is None or not timedelta(0) <= now - made[0] < FRESH:
        _written(path, watched, now, days, words)
        _made.clear()
        _made[there] = made = (now, path.read_bytes())
    else:
        path.write_bytes(made[1])
        engine = data.store.open(url)
        with data.store.writing(engine) as c:
            data.watch.report(c, _report(now, len(watched)))
        engine.dispose()
    return Scene(watched, url, made[0])


def _written(path: Path, watched: tuple[Monitor, ...], now: datetime, days: int, words: str) -> None:
    began = time.monotonic()
    engine = data.store.open(f"sqlite:///{path}")
    with data.store.writing(engine) as c:
        created = now - timedelta(days=days)
        ids = data.series.ensure(c, [m.key for m in watched] + [f"{DOWN}/database", f"{DOWN}/memory"], created)
        for number, monitor in enumerate(watched):
            _history(c, ids, monitor, number, now, days, words)
        if any(monitor.key == DOWN for monitor in watched):
            _parts(c, ids, now)
            _around(c, now, words)
        took = timedelta(seconds=time.monotonic() - began)  # on a busy machine long enough to be called silent
        data.watch.report(c, _report(now + took, len(watched)))
        data.revision.bump(c)
    engine.dispose()


def _history(c: Any, ids: Any, monitor: Monitor, number: int, now: datetime, days: int, words: str) -> None:
    chance = random.Random(number)
    status, since = _now(monitor, now, days)
    base = chance.choice((22.0, 40.0, 64.0, 120.0, 300.0))
    said = {Status.DOWN: words, Status.DEGRADED: "answered in 6.2 s, slower than 5.0 s"}.get(status, "")
    latency = None if status is Status.DOWN else base
    seen = now - timedelta(seconds=4)
    data.standings.keep(c, ids, [Standing(monitor.key, status, since, seen, said, latency=latency)])
    data.intervals.add(c, ids, list(_intervals(monitor.key, now, days, since, chance)))
    if status is not Status.UP:
        data.flips.add(c, ids, [Flip(monitor.key, Status.UP, status, since, since + timedelta(seconds=6), said)])
    data.days.put(c, ids, list(_days(monitor.key, now, days, chance)))
    hours = [
        _rollup(monitor.key, "hour", _hour(now) - timedelta(hours=h), base, chance, 12)
        for h in range(1, min(days, 4) * 24)
    ]
    data.rollups.put(c, ids, hours)
    start = now - timedelta(hours=24) if monitor.key == DOWN else _hour(now)
    start = start.replace(second=0, microsecond=0)
    minutes = range(int((now - start).total_seconds() // 60))
    data.rollups.put(
        c, ids, [_rollup(monitor.key, "minute", start + timedelta(minutes=m), base, chance, 2) for m in minutes]
    )
    data.samples.add(
        c, ids, [_sample(monitor.key, now - timedelta(seconds=4 + 30 * i), status, base, said) for i in range(40)]
    )


def _now(monitor: Monitor, now: datetime, days: int) -> tuple[Status, datetime]:
    bad = now - timedelta(minutes=12)
    if monitor.key in (DOWN, PARENT):
        return Status.DOWN, bad
    return (Status.DEGRADED, bad) if monitor.key == SLOW else (Status.UP, now - timedelta(days=min(days, 3)))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _intervals(key: str, now: datetime, days: int, since: datetime, chance: random.Random) -> Any:
    """Up, but for a few short outages and two hours that nobody watched."""
    cursor = now - timedelta(days=days)
    blind = now - timedelta(days=min(days, 2) / 2)
    cuts = sorted(now - timedelta(minutes=chance.randint(60, days * 1440)) for _ in range(days // 12))
    for start, end, status in [*((cut, cut + timedelta(minutes=7), Status.DOWN) for cut in cuts)]:
        if cursor < start and end < since:
            yield from _around_blind(key, cursor, start, blind)
            yield Interval(key, status, start, end, "answered 503, not 200")
            cursor = end
    yield from _around_blind(key, cursor, since, blind)


def _around_blind(key: str, start: datetime, end: datetime, blind: datetime) -> Any:
    over = blind + timedelta(hours=2)
    if start < blind and over < end:
        yield Interval(key, Status.UP, start, blind)
        yield Interval(key, Status.UP, over, end)
    else:
        yield Interval(key, Status.UP, start, end)


def _days(key: str, now: datetime, days: int, chance: random.Random) -> Any:
    today = now.astimezone(BERLIN).date()
    for back in range(1, days):
        down = chance.choice((0.0,) * 40 + (240.0, 900.0))
        slow = chance.choice((0.0,) * 40 + (600.0,))
        yield Day(key, today - timedelta(days=back), Uptime(up=86400 - down - slow, degraded=slow, down=down))


def _rollup(key: str, level: str, start: datetime, base: float, chance: random.Random, n: int) -> Rollup:
    return replace(_alike(level, base, n, chance.randrange(ALIKE)), series=key, start=start)


@cache
def _alike(level: str, base: float, n: int, number: int) -> Rollup:
    """One of a few that all others are like: adding up thousands would take longer than the tests."""
    chance, start = random.Random(number), datetime(2026, 1, 1, tzinfo=UTC)
    found = [_sample("", start, Status.UP, base * chance.uniform(0.7, 1.9)) for _ in range(n)]
    return rules.rollup.fold("", level, start, found)


def _sample(key: str, at: datetime, status: Status, ms: float, words: str = "") -> Sample:
    if status is Status.DOWN:
        return Sample(key, at, status, None, words)
    return Sample(key, at, status, ms, words, Phases(ms * 0.05, ms * 0.1, ms * 0.25, ms * 0.5, ms))


def _parts(c: Any, ids: Any, now: datetime) -> None:
    up, down = f"{DOWN}/memory", f"{DOWN}/database"
    since = now - timedelta(minutes=12)
    data.standings.keep(
        c,
        ids,
        [Standing(up, Status.UP, now - timedelta(days=3), now), Standing(down, Status.DOWN, since, now, "timed out")],
    )
    data.intervals.add(c, ids, [Interval(up, Status.UP, now - timedelta(days=80), now - timedelta(days=3))])
    data.intervals.add(c, ids, [Interval(down, Status.UP, now - timedelta(days=80), since)])


def _around(c: Any, now: datetime, words: str) -> None:
    """What else is known of the trouble: the document, findings, a change just before, messages."""
    parts = (Part("database", Status.DOWN, None, words), Part("memory", Status.UP, 1.2))
    finding = Finding(
        "certificate", f"the certificate ends in 16 days {words}", "Renew it, then look at this page again."
    )
    phases = Phases(2.0, 11.0, 24.0, 90.0, 140.0)
    facts = (("commit", "4f2a91c"), ("pid", "4711"), ("http_status", "503"))
    data.standings.keep_result(
        c, DOWN, Result(Status.DOWN, words, None, phases, parts, (finding,), facts), now - timedelta(seconds=4)
    )
    data.findings.put(c, DOWN, [finding], now - timedelta(hours=5))
    deployed = Change(now - timedelta(minutes=15), "commit", f"new commit 4f2a91c {words}", PARENT)
    data.changes.add(
        c,
        [
            deployed,
            replace(deployed, monitor=DOWN),
            Change(now - timedelta(hours=3), "configuration", "2 monitors added"),
        ],
    )
    notice = Notice(f"{DOWN}:down:x", "down", f"Platform health is down: {words}", "body", DOWN)
    data.notifications.owe(c, [("oncall", notice), ("chat", notice)], now, now)
    first, second = data.notifications.recent(c, 2)
    data.notifications.sent(c, [first.id], now)
    data.notifications.failed(c, [second.id], f"the channel answered 410 {words}", now, True)


def _report(now: datetime, count: int) -> WatchReport:
    return WatchReport(
        now, now - timedelta(days=2), 4711, 3, "0.1.0", count, 123456, 3.2, 18.4, 0, 4, 0, False, 2.1, 31_000_000, 0.6
    )


def configuration(path: Path, scene: Scene, *, site: str = "Our platform", demo: bool = True) -> Path:
    """A wardround.toml beside the store that watches what the scene watches."""
    lines = ["[site]", f"name = {json.dumps(site)}", 'timezone = "Europe/Berlin"', f"demo = {str(demo).lower()}"]
    lines += ["[store]", f"url = {json.dumps(scene.url)}"]
    lines += ["[[channel]]", 'key = "oncall"', 'url = "json://user:hunter2@example.test/"']
    for plan in scene.maintenance:
        lines += ["[[maintenance]]", f"title = {json.dumps(plan.title)}", f"start = {plan.start.isoformat()}"]
        lines += [f"end = {plan.end.isoformat()}", f"monitors = {json.dumps(list(plan.monitors))}"]
    for monitor in scene.monitors:
        lines += ["[[monitor]]", *_stated(monitor)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _stated(monitor: Monitor) -> list[str]:
    values = {
        "key": monitor.key,
        "name": monitor.name,
        "check": "http",
        "url": "https://example.test/",
        "group": monitor.group,
    }
    optional = {"runbook": monitor.runbook, "public": monitor.public}
    lines = [f"{key} = {json.dumps(value)}" for key, value in {**values, **optional}.items() if value is not None]
    return [
        *lines,
        f"critical = {str(monitor.critical).lower()}",
        f"depends_on = {json.dumps(list(monitor.depends_on))}",
    ]
