"""Supabase as the demo plays it: tables behind row level security, services, and the project's own management API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from demo import beacons
from demo.answer import Answer, Request, json_of
from demo.chance import share
from demo.health import Look

REF = "demodemodemodemodemo"
ANON, SERVICE, TOKEN = "sb_publishable_demo", "sb_secret_theDemoKeepsNoSecret", "sbp_theDemoKeepsNoSecret"
PREFIX = "/supabase"
ROWS = {
    "user_profiles": (4_812, 3.1),
    "medicines": (11_482, 0.4),
    "prescriptions": (92_310, 140.0),
    "audit_logs": (731_004, 2200.0),
}
GIB = 1 << 30
SIZE, USED, A_DAY = 32 * GIB, 17.4 * GIB, 0.05 * GIB
P = f"/v1/projects/{REF}"


def answer(look: Look, request: Request) -> Answer:
    """Any GET or HEAD below the prefix."""
    path = request.path.removeprefix(PREFIX)
    if path.startswith("/v1/projects/"):
        return _managed(look, request, path)
    if request.key not in (ANON, SERVICE):
        return json_of({"message": "Invalid API key"}, status=401)
    if path.startswith("/rest/v1/"):
        return _rows(look, request, path.removeprefix("/rest/v1/"))
    return _service(look, path)


def count(look: Look, table: str) -> int:
    """How many rows a table has now: it grows evenly from the opening on."""
    rows, a_day = ROWS[table]
    return int(rows + a_day * (look.at - look.schedule.opened) / timedelta(days=1))


def _rows(look: Look, request: Request, table: str) -> Answer:
    wait = look.ms("connect")
    if table == beacons.TABLE and not look.down("database"):
        return json_of(beacons.rows(look.schedule, look.at)[: int(request.first("limit") or 1000)], wait=wait)
    if look.down("database"):
        return Answer(503, b"", wait, headers=(("Proxy-Status", "PostgREST; error=PGRST000"),))
    if table not in ROWS:
        return Answer(404, b"", wait, headers=(("Proxy-Status", "PostgREST; error=PGRST205"),))
    closed = request.key == ANON
    return Answer(
        200 if closed else 206,
        b"",
        wait,
        headers=(("Content-Range", "*/0" if closed else f"0-0/{count(look, table)}"),),
    )


def _service(look: Look, path: str) -> Answer:
    subject = path.strip("/").split("/")[0]
    if subject not in ("auth", "storage", "realtime", "functions"):
        return json_of({"message": "no"}, status=404)
    if look.down(subject):
        return json_of({"error": "temporarily unavailable"}, status=503, wait=look.ms(subject))
    said: dict[str, dict[str, Any]] = {
        "auth": {"name": "GoTrue", "version": "v2.180.0"},
        "storage": {"healthy": True},
    }
    return json_of(said.get(subject, {"message": "Success"}), wait=look.ms(subject))


def _managed(look: Look, request: Request, path: str) -> Answer:
    if request.token != TOKEN:
        return json_of({"message": "Unauthorized"}, status=401)
    said = {
        P: _project,
        f"{P}/health": _health,
        f"{P}/readonly": _readonly,
        f"{P}/config/disk/util": _disk,
        f"{P}/functions": _functions,
        f"{P}/analytics/endpoints/usage.api-counts": _counts,
        f"{P}/database/backups": _backups,
        f"{P}/advisors/security": _advisors,
    }.get(path)
    return json_of(said(look), wait=look.ms("hosting")) if said else json_of({"message": "Not found"}, status=404)


def _project(look: Look) -> dict[str, Any]:
    state = "ACTIVE_UNHEALTHY" if look.down("database") else "ACTIVE_HEALTHY"
    return {
        "id": REF,
        "name": "prescriptions",
        "region": "eu-central-1",
        "status": state,
        "database": {"version": "17.4.1"},
    }


def _health(look: Look) -> list[dict[str, Any]]:
    subjects = {
        "auth": "auth",
        "db": "database",
        "pooler": "database",
        "realtime": "realtime",
        "rest": "database",
        "storage": "storage",
    }
    return [_one(name, not look.down(subject)) for name, subject in subjects.items()]


def _one(name: str, well: bool) -> dict[str, Any]:
    return {"name": name, "healthy": well, "status": "ACTIVE_HEALTHY" if well else "UNHEALTHY"}


def _readonly(look: Look) -> dict[str, Any]:
    return {"enabled": False, "override_enabled": False, "override_active_until": None}


def used(opened: datetime, at: datetime) -> float:
    """Bytes of the disk that are used: it grows evenly."""
    return USED + A_DAY * ((at - opened) / timedelta(days=1))


def _disk(look: Look) -> dict[str, Any]:
    full = round(used(look.schedule.opened, look.at))
    return {"metrics": {"fs_size_bytes": SIZE, "fs_used_bytes": full, "fs_avail_bytes": SIZE - full}}


def _functions(look: Look) -> list[dict[str, Any]]:
    return [{"slug": name, "name": name, "status": "ACTIVE", "verify_jwt": True} for name in ("send-label", "refill")]


def _counts(look: Look) -> dict[str, Any]:
    hour = look.at.replace(minute=0, second=0, microsecond=0)
    many = 0.6 + 0.8 * share(look.schedule.seed, "asked", int(hour.timestamp()))
    row = {
        "timestamp": hour.isoformat(),
        "total_auth_requests": int(900 * many),
        "total_rest_requests": int(14_000 * many),
        "total_realtime_requests": int(2_100 * many),
        "total_storage_requests": int(450 * many),
    }
    return {"result": [row]}


def _backups(look: Look) -> dict[str, Any]:
    window = {
        "earliest_physical_backup_date_unix": int((look.at - timedelta(days=7)).timestamp()),
        "latest_physical_backup_date_unix": int((look.at - timedelta(minutes=2)).timestamp()),
    }
    return {
        "region": "eu-central-1",
        "walg_enabled": True,
        "pitr_enabled": True,
        "backups": [],
        "physical_backup_data": window,
    }


def _advisors(look: Look) -> dict[str, Any]:
    shown = (
        ("function_search_path_mutable", "Function Search Path Mutable", "function", "refill_due"),
        ("auth_otp_long_expiry", "One-time passwords live too long", "auth", ""),
    )
    docs = "https://supabase.com/docs/guides/database/database-linter"
    lints = [
        {
            "name": name,
            "title": title,
            "level": "WARN",
            "categories": ["SECURITY"],
            "remediation": docs,
            "metadata": {"schema": "public" if what else "", "name": what, "type": kind},
        }
        for name, title, kind, what in shown
    ]
    return {"lints": lints}
