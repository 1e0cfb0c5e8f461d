"""The project as its makers see it: its state, its services, whether the database went read-only."""

from __future__ import annotations

import asyncio
from typing import Any

from cleaning import slug
from integrations._parts import all_blind, attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, table, text
from model import Finding, Part, Result, Snapshot, Status

SERVICES = ("auth", "db", "pooler", "realtime", "rest", "storage")
STATES = {
    "ACTIVE_HEALTHY": Status.UP, "ACTIVE_UNHEALTHY": Status.DEGRADED, "COMING_UP": Status.DEGRADED,
    "RESIZING": Status.DEGRADED, "UPGRADING": Status.DEGRADED, "INACTIVE": Status.DOWN, "GOING_DOWN": Status.DOWN,
    "INIT_FAILED": Status.DOWN, "PAUSING": Status.DOWN, "PAUSE_FAILED": Status.DEGRADED, "REMOVED": Status.DOWN,
    "RESTARTING": Status.DOWN, "RESTORING": Status.DOWN, "RESTORE_FAILED": Status.DOWN,
}  # fmt: skip
WORDS = {"INACTIVE": "the project is paused", "ACTIVE_HEALTHY": ""}
HEALTH = {"ACTIVE_HEALTHY": Status.UP, "COMING_UP": Status.DEGRADED, "UNHEALTHY": Status.DOWN}
FULL = "make room (Supabase, Database, Disk), then switch read-only mode off"


async def read(to: Reach, ref: str) -> Snapshot:
    """Supabase management API: GET /v1/projects/{ref}, /health, /readonly."""
    where = f"/v1/projects/{ref}"
    about, health, readonly = await asyncio.gather(
        attempt(to.get(where)),
        attempt(to.get(f"{where}/health", {"services": SERVICES})),
        attempt(to.get(f"{where}/readonly")),
    )
    if reason := all_blind(about, health, readonly):
        raise reason
    parts = [blind("project", about) if isinstance(about, Unmeasured) else _project(table(about.body))]
    parts += [blind("services", health)] if isinstance(health, Unmeasured) else _services(health.body)
    parts.append(blind("writes", readonly) if isinstance(readonly, Unmeasured) else _writes(table(readonly.body)))
    closed = parts[-1].status is Status.DOWN
    findings = (Finding("supabase-read-only", "the database takes no writes: it went read-only", FULL, "writes"),)
    result = Result(
        worst(part.status for part in parts), troubles(parts), parts=tuple(parts),
        findings=findings if closed else (), facts=() if isinstance(about, Unmeasured) else _facts(table(about.body)),
    )  # fmt: skip
    unread = missing((about, ("project", "facts")), (health, ("services", *SERVICES)))
    unread += ("writes",) if parts[-1].status is Status.UNKNOWN else ()
    return Snapshot(result, fixes(about, health, readonly), unread=unread)


def _project(about: dict[str, Any]) -> Part:
    state = text(about.get("status"), 40)
    status = STATES.get(state, Status.UNKNOWN)
    words = WORDS.get(state, f"the project is {state.lower().replace('_', ' ')}" if state else "no state is said")
    return Part("project", status, None, words)


def _facts(about: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    pairs = (
        ("region", text(about.get("region"), 40)),
        ("postgres", text(table(about.get("database")).get("version"), 40)),
    )
    return tuple((name, value) for name, value in pairs if value)


def _services(body: object) -> list[Part]:
    found = [_service(row) for row in items(body) if slug(row.get("name", ""))]
    return found or [Part("services", Status.UNKNOWN, None, "the answer names no service")]


def _service(row: dict[str, Any]) -> Part:
    state = text(row.get("status"), 40)
    status = HEALTH.get(state, Status.UNKNOWN)
    if row.get("healthy") is False and status is Status.UP:
        status = Status.DOWN
    words = text(row.get("error"), 120) or state.lower().replace("_", " ")
    return Part(slug(row["name"]), status, None, "" if status is Status.UP else words)


def _writes(body: dict[str, Any]) -> Part:
    enabled = body.get("enabled")
    if not isinstance(enabled, bool):
        return Part("writes", Status.UNKNOWN, None, "the answer does not say whether the database is read-only")
    if enabled and body.get("override_enabled") is not True:
        return Part("writes", Status.DOWN, None, "the database is read-only")
    return Part("writes", Status.UP, None, "read-only mode is overridden for now" if enabled else "")
