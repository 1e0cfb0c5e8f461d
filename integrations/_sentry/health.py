"""Releases with their deploys and new issues, crash-free sessions, and whether Sentry drops our events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from integrations._parts import all_blind, attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Unmeasured
from integrations._sentry import vitals
from integrations._sentry._scope import Scope
from integrations._sentry.issues import BLIND, issue, stats, visible, wanted
from integrations._shape import items, moment, number, table, text
from model import Figure, Finding, Issue, Part, Release, Result, Snapshot, Status

RELEASES, NEWEST = 20, 3  # releases that are listed; of the newest it is asked which issues they brought
ENOUGH = 100  # sessions from which a share is said
GOOD, BAD = 99.0, 95.0  # per cent of sessions without a crash
LOST = ("rate_limited", "cardinality_limited", "abuse")
QUOTA = "raise the quota, or find what floods it: until then a quiet board may be a lie"


async def read(scope: Scope, options: Any) -> Snapshot:
    """Sentry: GET /organizations/{org}/releases/, /sessions/, /stats_v2/, and issues by their first release."""
    listed, sessions, counted = await asyncio.gather(
        attempt(scope.offered("releases/", [("per_page", RELEASES)])),
        attempt(scope.offered("sessions/", _sessions())),
        attempt(scope.offered("stats_v2/", stats())),
    )
    listed = _list_of(listed, "list of releases")
    sessions, counted = _groups_of(sessions, "sessions"), _groups_of(counted, "statistics")
    if reason := all_blind(listed, sessions, counted):
        raise reason
    rows = [] if isinstance(listed, Unmeasured) else items(listed)
    seen = True if rows else await attempt(visible(scope))
    if seen is False:
        return Snapshot(Result(Status.UNKNOWN, BLIND.words, findings=(BLIND,)), BLIND.fix)
    listed = seen if isinstance(seen, Unmeasured) and not isinstance(listed, Unmeasured) else listed
    crash = {} if isinstance(sessions, Unmeasured) else _crash_free(sessions)
    releases = tuple(each for row in rows if (each := _release(row, crash)) is not None)
    newest = [each.version for each in releases[:NEWEST]]
    brought = await attempt(_brought(scope, newest))
    measured = await asyncio.gather(*(vitals.of_release(scope, options.datasets, version) for version in newest))
    asked = not isinstance(brought, Unmeasured)
    fresh = (replace(each, vitals=found, asked=asked) for each, found in zip(releases, measured, strict=False))
    releases = (*fresh, *releases[len(newest) :])
    parts = [
        blind("releases", listed)
        if isinstance(listed, Unmeasured)
        else Part("releases", Status.UP, None, _newest(releases)),
        blind("crash-free", sessions) if isinstance(sessions, Unmeasured) else _sessions_part(crash),
    ]
    figures = [] if isinstance(sessions, Unmeasured) else _session_figures(crash)
    quota, more = (blind("quota", counted), []) if isinstance(counted, Unmeasured) else _quota(counted)
    findings = (
        (Finding("sentry-drops-events", f"Sentry {quota.words}", QUOTA, "quota"),)
        if quota.status is Status.DEGRADED
        else ()
    )
    parts.append(quota)
    result = Result(worst(part.status for part in parts), troubles(parts), parts=tuple(parts), findings=findings)
    issues = () if isinstance(brought, Unmeasured) else tuple(brought)
    unread = missing(
        (listed, ("releases", "issues")), (brought, ("issues",)), (sessions, ("crash-free", "crash_free", "sessions")),
    )  # fmt: skip
    unread += ("quota", "events_accepted", "events_dropped") if quota.status is Status.UNKNOWN else ()
    return Snapshot(result, fixes(listed, sessions, counted), tuple(figures + more), issues, releases, unread=unread)


def _list_of(found: Any, what: str) -> Any:
    if isinstance(found, list | Unmeasured):
        return found
    return Unmeasured(f"Sentry's {what} has another shape", "check [sentry] base")


def _groups_of(found: Any, what: str) -> Any:
    if isinstance(found, Unmeasured) or isinstance(table(found).get("groups"), list):
        return found
    return Unmeasured(f"Sentry's {what} have another shape", "check [sentry] base")


def _sessions() -> list[tuple[str, Any]]:
    fields = [("field", "crash_free_rate(session)"), ("field", "sum(session)")]
    return [*fields, ("groupBy", "release"), ("statsPeriod", "24h"), ("interval", "1h"), ("includeSeries", 0)]


def _crash_free(body: object) -> dict[str, tuple[float, int]]:
    """By release: (per cent of sessions without a crash, how many sessions). Sentry gives a share of one here."""
    found = {}
    for group in items(table(body).get("groups")):
        totals, version = table(group.get("totals")), text(table(group.get("by")).get("release"), 200)
        rate, count = number(totals.get("crash_free_rate(session)")), number(totals.get("sum(session)"))
        if version and rate is not None and count and 0 <= rate <= 1:
            found[version] = (100 * rate, int(count))
    return found


def _release(row: dict[str, Any], crash: dict[str, tuple[float, int]]) -> Release | None:
    version, created = text(row.get("version"), 200), moment(row.get("dateCreated"))
    if not version or created is None:
        return None
    deploy = table(row.get("lastDeploy"))
    free, count = crash.get(version, (None, 0))
    return Release(
        version, created, moment(deploy.get("dateFinished")), text(deploy.get("environment"), 64),
        int(number(row.get("newGroups")) or 0), free, count,
        tuple(name for each in items(row.get("projects")) if (name := text(each.get("slug"), 60))),
    )  # fmt: skip


async def _brought(scope: Scope, versions: list[str]) -> list[Issue]:
    """The unresolved issues that the newest releases brought, each with its release."""
    now = scope.to.tools.clock()
    found: list[Issue] = []
    for version in versions:
        quoted = version.replace("\\", "").replace('"', "")
        rows = await scope.rows("issues/", wanted(f'is:unresolved firstRelease:"{quoted}"', "new"), 1)
        made = (issue(row, scope.to.base, now) for row in rows.found)
        found += [replace(each, release=version) for each in made if each is not None]
    return found


def _newest(releases: tuple[Release, ...]) -> str:
    return f"the newest is {releases[0].version[:40]}" if releases else "none yet"


def _whole(crash: dict[str, tuple[float, int]]) -> tuple[float, int]:
    count = sum(each for _, each in crash.values())
    return (sum(free * each for free, each in crash.values()) / count if count else 0.0), count


def _sessions_part(crash: dict[str, tuple[float, int]]) -> Part:
    free, count = _whole(crash)
    if count < ENOUGH:
        return Part("crash-free", Status.UNKNOWN, None, f"not enough sessions ({count} of {ENOUGH})")
    state = Status.DOWN if free < BAD else Status.DEGRADED if free < GOOD else Status.UP
    return Part("crash-free", state, None, f"{free:.2f} % of {count} sessions without a crash")


def _session_figures(crash: dict[str, tuple[float, int]]) -> list[Figure]:
    free, count = _whole(crash)
    return [Figure("crash_free", free, "%"), Figure("sessions", count)] if count else []


def _quota(body: object) -> tuple[Part, list[Figure]]:
    outcomes: dict[str, float] = {}
    for group in items(table(body).get("groups")):
        outcome = text(table(group.get("by")).get("outcome"), 40)
        outcomes[outcome] = outcomes.get(outcome, 0) + (number(table(group.get("totals")).get("sum(quantity)")) or 0)
    accepted, lost = outcomes.get("accepted", 0), sum(outcomes.get(each, 0) for each in LOST)
    figures = [Figure("events_accepted", accepted), Figure("events_dropped", lost)]
    if lost <= 0:
        return Part("quota", Status.UP, None, ""), figures
    share = 100 * lost / (accepted + lost)
    return Part("quota", Status.DEGRADED, None, f"drops {share:.1f} % of our errors (24 h)"), figures
