"""Health documents of the common frameworks and drafts; their free text is never kept."""

from __future__ import annotations

import re
from typing import Any

from checks._formats._document import Document, facts, meaning, number, objects, part, unique
from model import Part, Status

Json = dict[str, Any]
_SPAN = re.compile(r"(?:(\d{1,4})\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,9})?)")
_UNIT = {"ms": 1.0, "s": 1000.0, "us": 0.001}


def ietf(document: Json) -> Document | None:
    """draft-inadarei-api-health-check: ``checks: {"component:measurement": [{status, observedValue}]}``."""
    checks = document.get("checks")
    if not isinstance(checks, dict) or not any(isinstance(nodes, list) for nodes in checks.values()):
        return None
    nodes = [(str(name), node) for name, listed in checks.items() if isinstance(listed, list) for node in listed[:16]]
    measured = [(name, node) for name, node in nodes if isinstance(node, dict)]
    parts = [part(name, node.get("status"), _response(name, node)) for name, node in measured if "status" in node]
    uptime = next((node.get("observedValue") for name, node in measured if name.endswith("uptime")), None)
    found = facts(version=document.get("releaseId", document.get("version")), uptime=number(uptime))
    word = document.get("status")
    return Document("health+json", meaning(word) if word is not None else None, str(word or ""), unique(parts), found)


def _response(name: str, node: Json) -> float | None:
    value, unit = number(node.get("observedValue")), node.get("observedUnit")
    known = _UNIT.get(unit) if isinstance(unit, str) else None
    return value * known if value is not None and known and name.endswith("responseTime") else None


def microprofile(document: Json) -> Document | None:
    """MicroProfile Health: ``{status, checks: [{name, status, data}]}``."""
    checks = document.get("checks")
    if not isinstance(checks, list) or not isinstance(document.get("status"), str):
        return None
    parts = [part(check.get("name", ""), check.get("status")) for check in checks if isinstance(check, dict)]
    return Document("MicroProfile", meaning(document["status"]), document["status"], unique(parts))


def aspnet(document: Json) -> Document | None:
    """ASP.NET Core's UI writer: ``{status, totalDuration, entries: {name: {status, duration}}}``."""
    entries = document.get("entries")
    if not isinstance(entries, dict) or not isinstance(document.get("status"), str):
        return None
    parts = [part(name, entry.get("status"), _span(entry.get("duration"))) for name, entry in objects(entries)]
    return Document("ASP.NET Core", meaning(document["status"]), document["status"], unique(parts))


def _span(text: object) -> float | None:
    """Milliseconds of a .NET TimeSpan such as 00:00:00.0123."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    days, hours, minutes, seconds = found.groups()
    return (int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000


def spring(document: Json) -> Document | None:
    """Spring Boot Actuator: ``{status, components: {name: {status}}, groups}``; before 2.2 it was ``details``."""
    word, inside = document.get("status"), document.get("components", document.get("details"))
    if not isinstance(word, str) or not (isinstance(inside, dict) or "groups" in document):
        return None
    if "components" not in document and not word.isupper():
        return None
    return Document("Spring Boot", meaning(word), word, unique(_named(inside)))


def details(document: Json) -> Document | None:
    """NestJS Terminus ``{status, info, error, details}``; alexliesenfeld/health for Go has ``details`` alone."""
    word, inside = document.get("status"), document.get("details")
    if not isinstance(word, str) or not (isinstance(inside, dict) or isinstance(document.get("error"), dict)):
        return None
    terminus = "info" in document and "error" in document
    parts = [*_named(document.get("error")), *_named(inside)]
    return Document("Terminus" if terminus else "health for Go", meaning(word), word, unique(parts))


def _named(inside: object) -> list[Part]:
    return [part(name, node.get("status"), node.get("responseTime")) for name, node in objects(inside)]


def hellofresh(document: Json) -> Document | None:
    """hellofresh/health-go: ``{status, failures: {name: text}, system, component}``; the text is not kept."""
    word, failures = document.get("status"), document.get("failures")
    if not isinstance(word, str) or not (isinstance(failures, dict) or {"system", "component"} <= document.keys()):
        return None
    names = failures if isinstance(failures, dict) else {}
    parts = [Part(part(name, "").name, Status.DOWN) for name in names]
    component = document.get("component")
    version = component.get("version") if isinstance(component, dict) else None
    return Document("hellofresh/health-go", meaning(word), word, unique(parts), facts(version=version))
