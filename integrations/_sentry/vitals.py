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
# how many measurements of one vital: a plain count() counts every span, also those of the database
COUNTS = {"spans": "count({})"}
OLDER = "count_web_vitals({}, any)"
REQUESTS = {"spans": "is_transaction:true"}  # a share of requests, not of all that happens within them
GOOD = {"lcp": 2500.0, "inp": 200.0, "cls": 0.1, "fcp": 1800.0, "ttfb": 800.0}
POOR = {"lcp": 4000.0, "inp": 500.0, "cls": 0.25, "fcp": 3000.0, "ttfb": 1800.0}
ENOUGH = 100
Values = dict[str, tuple[float, int | None]]  # by vital: p75, and of how many measurements


async def read(scope: Scope, options: Any) -> Snapshot:
    """Sentry: GET /organizations/{org}/events/ (Explore), the first dataset and family that hold a value."""
    found = await attempt(_values(scope, options.datasets))
    failures = await attempt(_failures(scope, options.datasets))
    if isinstance(found, Unmeasured):
        raise found
    values, source = found
    parts = [_part(name, *values[name]) for name in NAMES if name in values]
    figures = _p75(values)
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
        values, _ = await _values(scope, datasets, narrowed)
    except Unmeasured:
        return ()
    return tuple(_p75(values))


def _p75(values: Values) -> list[Figure]:
    """p75 of each with its number; ``samples`` is the smallest of these: what holds for all."""
    figures = [Figure(f"{name}_p75", value, "" if name == "cls" else "ms") for name, (value, _) in values.items()]
    figures += [Figure(f"{name}_samples", n) for name, (_, n) in values.items() if n is not None]
    return [*figures, Figure("samples", min(n or 0 for _, n in values.values()))]


async def _values(scope: Scope, datasets: tuple[str, ...], narrowed: Pairs | None = None) -> tuple[Values, str]:
    """(p75 and number by vital, dataset). Raises Unmeasured when none has a value."""
    refused = 0
    for dataset in datasets:
        for family in FAMILIES:
            try:
                values = await _together(scope, dataset, family, narrowed)
            except Unmeasured as reason:
                if reason.words != NOT_OFFERED:
                    raise
                refused += 1
                continue
            if values:
                return values, dataset
    if refused == len(datasets) * len(FAMILIES):
        raise Unmeasured(NOT_OFFERED)
    raise Unmeasured("Sentry holds no Web Vitals of the last 24 hours", "is browser tracing on in the platform?")


async def _together(scope: Scope, dataset: str, family: str, narrowed: Pairs | None) -> Values:
    """All vitals with one question; one by one where a server does not count so."""
    counts = COUNTS.get(dataset, OLDER)
    fields = {name: (f"p75({family.format(name)})", counts.format(family.format(name))) for name in NAMES}
    try:
        row = await _row(scope, dataset, [each for pair in fields.values() for each in pair], narrowed)
    except Unmeasured as reason:
        if reason.words != NOT_OFFERED:
            raise
        return await _singly(scope, dataset, family, narrowed)
    found = {name: (number(row.get(p75)), _count(row.get(n))) for name, (p75, n) in fields.items()}
    return {name: (value, n) for name, (value, n) in found.items() if value is not None}


async def _singly(scope: Scope, dataset: str, family: str, narrowed: Pairs | None) -> Values:
    """Each vital among the events that have it; what is refused of the first is refused of all."""
    found: Values = {}
    for name in NAMES:
        one = family.format(name)
        try:
            row = await _row(scope, dataset, [f"p75({one})", "count()"], narrowed, f"has:{one}")
        except Unmeasured as reason:
            if reason.words != NOT_OFFERED or name == NAMES[0]:
                raise
            continue
        value = number(row.get(f"p75({one})"))
        if value is not None:
            found[name] = value, _count(row.get("count()"))
    return found


def _count(value: object) -> int | None:
    found = number(value)
    return None if found is None else int(found)


async def _failures(scope: Scope, datasets: tuple[str, ...]) -> float:
    """Per cent; some servers answer 500 to this question alone."""
    for dataset in datasets:
        try:
            row = await _row(scope, dataset, ["failure_rate()"], query=REQUESTS.get(dataset, ""))
        except Unmeasured as reason:
            if reason.words != NOT_OFFERED and (reason.status or 0) < 500:
                raise
            continue
        value = number(row.get("failure_rate()"))
        if value is not None and 0 <= value <= 1:
            return 100 * value
    raise Unmeasured(NOT_OFFERED)


async def _row(
    scope: Scope, dataset: str, fields: list[str], narrowed: Pairs | None = None, query: str = ""
) -> dict[str, Any]:
    known = dict(narrowed or [("statsPeriod", "24h")])
    wanted = " ".join(each for each in (known.get("query", ""), query) if each)
    which: Pairs = list((known | ({"query": wanted} if wanted else {})).items())
    pairs: Pairs = [("dataset", dataset), ("per_page", 1), *which, *(("field", each) for each in fields)]
    rows = table(await scope.offered("events/", pairs)).get("data")
    if not isinstance(rows, list):
        raise Unmeasured("Sentry's table of events has another shape", "check [sentry] base")
    return next(iter(items(rows)), {})


def _part(name: str, value: float, samples: int | None) -> Part:
    said = f"{value:.2f}" if name == "cls" else f"{value:.0f} ms"
    if samples is None:
        return Part(name, Status.UNKNOWN, None, f"{said}; of how many is not said")
    if samples < ENOUGH:
        return Part(name, Status.UNKNOWN, None, f"not enough data ({samples} of {ENOUGH})")
    if value <= GOOD[name]:
        return Part(name, Status.UP, None, said)
    return Part(name, Status.DEGRADED, None, f"{said}, {'poor' if value > POOR[name] else 'needs improvement'}")
