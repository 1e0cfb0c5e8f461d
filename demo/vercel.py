"""Vercel as the demo plays it: the project, its deployments, its domains."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from demo import ships
from demo.answer import Answer, Request, json_of
from demo.health import Look
from model import Deployment

TOKEN, TEAM, ID = "the-demo-keeps-no-secret", "demo", "prj_demo"
PREFIX = "/vercel"
SHOWN = timedelta(days=14)
DOMAINS = ("prescriptions.example.com", "www.prescriptions.example.com")


def answer(look: Look, request: Request) -> Answer:
    """Any GET below the prefix."""
    if request.token != TOKEN:
        return json_of({"error": {"code": "forbidden", "invalidToken": True}}, status=403)
    path = request.path.removeprefix(PREFIX)
    wait = look.ms("hosting")
    if path == f"/v9/projects/{ships.PROJECT}":
        return json_of(_project(look), wait=wait)
    if path == "/v7/deployments":
        rows = [_row(each) for each in ships.deployments(look.schedule, look.at - SHOWN, look.at)[:50]]
        return json_of({"deployments": rows, "pagination": {"count": len(rows), "next": None, "prev": None}}, wait=wait)
    if path == f"/v9/projects/{ships.PROJECT}/domains":
        return json_of({"domains": [{"name": name, "verified": True} for name in DOMAINS]}, wait=wait)
    if path.startswith("/v6/domains/"):
        return json_of({"misconfigured": False, "configuredBy": "CNAME"}, wait=wait)
    if path == "/v8/certs":
        return json_of({"certs": [{"cns": list(DOMAINS), "expiresAt": _ms(look.at + timedelta(days=52))}]}, wait=wait)
    return json_of({"error": {"code": "not_found"}}, status=404)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _project(look: Look) -> dict[str, Any]:
    release = look.schedule.release(look.at)
    serves = {"id": release.deployment, "readyState": "READY", "createdAt": _ms(release.at)}
    return {"id": ID, "name": ships.PROJECT, "targets": {"production": serves}, "rollingRelease": None, "paused": False}


def _row(each: Deployment) -> dict[str, Any]:
    building = each.created + timedelta(seconds=each.queued or 0)
    times = {"buildingAt": _ms(building)} | ({"ready": _ms(each.ready)} if each.ready else {})
    state = each.state.upper()
    meta = {
        "githubCommitSha": each.commit,
        "githubCommitRef": each.branch,
        "githubCommitMessage": each.message,
    }
    return times | {
        "uid": each.id,
        "name": each.project,
        "projectId": ID,
        "url": f"{each.id[4:]}.example.com",
        "created": _ms(each.created),
        "state": state,
        "readyState": state,
        "target": None if each.target == "preview" else each.target,
        "source": "git",
        "isRollbackCandidate": each.candidate,
        "meta": meta,
        **({"errorCode": each.error} if each.error else {}),
    }
