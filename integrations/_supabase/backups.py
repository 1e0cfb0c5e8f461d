"""Supabase's own backups: how fresh, how far back one can go. Files in Storage are in none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations._parts import troubles, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, moment, table, text
from model import Figure, Finding, Part, Result, Snapshot, Status
from words import lasted

LATE, LOST = 26.0, 50.0  # hours since the newest daily backup
HOUR, DAY = 3600.0, 86_400.0


async def read(to: Reach, ref: str) -> Snapshot:
    """Supabase management API: GET .../database/backups."""
    body = table((await to.get(f"/v1/projects/{ref}/database/backups")).body)
    if not isinstance(body.get("backups"), list):
        raise Unmeasured("Supabase's list of backups has another shape", "check [supabase] base")
    now, pitr = to.tools.clock(), body.get("pitr_enabled") is True
    parts, figures = _pitr(body, now) if pitr else _daily(items(body["backups"]), now)
    status = worst(part.status for part in parts)
    findings = () if pitr or items(body["backups"]) else (_none(),)
    facts = (("recovery", "point in time" if pitr else "daily"),)
    return Snapshot(
        Result(status, troubles(parts), parts=tuple(parts), findings=findings, facts=facts), figures=tuple(figures)
    )


def _none() -> Finding:
    fix = "a plan with backups, or a dump of your own every night"
    return Finding("supabase-no-backup", "Supabase keeps no backup of this project", fix)


def _pitr(body: dict[str, Any], now: datetime) -> tuple[list[Part], list[Figure]]:
    """An idle database writes no log, so an old newest moment alone is no alarm."""
    data = table(body.get("physical_backup_data"))
    first = moment(data.get("earliest_physical_backup_date_unix"))
    last = moment(data.get("latest_physical_backup_date_unix"))
    if first is None or last is None or last < first:
        return [Part("recovery", Status.UNKNOWN, None, "point in time, but no window is said")], []
    window, age = (last - first).total_seconds(), max(0.0, (now - last).total_seconds())
    words = f"back to any moment of {lasted(window)}, up to {lasted(age)} ago"
    state = Status.DEGRADED if age > LATE * HOUR else Status.UP
    figures = [Figure("recovery_window", window / DAY), Figure("backup_age", age / HOUR)]
    return [Part("recovery", state, None, words)], figures


def _daily(rows: list[dict[str, Any]], now: datetime) -> tuple[list[Part], list[Figure]]:
    done = [at for row in rows if row.get("status") == "COMPLETED" and (at := moment(row.get("inserted_at")))]
    newest = max(rows, key=lambda row: text(row.get("inserted_at")), default={})
    if not rows:
        return [Part("backup", Status.UNKNOWN, None, "there is no managed backup")], []
    if not done:
        return [Part("backup", Status.DOWN, None, "no backup was completed")], []
    age = max(0.0, (now - max(done)).total_seconds())
    state = Status.DOWN if age > LOST * HOUR else Status.DEGRADED if age > LATE * HOUR else Status.UP
    words = f"the newest is {lasted(age)} old"
    if newest.get("status") == "FAILED":
        state, words = (
            max(state, Status.DEGRADED, key=(Status.UP, Status.DEGRADED, Status.DOWN).index),
            f"the last one failed; {words}",
        )
    return [Part("backup", state, None, words)], [Figure("backup_age", age / HOUR), Figure("backups", len(done))]
