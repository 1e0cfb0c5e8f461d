"""Unresolved issues: which are new, came back or grow, whom they hit, how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from integrations._parts import attempt
from integrations._reach import Unmeasured
from integrations._sentry._scope import Pairs, Scope
from integrations._shape import items, moment, number, table, text
from model import Figure, Finding, Issue, Part, Result, Snapshot, Status

PAGES = 3  # pages of 100 of each environment
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LEVELS = ("fatal", "error", "warning", "info", "debug", "sample")
ALIVE = ("new", "ongoing", "escalating", "regressed")
BLIND = Finding(
    "sentry-sees-no-project",
    "Sentry's token sees no project: an empty list of issues says nothing",
    "give the internal integration access to the projects in Sentry's settings",
)


async def read(scope: Scope, options: Any) -> Snapshot:
    """Sentry: GET /organizations/{org}/issues/; where that is not known, GET /projects/{org}/{project}/issues/."""
    now = scope.to.tools.clock()
    found, total = await _all(scope, now)
    if not found and not await visible(scope):
        return Snapshot(Result(Status.UNKNOWN, BLIND.words, findings=(BLIND,)), BLIND.fix)
    counted = await attempt(scope.offered("stats_v2/", stats()))
    figures = tuple(_figures(found, total, now, accepted_in_an_hour(counted, now)))
    parts = (
        _part("new", [each for each in found if now - DAY <= each.first], Status.UP),
        _part("regressed", [each for each in found if each.state == "regressed"], Status.DEGRADED),
        _part("escalating", [each for each in found if each.state == "escalating"], Status.DEGRADED),
    )
    status = Status.DEGRADED if any(part.status is Status.DEGRADED for part in parts) else Status.UP
    words = ", ".join([f"{total} unresolved", *(f"{part.words} {part.name}" for part in parts if part.words != "0")])
    return Snapshot(Result(status, words, parts=parts), figures=figures, issues=tuple(found))


def stats() -> Pairs:
    """The parameters of what Sentry took and dropped, hour by hour."""
    pairs: Pairs = [("field", "sum(quantity)"), ("groupBy", "outcome"), ("category", "error"), ("statsPeriod", "24h")]
    return [*pairs, ("interval", "1h")]


def accepted_in_an_hour(body: object, now: datetime) -> float | None:
    """Errors that Sentry took in the last whole hour: the running one cannot be compared. None when it is not said."""
    hours = table(body).get("intervals")
    taken = next((g for g in items(table(body).get("groups")) if table(g.get("by")).get("outcome") == "accepted"), {})
    counts = table(taken.get("series")).get("sum(quantity)")
    if not isinstance(hours, list) or not isinstance(counts, list) or len(hours) != len(counts):
        return None
    whole = [
        (at, value)
        for start, count in zip(hours, counts, strict=True)
        if (at := moment(start)) is not None and at + HOUR <= now and (value := number(count)) is not None
    ]
    return max(whole, default=(None, None))[1]


def wanted(query: str = "is:unresolved", sort: str = "date", limit: int = 100, period: str = "") -> Pairs:
    """The parameters of a list of issues."""
    pairs: Pairs = [("query", query), ("sort", sort), ("limit", limit), ("groupStatsPeriod", "24h")]
    pairs += [("collapse", "lifetime"), ("collapse", "filtered")]
    return pairs + ([("statsPeriod", period)] if period else [])


async def _all(scope: Scope, now: datetime) -> tuple[list[Issue], int]:
    """Every issue once, with the environments it is seen in; how many there are in all."""
    found: dict[str, Issue] = {}
    hits, more = 0, False
    for environment in scope.environments or ("",):
        try:
            rows = await scope.rows("issues/", wanted(), PAGES, (environment,) if environment else ())
            raw, known, more = rows.found, rows.hits, more or rows.more
        except Unmeasured as reason:
            if reason.status != 404 or not scope.projects:
                raise
            await scope.spelt()
            raw, known = await _older(scope, environment), None
        for each in filter(None, (issue(row, scope.to.base, now) for row in raw)):
            found[each.id] = _merged(found.get(each.id), replace(each, environment=environment))
        hits = max(hits, known or 0)
    listed = list(found.values())
    return listed, max(hits, len(listed)) if more else len(listed)


async def _older(scope: Scope, environment: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    query: Pairs = [("query", "is:unresolved"), ("statsPeriod", "24h")]
    query += [("environment", environment)] if environment else []
    for project in scope.projects:
        rows += (await scope.paged(f"/api/0/projects/{scope.org}/{project}/issues/", query, PAGES)).found
    return rows


def _merged(before: Issue | None, now: Issue) -> Issue:
    """One issue of two environments: the numbers of the larger, the names of both."""
    if before is None:
        return now
    larger = max(before, now, key=lambda each: each.count)
    return replace(larger, environment=f"{before.environment}, {now.environment}")


async def visible(scope: Scope) -> bool:
    """Whether the token sees a project that is wanted: if not, an empty list says nothing."""
    try:
        seen = await scope.seen()
    except Unmeasured as reason:
        if reason.status == 404:
            return True  # an older server: it cannot be told
        raise
    slugs = {row.get("slug") for row in seen}
    return bool(slugs & set(scope.projects)) if scope.projects else bool(slugs)


def issue(row: dict[str, Any], base: str, now: datetime) -> Issue | None:
    """One row of a list of issues; None without an id or its moments. Assignees and people are not looked at."""
    first, last, uid = moment(row.get("firstSeen")), moment(row.get("lastSeen")), text(row.get("id"), 40)
    if not uid or first is None or last is None:
        return None
    level = text(row.get("level"), 20)
    return Issue(
        id=uid,
        short=text(row.get("shortId"), 40) or uid,
        title=text(row.get("title")) or "(no title)",
        project=text(table(row.get("project")).get("slug"), 60),
        level=level if level in LEVELS else "unknown",
        state=_state(row, first, now),
        count=max(0, int(number(row.get("count")) or 0)),
        users=max(0, int(number(row.get("userCount")) or 0)),
        first=first,
        last=last,
        culprit=text(row.get("culprit"), 120),
        priority=text(row.get("priority"), 20),
        unhandled=row.get("isUnhandled") is True,
        link=_link(row.get("permalink"), base),
        hourly=_hourly(row),
    )


def _state(row: dict[str, Any], first: datetime, now: datetime) -> str:
    status, more = text(row.get("status"), 40), text(row.get("substatus"), 40)
    if status == "unresolved":
        if more in ALIVE:
            return more
        return ("new" if now - first < DAY else "ongoing") if not more else "unknown"
    return {"resolved": "resolved", "ignored": "archived"}.get(status, "unknown")


def _link(value: object, base: str) -> str:
    link = value if isinstance(value, str) and len(value) < 300 and value.isascii() and value.isprintable() else ""
    ours = link.startswith(("https://", f"{base}/"))
    return link if ours and not set("?# <>\"'\\") & set(link) else ""


def _hourly(row: dict[str, Any]) -> tuple[int, ...]:
    """Events of each hour, oldest first, at most 24."""
    points = table(row.get("stats")).get("24h")
    if not isinstance(points, list):
        return ()
    values = [number(point[1]) for point in points if isinstance(point, list) and len(point) == 2]
    return tuple(max(0, int(value or 0)) for value in values)[-24:]


def _part(name: str, found: list[Issue], state: Status) -> Part:
    return Part(name, state if found else Status.UP, None, str(len(found)))


def _figures(found: list[Issue], total: int, now: datetime, hour: float | None) -> Iterable[Figure]:
    yield Figure("issues_unresolved", total)
    yield Figure("issues_new_24h", sum(now - DAY <= each.first for each in found))
    yield Figure("issues_regressed", sum(each.state == "regressed" for each in found))
    yield Figure("issues_escalating", sum(each.state == "escalating" for each in found))
    yield Figure("users_hit", sum(each.users for each in found))
    # where Sentry does not say: of the issues that were listed, their hour before the one that still runs
    listed = sum(e.hourly[-2] if len(e.hourly) > 1 else sum(e.hourly) for e in found)
    yield Figure("events_per_hour", listed if hour is None else hour, "/h")
