"""What serves production, what was deployed, and what to go back to.

The newest ready deployment is not always what people get: there are rollbacks, staged and rolling releases. The truth
is ``targets.production`` of the project.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations._parts import attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, moment, number, table, text
from model import Deployment, Figure, Finding, Part, Result, Snapshot, Status

STATES = {
    "QUEUED": "queued", "INITIALIZING": "queued", "BUILDING": "building", "READY": "ready", "ERROR": "error",
    "CANCELED": "canceled", "BLOCKED": "blocked", "DELETED": "deleted",
}  # fmt: skip
PAGES = 3  # pages of 50 of production that are read until what serves, and one before it, are among them
HEX = re.compile(r"[0-9a-fA-F]{7,40}")
UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DAY = timedelta(days=1)
LISTED = ("builds", "deployments", "facts", "deployments_24h", "failed_24h", "build", "queue")  # what the list tells
Team = Mapping[str, str]


async def read(to: Reach, project: str, team: Team) -> Snapshot:
    """Vercel: GET /v9/projects/{id}, GET /v7/deployments (older: /v6), GET /v1/projects/{id}/rolling-release."""
    about = table((await to.get(f"/v9/projects/{project}", team)).body)
    if not text(about.get("id")):
        raise Unmeasured("Vercel's answer names no project", "check [vercel] base and project")
    serves = uid_of(table(table(about.get("targets")).get("production")).get("id"))
    listed = await attempt(_both(to, text(about["id"], 64), serves, team))
    rolling = await attempt(_rolling(to, text(about["id"], 64), team)) if about.get("rollingRelease") else None
    rows = [] if isinstance(listed, Unmeasured) else listed
    made = (_deployment(row, text(about.get("name"), 64), serves) for row in rows)
    found = tuple(each for each in made if each is not None)
    parts = [_production(about, serves, found)]
    parts += [blind("builds", listed)] if isinstance(listed, Unmeasured) else [_builds(found)]
    if rolling is not None:
        parts.append(blind("rolling", rolling) if isinstance(rolling, Unmeasured) else rolling)
    now = to.tools.clock()
    result = Result(
        worst(part.status for part in parts), troubles(parts), parts=tuple(parts),
        findings=tuple(_findings(about, serves, found)), facts=_facts(found, team),
    )  # fmt: skip
    figures = () if isinstance(listed, Unmeasured) else _figures(found, now)
    unread = missing((listed, LISTED), (rolling, ("rolling",)))
    return Snapshot(result, fixes(listed, rolling), figures=figures, deployments=found, unread=unread)


async def _both(to: Reach, project: str, serves: str, team: Team) -> list[dict[str, Any]]:
    """What was deployed lately, and production for itself: previews must not crowd out what one could go back to."""
    lately = await _listed(to, {"projectId": project, "limit": 50, **team}, "", 1)
    query = {"projectId": project, "target": "production", "limit": 50, **team}
    production = await _listed(to, query, serves, PAGES)
    rows = {text(row.get("uid") or row.get("id"), 64): row for row in (*lately, *production)}
    return sorted(rows.values(), key=lambda row: number(row.get("created") or row.get("createdAt")) or 0, reverse=True)


async def _listed(to: Reach, query: dict[str, Any], serves: str, pages: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    path = "/v7/deployments"
    for _ in range(pages):
        answer = await to.get(path, query, accept=(200, 404) if path == "/v7/deployments" and not rows else (200,))
        if answer.status == 404:
            path = "/v6/deployments"
            answer = await to.get(path, query)
        body = table(answer.body)
        if not isinstance(body.get("deployments"), list):
            raise Unmeasured("Vercel's list of deployments has another shape", "check [vercel] base")
        page = items(body["deployments"])
        rows += page
        until = number(table(body.get("pagination")).get("next"))
        if until is None or not page or not serves or _enough(rows, serves):
            break
        query = {**query, "until": int(until)}
    return rows


def _enough(rows: list[dict[str, Any]], serves: str) -> bool:
    """Whether what serves is among them, and one that was ready before it."""
    at = next((n for n, row in enumerate(rows) if (row.get("uid") or row.get("id")) == serves), None)
    return at is not None and any((row.get("readyState") or row.get("state")) == "READY" for row in rows[at + 1 :])


async def _rolling(to: Reach, project: str, team: Team) -> Part | None:
    answer = await to.get(f"/v1/projects/{project}/rolling-release", team, accept=(200, 404))
    release = table(table(answer.body).get("rollingRelease"))
    state = text(release.get("state"), 40)
    if answer.status == 404 or not state:
        return None
    share = number(table(release.get("activeStage")).get("targetPercentage"))
    if state == "ACTIVE":
        return Part("rolling", Status.UP, None, f"two deployments serve: {share or 0:g} % go to the new one")
    known = {"COMPLETE": (Status.UP, "complete"), "ABORTED": (Status.DEGRADED, "a rolling release was aborted")}
    status, words = known.get(state, (Status.UNKNOWN, "in a state that is not known here"))
    return Part("rolling", status, None, words)


def _deployment(row: dict[str, Any], project: str, serves: str) -> Deployment | None:
    created, uid = moment(row.get("created") or row.get("createdAt")), uid_of(row.get("uid") or row.get("id"))
    if created is None or not uid:
        return None
    building, ready = moment(row.get("buildingAt")), moment(row.get("ready"))
    target, meta, candidate = row.get("target"), table(row.get("meta")), row.get("isRollbackCandidate")
    return Deployment(
        uid,
        project,
        "preview" if target is None else text(target, 40),
        STATES.get(text(row.get("readyState") or row.get("state"), 40), "unknown"),
        created,
        ready,
        commit=commit if HEX.fullmatch(commit := _meta(meta, "CommitSha", 40)) else "",
        branch=_meta(meta, "CommitRef", 100),
        message=_meta(meta, "CommitMessage", 200),
        queued=_between(created, building),
        built=_between(building, ready),
        serving=uid == serves,
        candidate=candidate if isinstance(candidate, bool) else row.get("readySubstate") == "PROMOTED",
        link=_link(row.get("inspectorUrl")),
        error=text(row.get("errorCode") or row.get("errorMessage"), 120),
    )


def uid_of(value: object) -> str:
    """The id of a deployment: it goes into commands and addresses. Empty when it is none."""
    return value if isinstance(value, str) and UID.fullmatch(value) else ""


def _meta(meta: dict[str, Any], name: str, most: int) -> str:
    return next((said for host in ("github", "gitlab", "bitbucket") if (said := text(meta.get(host + name), most))), "")


def _between(start: datetime | None, end: datetime | None) -> float | None:
    seconds = (end - start).total_seconds() if start and end else None
    return seconds if seconds is not None and seconds >= 0 else None


def _link(value: object) -> str:
    link = value if isinstance(value, str) and len(value) < 300 and value.isascii() and value.isprintable() else ""
    return link if link.startswith("https://vercel.com/") and not set("?# <>\"'\\") & set(link) else ""


def name_of(deployment: Deployment) -> str:
    """How a deployment is called in a sentence: its commit, else its id."""
    return deployment.commit[:7] or deployment.id


def serving(found: Sequence[Deployment]) -> Deployment | None:
    """What people get now."""
    return next((each for each in found if each.serving), None)


def _ready(found: Sequence[Deployment]) -> list[Deployment]:
    return [each for each in found if each.target == "production" and each.state == "ready"]


def previous_good(found: Sequence[Deployment]) -> Deployment | None:
    """What one would go back to: the newest ready one before what serves now, best one that served before."""
    now = serving(found)
    older = [each for each in _ready(found) if now is not None and each.created < now.created]
    return next((each for each in older if each.candidate), older[0] if older else None)


def _production(about: dict[str, Any], serves: str, found: Sequence[Deployment]) -> Part:
    if about.get("paused") is True:
        return Part("production", Status.DOWN, None, "the project is paused: nobody is served")
    if not serves:
        return Part("production", Status.UNKNOWN, None, "no deployment serves production yet")
    state = text(table(table(about.get("targets")).get("production")).get("readyState"), 40)
    now = serving(found)
    named = name_of(now) if now else serves
    status = {"READY": Status.UP, "": Status.UP, "ERROR": Status.DOWN}.get(state, Status.UNKNOWN)
    return Part("production", status, None, f"{named} serves" if status is Status.UP else f"{named}: {state.lower()}")


def _builds(found: Sequence[Deployment]) -> Part:
    """The newest production deployment that is over: a failed one leaves the older one serving."""
    over = [each for each in found if each.target == "production" and each.state in ("ready", "error", "blocked")]
    if not over:
        return Part("builds", Status.UNKNOWN, None, "no production deployment yet")
    newest = over[0]
    if newest.state == "ready":
        return Part("builds", Status.UP, None, f"{name_of(newest)} was built")
    why = f" ({newest.error})" if newest.error else ""
    return Part("builds", Status.DEGRADED, None, f"the newest production deployment {name_of(newest)} failed{why}")


def _findings(about: dict[str, Any], serves: str, found: Sequence[Deployment]) -> list[Finding]:
    now, asked = serving(found), table(about.get("lastAliasRequest"))
    back = asked.get("type") == "rollback" and asked.get("jobStatus") == "succeeded"
    if back and serves and asked.get("toDeploymentId") == serves:
        named = name_of(now) if now else serves
        words = f"production was rolled back to {named} and is pinned there: new deployments do not go live"
        return [Finding("vercel-pinned", words, "when the mistake is mended, promote a deployment in Vercel")]
    newer = [each for each in _ready(found) if now is not None and each.created > now.created]
    if now and newer and not about.get("rollingRelease"):
        words = f"{name_of(newer[0])} is ready, but {name_of(now)} serves production"
        fix = "promote it in Vercel, or leave it if it is staged on purpose"
        return [Finding("vercel-not-serving", words, fix, "builds")]
    return []


def _facts(found: Sequence[Deployment], team: Team) -> tuple[tuple[str, str], ...]:
    now, back = serving(found), previous_good(found)
    facts = [("serving", name_of(now))] if now else []
    if back is not None:
        scope = f" --scope {shlex.quote(next(iter(team.values())))}" if team else ""
        facts += [("previous", name_of(back)), ("rollback", f"vercel rollback {shlex.quote(back.id)}{scope}")]
    return tuple(facts)


def _figures(found: Sequence[Deployment], now: datetime) -> tuple[Figure, ...]:
    day = [each for each in found if now - DAY <= each.created]
    newest = next((each for each in found if each.target == "production" and each.built is not None), None)
    figures = [
        Figure("deployments_24h", len(day)), Figure("failed_24h", sum(each.state == "error" for each in day))
    ]  # fmt: skip
    if newest is not None:
        pairs = (("build", newest.built), ("queue", newest.queued))
        figures += [Figure(name, seconds, "s") for name, seconds in pairs if seconds is not None]
    return tuple(figures)
