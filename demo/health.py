"""The three health endpoints of the demo's platform: the aggregate, readiness and liveness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.answer import Answer, json_of
from demo.chance import number
from demo.rhythm import RHYTHMS
from demo.schedule import Schedule
from model import Status

UNCACHED = "no-cache, no-store, must-revalidate"
RETRIES_MS = 7000.0  # with the database down the platform's client tries again and again before the aggregate answers
HEAP_TOTAL_MB = 192
VERSION = "1.4.0"


@dataclass(frozen=True, slots=True)
class Look:
    """One moment of the platform's inside, as its health route sees it."""

    schedule: Schedule
    at: datetime

    def ms(self, subject: str) -> float:
        """How long something takes now."""
        trouble = self.schedule.at(subject, self.at)
        slow = trouble is not None and trouble.kind == "slow"
        return RHYTHMS[subject].latency(subject, self.schedule.seed, self.at, slow=slow)

    def down(self, subject: str) -> bool:
        """Whether something does not answer now."""
        trouble = self.schedule.at(subject, self.at)
        return trouble is not None and trouble.status is Status.DOWN

    @property
    def stamp(self) -> str:
        """The moment as JavaScript writes it."""
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def uptime(self) -> float:
        """Seconds since the platform's process began."""
        return (self.at - self.schedule.booted(self.at)).total_seconds()


def aggregate(look: Look) -> Answer:
    """GET /api/health: 503 when any check fails; the body is JSON either way."""
    checks: dict[str, dict[str, Any]] = {
        "database": _database(look),
        "authentication": {"status": "pass", "responseTime": 1},
        "external_services": _external(look),
        "memory": _memory(look),
        "uptime": _uptime(look),
    }
    said = {check["status"] for check in checks.values()}
    status = "unhealthy" if "fail" in said else "degraded" if "warn" in said else "healthy"
    wait = RETRIES_MS if look.down("database") else look.ms("platform") + look.ms("database") + look.ms("payments")
    release = look.schedule.release(look.at)
    document = {
        "status": status,
        "timestamp": look.stamp,
        "version": VERSION,
        "environment": "production",
        "checks": checks,
        "metadata": {
            "deployment_id": release.deployment,
            "git_commit": release.commit,
            "build_time": _built(release.at),
        },
    }
    code = 503 if status == "unhealthy" else 200
    headers = {"Cache_Control": UNCACHED, "X_Response_Time": f"{round(wait)}ms"}
    return json_of(document, status=code, wait=wait, **headers)


def _built(released: datetime) -> str:
    return (released - timedelta(minutes=3)).isoformat(timespec="seconds").replace("+00:00", "Z")


def _database(look: Look) -> dict[str, Any]:
    if look.down("database"):
        return {
            "status": "fail",
            "responseTime": round(RETRIES_MS),
            "message": "Database connection failed",
            "details": {"error_code": "ECONNREFUSED"},
        }
    return {"status": "pass", "responseTime": round(look.ms("database"))}


def _external(look: Look) -> dict[str, Any]:
    taken = round(look.ms("payments"))
    if look.down("payments"):
        failed = {"service": "stripe", "status": "fail", "error": "HTTP 500"}
        return {"status": "fail", "message": "Failing services: stripe", "details": {"checks": [failed]}}
    passed = {"service": "stripe", "status": "pass", "responseTime": taken}
    return {"status": "pass", "responseTime": taken, "details": {"checks": [passed]}}


def heap_share(look: Look) -> float:
    """Per cent of the heap in use. One look in sixty or so sees a warning, which is gone two seconds later."""
    block = int(look.at.timestamp()) // 2
    draw = number(look.schedule.seed, "heap", block // 6)
    spike = block % 6 == 0 and draw % 10 == 0
    return 83.0 + draw % 5 if spike else 55.0 + (draw >> 8) % 15


def _memory(look: Look) -> dict[str, Any]:
    percent = heap_share(look)
    used = f"{round(HEAP_TOTAL_MB * percent / 100)}MB"
    details = {"heapUsed": used, "heapTotal": f"{HEAP_TOTAL_MB}MB", "percentage": f"{round(percent)}%"}
    if percent > 80:
        return {"status": "warn", "message": "High memory usage", "details": details}
    return {"status": "pass", "details": details}


def _uptime(look: Look) -> dict[str, Any]:
    seconds = int(look.uptime)
    formatted = f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    return {"status": "pass", "details": {"seconds": seconds, "formatted": formatted}}


def ready(look: Look) -> Answer:
    """GET /api/health/ready: 503 while the database does not answer."""
    reached = not look.down("database")
    checks = [
        {"component": "database", "ready": reached, "message": "Connected" if reached else "Connection refused"},
        {"component": "environment", "ready": True, "message": "All required variables are set"},
        {"component": "services", "ready": True, "message": "Auth session answered"},
    ]
    document = {"status": "ready" if reached else "not ready", "timestamp": look.stamp, "checks": checks}
    wait = look.ms("platform") + (look.ms("database") if reached else 0.0)
    return json_of(document, status=200 if reached else 503, wait=wait, Cache_Control=UNCACHED)


def live(look: Look) -> Answer:
    """GET /api/health/live: always alive while the process is."""
    pid = look.schedule.pid(look.at)
    document = {"status": "alive", "timestamp": look.stamp, "pid": pid, "uptime": round(look.uptime, 3)}
    return json_of(document, wait=look.ms("live"), Cache_Control=UNCACHED)
