"""The three documents of a Next.js platform with Supabase: the aggregate, readiness and liveness."""

from __future__ import annotations

from typing import Any

from checks._formats._document import Document, facts, meaning, objects, part, unique

Json = dict[str, Any]


def aggregate(document: Json) -> Document | None:
    """``{status, version, environment, checks: {name: {status, responseTime, message, details}}, metadata}``."""
    checks = document.get("checks")
    if not isinstance(checks, dict) or not isinstance(document.get("status"), str):
        return None
    parts = [
        part(name, check.get("status"), check.get("responseTime"), check.get("message"))
        for name, check in objects(checks)
    ]
    parts += [part(name, said) for name, said in checks.items() if isinstance(said, str | bool)]
    word = document["status"]
    return Document("aggregate", meaning(word), word, unique(parts), _facts(document))


def _facts(document: Json) -> dict[str, str]:
    metadata = dict(objects(document)).get("metadata", {})
    uptime = dict(objects(document.get("checks"))).get("uptime", {})
    details = dict(objects(uptime)).get("details", {})
    return facts(
        version=document.get("version"),
        environment=document.get("environment"),
        commit=metadata.get("git_commit"),
        deployment_id=metadata.get("deployment_id"),
        build_time=metadata.get("build_time"),
        pid=document.get("pid"),
        uptime=details.get("seconds", document.get("uptime")),
    )


def ready(document: Json) -> Document | None:
    """``{status: ready, checks: [{component, ready, message}]}``."""
    checks = document.get("checks")
    if not isinstance(checks, list) or not any(isinstance(check, dict) and "component" in check for check in checks):
        return None
    listed = [check for check in checks if isinstance(check, dict)]
    parts = [part(check.get("component", ""), check.get("ready"), None, check.get("message")) for check in listed]
    word = document.get("status")
    return Document("readiness", meaning(word), str(word or ""), unique(parts), facts(version=document.get("version")))


def live(document: Json) -> Document | None:
    """``{status: alive, pid, uptime}``."""
    if not isinstance(document.get("status"), str) or "pid" not in document:
        return None
    found = facts(pid=document["pid"], uptime=document.get("uptime"), version=document.get("version"))
    return Document("liveness", meaning(document["status"]), document["status"], facts=found)
