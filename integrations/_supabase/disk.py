"""How full the disk is, whether Edge Functions are throttled, and how much is asked."""

from __future__ import annotations

import asyncio
from typing import Any

from cleaning import slug
from integrations._parts import all_blind, attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, number, table, text
from model import Figure, Finding, Part, Result, Snapshot, Status
from words import size

FULLER, FULL = 80.0, 95.0  # per cent; Supabase goes read-only at about 95
FUNCTIONS = {"ACTIVE": Status.UP, "THROTTLED": Status.DEGRADED}
ASKED = ("auth", "rest", "realtime", "storage")


async def read(to: Reach, ref: str) -> Snapshot:
    """Supabase management API: GET .../config/disk/util, /functions, /analytics/endpoints/usage.api-counts."""
    where = f"/v1/projects/{ref}"
    disk, functions, usage = await asyncio.gather(
        attempt(to.get(f"{where}/config/disk/util")),
        attempt(to.get(f"{where}/functions")),
        attempt(to.get(f"{where}/analytics/endpoints/usage.api-counts", {"interval": "1hr"})),
    )
    if reason := all_blind(disk, functions, usage):
        raise reason
    part, figures = (blind("disk", disk), []) if isinstance(disk, Unmeasured) else _disk(table(disk.body))
    parts = [part]
    parts += [blind("functions", functions)] if isinstance(functions, Unmeasured) else _functions(functions.body)
    figures += [] if isinstance(usage, Unmeasured) else _usage(table(usage.body))
    full = part.status in (Status.DEGRADED, Status.DOWN)
    fix = "make room or enlarge the disk before the database goes read-only"
    said = f"the database's disk is nearly full: {part.words}"
    findings = (Finding("supabase-disk", said, fix, "disk"),) if full else ()
    result = Result(worst(each.status for each in parts), troubles(parts), parts=tuple(parts), findings=findings)
    unread = missing((functions, ("functions", "function-*")), (usage, ("requests_*",)))
    unread += ("disk", "disk_bytes", "disk_size") if part.status is Status.UNKNOWN else ()
    return Snapshot(result, fixes(disk, functions, usage), figures=tuple(figures), unread=unread)


def _disk(body: dict[str, Any]) -> tuple[Part, list[Figure]]:
    metrics = table(body.get("metrics"))
    whole, used = number(metrics.get("fs_size_bytes")), number(metrics.get("fs_used_bytes"))
    if not whole or used is None or not 0 <= used <= whole:
        return Part("disk", Status.UNKNOWN, None, "the answer does not say how full the disk is"), []
    share = 100 * used / whole
    state = Status.DOWN if share >= FULL else Status.DEGRADED if share >= FULLER else Status.UP
    figures = [Figure("disk", share, "%"), Figure("disk_bytes", used, "B"), Figure("disk_size", whole, "B")]
    return Part("disk", state, None, f"{share:.0f} % of {size(whole)}"), figures


def _functions(body: object) -> list[Part]:
    rows = [row for row in items(body) if row.get("status") != "REMOVED" and slug(row.get("slug", ""))][:50]
    return [_function(row) for row in rows]


def _function(row: dict[str, Any]) -> Part:
    state = text(row.get("status"), 40)
    status = FUNCTIONS.get(state, Status.UNKNOWN)
    return Part(
        f"function-{slug(row['slug'])}", status, None, "" if status is Status.UP else state.lower() or "no state"
    )


def _usage(body: dict[str, Any]) -> list[Figure]:
    """Requests of the newest bucket, an hour each."""
    rows = items(body.get("result"))
    newest = max(rows, key=lambda row: text(row.get("timestamp")), default={})
    found = ((name, number(newest.get(f"total_{name}_requests"))) for name in ASKED)
    return [Figure(f"requests_{name}", value, "/h") for name, value in found if value is not None]
