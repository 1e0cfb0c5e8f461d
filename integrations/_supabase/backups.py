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
SLACK = HOUR  # the oldest moment moves on while it is read
Facts = tuple[tuple[str, str], ...]


async def read(to: Reach, ref: str, promised: float) -> Snapshot:
    """Supabase management API: GET .../database/backups. ``promised`` is how many seconds recovery must reach back."""
    body = table((await to.get(f"/v1/projects/{ref}/database/backups")).body)
    if not isinstance(body.get("backups"), list):
        raise Unmeasured("Supabase's list of backups has another shape", "check [supabase] base")
    now, pitr = to.tools.clock(), body.get("pitr_enabled") is True
    parts, figures, facts = _pitr(body, promised, now) if pitr else _daily(items(body["backups"]), now)
    status = worst(part.status for part in parts)
    findings = _findings(parts, pitr, items(body["backups"]))
    return Snapshot(
        Result(status, troubles(parts), parts=tuple(parts), findings=findings, facts=facts), figures=tuple(figures)
    )


def _findings(parts: list[Part], pitr: bool, rows: list[dict[str, Any]]) -> tuple[Finding, ...]:
    short = [part for part in parts if pitr and part.status is Status.DEGRADED]
    if short:
        fix = "choose a longer recovery window in Supabase; a new one grows day by day"
        return (Finding("supabase-recovery-window", f"point-in-time recovery {short[0].words}", fix),)
    if not pitr and not rows:
        fix = "a plan with backups, or a dump of your own every night"
        return (Finding("supabase-no-backup", "Supabase keeps no backup of this project", fix),)
    return ()


def _pitr(body: dict[str, Any], promised: float, now: datetime) -> tuple[list[Part], list[Figure], Facts]:
    """How far back one can go is what counts: an idle database writes no log, so an old newest moment is no alarm."""
    data = table(body.get("physical_backup_data"))
    first = moment(data.get("earliest_physical_backup_date_unix"))
    last = moment(data.get("latest_physical_backup_date_unix"))
    facts: Facts = (("recovery", "point in time"), ("promised", lasted(promised)))
    if first is None or last is None or last < first:
        return [Part("recovery", Status.UNKNOWN, None, "point in time, but no window is said")], [], facts
    back, age = max(0.0, (now - first).total_seconds()), max(0.0, (now - last).total_seconds())
    short = back < promised - SLACK
    words = f"goes back {lasted(back)}" + (f", promised {lasted(promised)}" if short else "")
    facts += (("last write kept", f"{lasted(age)} ago"),)
    figures = [Figure("recovery_window", back / DAY), Figure("backup_age", age / HOUR)]
    return [Part("recovery", Status.DEGRADED if short else Status.UP, None, words)], figures, facts


def _daily(rows: list[dict[str, Any]], now: datetime) -> tuple[list[Part], list[Figure], Facts]:
    facts: Facts = (("recovery", "daily"),)
    done = [at for row in rows if row.get("status") == "COMPLETED" and (at := moment(row.get("inserted_at")))]
    newest = max(rows, key=lambda row: text(row.get("inserted_at")), default={})
    if not rows:
        return [Part("backup", Status.UNKNOWN, None, "there is no managed backup")], [], facts
    if not done:
        return [Part("backup", Status.DOWN, None, "no backup was completed")], [], facts
    age = max(0.0, (now - max(done)).total_seconds())
    state = Status.DOWN if age > LOST * HOUR else Status.DEGRADED if age > LATE * HOUR else Status.UP
    words = f"the newest is {lasted(age)} old"
    if newest.get("status") == "FAILED":
        state, words = (
            max(state, Status.DEGRADED, key=(Status.UP, Status.DEGRADED, Status.DOWN).index),
            f"the last one failed; {words}",
        )
    figures = [Figure("backup_age", age / HOUR), Figure("backups", len(done))]
    return [Part("backup", state, None, words)], figures, facts
