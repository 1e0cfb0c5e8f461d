"""Sentry as the demo plays it: issues, releases, sessions, quota, vitals, and events of which one holds too much."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from demo import errors
from demo.answer import Answer, Request, json_of
from demo.chance import share
from demo.health import Look
from demo.schedule import Release, Schedule
from model import Issue

TOKEN, ORG = "sntryi_theDemoKeepsNoSecret", "demo"
PREFIX = "/sentry"
O = f"/api/0/organizations/{ORG}"  # noqa: E741
PROJECTS = {"web": "1", "server": "2", "edge": "3"}
VITALS = {"lcp": 2240.0, "inp": 164.0, "cls": 0.061, "fcp": 1510.0, "ttfb": 640.0}
FREE, SESSIONS = 0.9962, 18_400
SDK = {"name": "sentry.javascript.nextjs", "version": "10.41.0"}
TALKS, LEAKS = (
    "6500000016",
    "6500000013",
)  # issues whose newest event holds an e-mail address, an address with its query


def answer(look: Look, request: Request) -> Answer:
    """Any GET below the prefix."""
    if request.token != TOKEN:
        return json_of({"detail": "Invalid token"}, status=401)
    path = request.path.removeprefix(PREFIX)
    if path.startswith(f"{O}/issues/") and path.endswith("/events/latest/"):
        return json_of(_event(look, path.removeprefix(f"{O}/issues/").split("/")[0]))
    said = {
        f"{O}/issues/": _issues,
        f"{O}/projects/": _projects,
        f"{O}/releases/": _releases,
        f"{O}/sessions/": _sessions,
        f"{O}/stats_v2/": _stats,
        f"{O}/events/": _explored,
    }.get(path)
    if said is None and path.startswith(f"/api/0/projects/{ORG}/"):
        said = _settings
    return json_of(said(look, request), wait=look.ms("hosting")) if said else json_of({"detail": "no"}, status=404)


def _issues(look: Look, request: Request) -> list[dict[str, Any]]:
    found = errors.all_of(look.schedule, look.at)
    query = request.first("query")
    if "firstRelease:" in query:
        version = query.partition('firstRelease:"')[2].rstrip('"')
        found = tuple(each for each in found if each.release == version)
    if request.first("sort") == "freq":
        found = tuple(sorted(found, key=lambda each: each.count, reverse=True))
    return [_row(each, look.at) for each in found[: int(request.first("limit") or 100)]]


def _row(each: Issue, now: datetime) -> dict[str, Any]:
    top = int(now.timestamp()) // 3600 * 3600
    stats = [[top - 3600 * (len(each.hourly) - 1 - n), many] for n, many in enumerate(each.hourly)]
    return {
        "id": each.id,
        "shortId": each.short,
        "title": each.title,
        "culprit": each.culprit,
        "level": each.level,
        "status": "unresolved",
        "substatus": each.state,
        "priority": each.priority,
        "isUnhandled": each.unhandled,
        "count": str(each.count),
        "userCount": each.users,
        "firstSeen": each.first.isoformat(),
        "lastSeen": each.last.isoformat(),
        "permalink": each.link,
        "stats": {"24h": stats},
        "project": {"id": PROJECTS[each.project], "slug": each.project, "name": each.project},
    }


def _projects(look: Look, request: Request) -> list[dict[str, Any]]:
    return [{"id": uid, "slug": slug, "name": slug} for slug, uid in PROJECTS.items()]


def recent(schedule: Schedule, now: datetime) -> tuple[Release, ...]:
    """The releases of the last week, newest first, at most twenty."""
    return tuple(reversed(schedule.releases(now - timedelta(days=7), now)))[:20]


def _releases(look: Look, request: Request) -> list[dict[str, Any]]:
    return [
        {
            "version": each.commit,
            "shortVersion": each.commit[:12],
            "dateCreated": each.at.isoformat(),
            "newGroups": int(errors.broken(look.schedule, each)),
            "projects": [{"slug": "web"}],
            "lastDeploy": {"environment": "production", "dateFinished": each.at.isoformat()},
        }
        for each in recent(look.schedule, look.at)
    ]


def _sessions(look: Look, request: Request) -> dict[str, Any]:
    groups = []
    for each in recent(look.schedule, look.at)[:4]:
        free = FREE - 0.002 * share(look.schedule.seed, "free", each.commit)
        many = int(SESSIONS / 4 * (0.5 + share(look.schedule.seed, "sessions", each.commit)))
        groups.append(
            {"by": {"release": each.commit}, "totals": {"crash_free_rate(session)": free, "sum(session)": many}}
        )
    return {"groups": groups}


def _stats(look: Look, request: Request) -> dict[str, Any]:
    accepted = sum(sum(each.hourly) for each in errors.all_of(look.schedule, look.at))
    rows = {"accepted": accepted, "filtered": accepted // 9}
    return {"groups": [{"by": {"outcome": name}, "totals": {"sum(quantity)": many}} for name, many in rows.items()]}


def vital(schedule: Schedule, name: str, *of: object) -> float:
    """A p75 that differs a little from release to release and from hour to hour."""
    return VITALS[name] * (0.93 + 0.14 * share(schedule.seed, "vital", name, *of))


def _explored(look: Look, request: Request) -> dict[str, Any]:
    query = request.first("query")
    version = query.partition('release:"')[2].rstrip('"')
    hour = int(look.at.timestamp()) // 3600
    known = {each.commit for each in recent(look.schedule, look.at)}
    if version and version not in known:
        return {"data": []}
    row: dict[str, float] = {"count()": 410 if version else 9_300, "failure_rate()": 0.0042}
    for name in VITALS:
        row[f"p75(browser.web_vital.{name}.value)"] = vital(look.schedule, name, version or hour)
        row[f"count(browser.web_vital.{name}.value)"] = row["count()"]
    return {"data": [row], "meta": {"dataset": "spans"}}


def _settings(look: Look, request: Request) -> dict[str, Any]:
    return {"dataScrubber": True, "dataScrubberDefaults": True, "scrubIPAddresses": not request.path.endswith("/edge/")}


def _event(look: Look, uid: str) -> dict[str, Any]:
    mail = "patient@example.com" if uid == TALKS else None
    url = "https://prescriptions.example.com/checkout" + ("?session=abc" if uid == LEAKS else "")
    return {
        "eventID": f"{int(uid):032x}",
        "id": f"{int(uid):032x}",
        "title": "an error",
        "platform": "javascript",
        "sdk": SDK,
        "user": {"id": "4711", "email": mail, "ip_address": None},
        "tags": [{"key": "environment", "value": "production"}],
        "entries": [
            {"type": "request", "data": {"url": url, "method": "GET", "headers": [], "cookies": None, "query": []}}
        ],
    }
