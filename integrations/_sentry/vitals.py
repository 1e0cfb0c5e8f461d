"""Web Vitals p75 and the share of failed requests; field names moved, so old ones are tried after new ones."""

from __future__ import annotations

from typing import Any

from integrations._parts import attempt, fixes, missing, troubles, worst
from integrations._reach import Unmeasured
from integrations._sentry._scope import NOT_OFFERED, Pairs, Scope
from integrations._shape import items, number, table
from model import Figure, Part, Result, Snapshot, Status

NAMES = ("lcp", "inp", "cls", "fcp", "ttfb")
FAMILIES = ("browser.web_vital.{}.value", "measurements.{}")  # newest first
GOOD = {"lcp": 2500.0, "inp": 200.0, "cls": 0.1, "fcp": 1800.0, "ttfb": 800.0}
POOR = {"lcp": 4000.0, "inp": 500.0, "cls": 0.25, "fcp": 3000.0, "ttfb": 1800.0}
ENOUGH = 100


async def read(scope: Scope, options: Any) -> Snapshot:
    """Sentry: GET /organizations/{org}/events/ (Explore), the first dataset and family that hold a value."""
    found = await attempt(_values(scope, options.datasets))
    failures = await attempt(_failures(scope, options.datasets))
    if isinstance(found, Unmeasured):
        raise found
    values, samples, source = found
    parts = [_part(name, values[name], samples) for name in NAMES if name in values]
    figures = _p75(values)
    figures.append(Figure("samples", samples))
    if not isinstance(failures, Unmeasured):
        figures.append(Figure("failure_rate", failures, "%"))
    result = Result(
        worst(part.status for part in parts), troubles(parts), parts=tuple(parts), facts=(("dataset", source),)
    )
    return Snapshot(result, fixes(failures), figures=tuple(figures), unread=missing((failures, ("failure_rate",))))


async def of_release(scope: Scope, datasets: tuple[str, ...], version: str) -> tuple[Figure, ...]:
    """p75 of one release's own page views of the last 14 days and their number; nothing where nothing is held."""
    quoted = version.replace("\\", "").replace('"', "")
    narrowed = [("query", f'release:"{quoted}"'), ("statsPeriod", "14d")]
    try:
        values, samples, _ = await _values(scope, datasets, narrowed)
    except Unmeasured:
        return ()
    return (*_p75(values), Figure("samples", samples))


def _p75(values: dict[str, float]) -> list[Figure]:
    return [Figure(f"{name}_p75", values[name], "" if name == "cls" else "ms") for name in NAMES if name in values]


async def _values(
    scope: Scope, datasets: tuple[str, ...], narrowed: Pairs | None = None
) -> tuple[dict[str, float], int, str]:
    """(p75 by vital, how many events, dataset). Raises Unmeasured when none has a value."""
    refused = 0
    for dataset in datasets:
        for family in FAMILIES:
            fields = {name: f"p75({family.format(name)})" for name in NAMES}
            try:
                row = await _row(scope, dataset, [*fields.values(), "count()"], narrowed)
            except Unmeasured as reason:
                if reason.words != NOT_OFFERED:
                    raise
                refused += 1
                continue
            values = {name: value for name, each in fields.items() if (value := number(row.get(each))) is not None}
            if values:
                return values, int(number(row.get("count()")) or 0), dataset
    if refused == len(datasets) * len(FAMILIES):
        raise Unmeasured(NOT_OFFERED)
    raise Unmeasured("Sentry holds no Web Vitals of the last 24 hours", "is browser tracing on in the platform?")


async def _failures(scope: Scope, datasets: tuple[str, ...]) -> float:
    """Per cent; some servers answer 500 to this question alone."""
    for dataset in datasets:
        try:
            value = number((await _row(scope, dataset, ["failure_rate()"])).get("failure_rate()"))
        except Unmeasured as reason:
            if reason.words != NOT_OFFERED and (reason.status or 0) < 500:
                raise
            continue
        if value is not None and 0 <= value <= 1:
            return 100 * value
    raise Unmeasured(NOT_OFFERED)


async def _row(scope: Scope, dataset: str, fields: list[str], narrowed: Pairs | None = None) -> dict[str, Any]:
    which: Pairs = narrowed or [("statsPeriod", "24h")]
    pairs: Pairs = [("dataset", dataset), ("per_page", 1), *which, *(("field", each) for each in fields)]
    body = await scope.offered("events/", pairs)
    return next(iter(items(table(body).get("data"))), {})


def _part(name: str, value: float, samples: int) -> Part:
    said = f"{value:.2f}" if name == "cls" else f"{value:.0f} ms"
    if samples < ENOUGH:
        return Part(name, Status.UNKNOWN, None, f"not enough data ({samples} of {ENOUGH})")
    if value <= GOOD[name]:
        return Part(name, Status.UP, None, said)
    return Part(name, Status.DEGRADED, None, f"{said}, {'poor' if value > POOR[name] else 'needs improvement'}")
