"""What browsers measure in the demo: a slow page, phones behind desktops, and the table they insert into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from math import cos, exp, log, pi
from statistics import NormalDist
from typing import Any

from demo.chance import number, share
from demo.schedule import HISTORY, Schedule
from model import Histogram, VitalRollup
from rules import histogram, vitals

TABLE, SOURCE = "web_vitals", "supabase"  # what came lately comes from there, so the past did as well
# p75 on a desktop, on a fast page
BASE = {"LCP": 1500.0, "INP": 90.0, "CLS": 0.03, "FCP": 900.0, "TTFB": 380.0}
SPREAD = 0.55
QUARTILE = NormalDist().inv_cdf(0.75)
PAGES = {  # route -> (how much slower, share of all views)
    "/": (0.8, 0.30),
    "/prescriptions": (1.1, 0.24),
    "/prescriptions/:id": (1.35, 0.20),
    "/medicines/search": (1.2, 0.14),
    "/checkout": (1.9, 0.08),
    "/dashboard": (1.0, 0.04),
}
DEVICES = {"desktop": (1.0, 0.45), "phone": (1.55, 0.55)}
METRICS = {
    "api.prescriptions": (120.0, 0.004),
    "api.medicines": (60.0, 0.001),
    "database.prescriptions": (24.0, 0.0005),
    "page.checkout.load_complete": (2400.0, 0.0),
    "realtime.messages": (45.0, 0.012),
}
VIEWS = 120  # page views of an hour by day
EVERY, SHOWN = timedelta(seconds=9), timedelta(minutes=6)
CLOSE = timedelta(days=8)
GRID = 48  # values that stand for an hour's distribution


def _busy(at: datetime) -> float:
    """How busy an hour is beside a busy one."""
    return 0.55 - 0.45 * cos(2 * pi * (at.hour - 3) / 24)


def level(schedule: Schedule, name: str, route: str, device: str, at: datetime) -> float:
    """The p75 of an hour."""
    hour = int(at.timestamp()) // 3600
    slower = PAGES[route][0] * DEVICES[device][0] if name != "INP" else DEVICES[device][0] ** 2 * PAGES[route][0] ** 0.5
    drift = 0.92 + 0.16 * share(schedule.seed, "vitals", name, hour // 5)
    trouble = name in ("LCP", "FCP", "TTFB") and _troubled(schedule, at)
    return BASE[name] * slower * drift * (2.2 if trouble else 1.0)


@lru_cache(maxsize=64)  # every page on every device asks for the same hour, one after the other
def _troubled(schedule: Schedule, at: datetime) -> bool:
    return schedule.at("home", at) is not None


@lru_cache(maxsize=512)
def _shape(name: str, step: int) -> tuple[Histogram, tuple[int, int, int]]:
    """The buckets and ratings of ``GRID`` values about a p75 of 1.05 ** step."""
    bell = NormalDist()
    values = [1.05**step * exp(SPREAD * (bell.inv_cdf((k + 0.5) / GRID) - QUARTILE)) for k in range(GRID)]
    values = [value / 1000 for value in values] if name == "CLS" else values
    rated = [vitals.rating(name, value) for value in values]
    counts = tuple(rated.count(kind) for kind in vitals.RATINGS)
    scaled = histogram.of(value * 1000 if name == "CLS" else value for value in values)
    return scaled, (counts[0], counts[1], counts[2])


def _step(name: str, p75: float) -> int:
    return round(log(p75 * 1000 if name == "CLS" else p75) / log(1.05))


@lru_cache(maxsize=4096)
def _scaled(name: str, step: int, times: int) -> tuple[Histogram, tuple[int, int, int]]:
    """The same of ``times`` as many values."""
    values, (good, needs, poor) = _shape(name, step)
    counts = tuple([(bucket, n * times) for bucket, n in values.counts])
    return Histogram(counts), (good * times, needs * times, poor * times)


def _rolled(name: str, route: str, device: str, release: str, start: datetime, p75: float, times: int) -> VitalRollup:
    values, rated = _scaled(name, _step(name, p75), times)
    return VitalRollup(name, route, device, release, SOURCE, start, *rated, values)


def hours(schedule: Schedule) -> Iterator[VitalRollup]:
    """Every hour of the last eight days that was over when the demo opened."""
    at = schedule.opened.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    while at > schedule.opened - CLOSE:
        yield from _stretch(schedule, at, schedule.release(at).commit, _busy(at))
        at -= timedelta(hours=1)


def days(schedule: Schedule) -> Iterator[VitalRollup]:
    """Every day of the ninety, the day of the opening as far as it went."""
    at = schedule.opened.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = (schedule.opened - at) / timedelta(days=1)
    while at > schedule.opened - HISTORY:
        noon = at + timedelta(hours=12)
        yield from _stretch(schedule, at, schedule.release(min(noon, schedule.opened)).commit, 13 * begun, noon)
        at, begun = at - timedelta(days=1), 1.0


def _stretch(
    schedule: Schedule, at: datetime, release: str, busy: float, middle: datetime | None = None
) -> Iterator[VitalRollup]:
    look = middle or at
    for route, (_, views) in PAGES.items():
        for device, (_, part) in DEVICES.items():
            times = max(1, round(busy * VIEWS * views * part / GRID * 4))
            for name in BASE if times else ():
                yield _rolled(name, route, device, release, at, level(schedule, name, route, device, look), times)
    for name, (p75, failing) in METRICS.items():
        times = max(1, round(busy * VIEWS / GRID))
        rolled = _rolled(
            name, "other", "desktop", release, at, p75 * (0.9 + 0.2 * share(name, int(at.timestamp()))), times
        )
        failed = round(rolled.n * failing * 2 * share("fails", name, int(at.timestamp())))
        yield VitalRollup(name, "other", "desktop", release, SOURCE, at, rolled.n - failed, 0, failed, rolled.values)


def rows(schedule: Schedule, now: datetime) -> list[dict[str, Any]]:
    """The newest rows of the table that the demo's browsers insert into."""
    first = int((now - SHOWN).timestamp() / EVERY.total_seconds())
    found = []
    for view in range(first, int(now.timestamp() / EVERY.total_seconds())):
        at = datetime.fromtimestamp(view * EVERY.total_seconds(), now.tzinfo)
        route = _weighted({page: views for page, (_, views) in PAGES.items()}, "page", view)
        device = _weighted({kind: part for kind, (_, part) in DEVICES.items()}, "device", view)
        for name in BASE:
            z = NormalDist().inv_cdf((number("z", name, view) % 9998 + 1) / 10_000)
            value = level(schedule, name, route, device, at) * exp(SPREAD * (z - QUARTILE))
            path = route.replace(":id", str(1000 + view % 977))
            found.append(
                {
                    "metric_id": f"v6-{view}-{name}",
                    "name": name,
                    "value": round(value, 4),
                    "path": path,
                    "device": device,
                    "failed": False,
                    "created_at": at.isoformat(),
                }
            )
    return found[::-1]


def _weighted(weights: dict[str, float], *names: object) -> str:
    at = share(*names) * sum(weights.values())
    for name, weight in weights.items():
        at -= weight
        if at < 0:
            return name
    return next(iter(weights))
