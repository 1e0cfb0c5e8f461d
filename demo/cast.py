"""Who plays in the demo: its monitors, what their latency is made of, and how each trouble shows on each series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo import posture
from model import Status

UP, DEGRADED, DOWN = Status.UP, Status.DEGRADED, Status.DOWN
# (subject, kind) of a trouble -> what the series then says; empty words of a slow one are made by the rules
Shows = Mapping[tuple[str, str], tuple[Status, str]]
TOKEN = "the-demo-keeps-no-secret"  # noqa: S105 - long enough for the check; opens nothing
BOOKS = "https://example.com/runbooks/"


@dataclass(frozen=True, slots=True)
class Line:
    """One series: the rhythms its latency is the sum of (none: it has no latency), how troubles show on it."""

    series: str
    rhythms: tuple[str, ...] = ()
    shows: Shows = field(default_factory=dict)
    calm: tuple[Status, str] = (Status.UP, "")  # what it says while nothing is wrong


@dataclass(frozen=True, slots=True)
class Player:
    """One monitor of the demo; ``table`` is the rest of its [[monitor]] table; ``days`` is how long it is watched."""

    line: Line
    name: str
    check: str
    group: str
    table: Mapping[str, Any]
    every: float = 30.0
    slow: float | None = None
    days: float = 90.0
    parts: tuple[Line, ...] = ()

    @property
    def key(self) -> str:
        """The monitor's key."""
        return self.line.series

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its own series, then those of its parts."""
        return (self.line, *self.parts)


def _slow(subject: str) -> Shows:
    return {(subject, "slow"): (DEGRADED, "")}


def _error(subject: str, code: int = 503) -> Shows:
    return {(subject, "error"): (DOWN, f"answered {code}, not 2xx")}


REFUSED: Shows = {("database", "refused"): (DOWN, "refused the connection")}
SICK: Shows = {
    ("database", "refused"): (DOWN, "answered 503: database fails (Database connection failed)"),
    ("payments", "error"): (DOWN, "answered 503: external_services fails (Failing services: stripe)"),
}
UNREADY: Shows = {("database", "refused"): (DOWN, "answered 503: database fails (Connection refused)")}
PARTS = (
    Line("platform/database", ("database",), {("database", "refused"): (DOWN, "Database connection failed")}),
    Line("platform/authentication", ("unit",)),
    Line("platform/external_services", ("payments",), {("payments", "error"): (DOWN, "Failing services: stripe")}),
    Line("platform/memory"),
    Line("platform/uptime"),
)

DUMPS = ("newest", "size", "whole", "contents", "kept", "room")
READY_PARTS = (
    Line("ready/database", (), {("database", "refused"): (DOWN, "Connection refused")}),
    Line("ready/environment"),
    Line("ready/services"),
)


def players(http: str, tls: int, database: int, names: int, authority: str, dumps: str) -> tuple[Player, ...]:
    """All of them, for a demo whose HTTP is at ``http`` (an origin) and whose other ports are given."""
    return (
        *_platform(http),
        *_front(http, tls, names, authority),
        *_data(http, database),
        *_rest(http),
        *_care(http, dumps),
    )


def _platform(http: str) -> tuple[Player, ...]:
    health = {"url": f"{http}/api/health", "critical": True, "public": "Prescriptions", "runbook": f"{BOOKS}platform"}
    after = {"depends_on": ["database", "payments"]}
    ready = {"url": f"{http}/api/health/ready", "depends_on": ["database"], "runbook": f"{BOOKS}readiness"}
    works: Shows = {("search", "works"): (DOWN, "answered 503, not 2xx"), **_slow("search")}
    search = {"url": f"{http}/api/medicines/search/health", "public": "Medicine search"}
    own = Line("platform", ("platform", "database", "payments"), SICK)
    return (
        Player(own, "Platform health", "health", "Platform", health | after, 15, 5.0, parts=PARTS),
        Player(
            Line("ready", ("platform", "database"), UNREADY),
            "Readiness",
            "health",
            "Platform",
            ready,
            parts=READY_PARTS,
        ),
        Player(Line("live", ("live",)), "Liveness", "health", "Platform", {"url": f"{http}/api/health/live"}),
        Player(Line("search", ("search",), works), "Medicine search", "http", "Platform", search, 30, 0.4, 62.3),
    )


def _front(http: str, tls: int, names: int, authority: str) -> tuple[Player, ...]:
    home = {"url": f"{http}/", "critical": True, "public": "Website", "runbook": f"{BOOKS}front-end"}
    login = {"url": f"{http}/dashboard", "redirects_to": "/auth/login", "public": "Sign-in"}
    certificate = {"host": "localhost", "port": tls, "ca_file": authority, "runbook": f"{BOOKS}certificates"}
    name = {"host": "platform.demo.test", "server": "127.0.0.1", "port": names, "expected": "127.0.0.1"}
    ending: Shows = {("certificate", "ending"): (DEGRADED, "the certificate ends in 16 days")}
    redirects: Shows = {("login", "error"): (DOWN, "answered 502, not a redirect")}
    return (
        Player(Line("home", ("home",), _slow("home")), "Home page", "http", "Front end", home, 15, 0.5),
        Player(Line("login", ("login",), redirects), "Login redirect", "http", "Front end", login, 30, 1.0),
        Player(Line("certificate", ("handshake",), ending), "Certificate", "tls", "Front end", certificate, 60),
        Player(Line("name", ("name",)), "Name", "dns", "Front end", name, 60, days=33.6),
    )


def _data(http: str, database: int) -> tuple[Player, ...]:
    port = {"host": "127.0.0.1", "port": database, "critical": True, "runbook": f"{BOOKS}database"}
    auth = {"url": f"{http}/auth/v1/health", "public": "Sign-in", "runbook": f"{BOOKS}auth"}
    storage = {"url": f"{http}/storage/v1/status", "public": "Documents", "runbook": f"{BOOKS}storage"}
    functions = {"url": f"{http}/functions/v1/health"}
    realtime = {"url": f"{http}/realtime/v1/api/ping", "public": "Live updates"}
    shown = {key: {**_slow(key), **_error(key)} for key in ("auth", "storage", "realtime")}
    errors = _error("functions", 500)
    return (
        Player(Line("database", ("connect",), REFUSED), "Database", "tcp", "Data", port, 15),
        Player(Line("auth", ("auth",), shown["auth"]), "Sign-in", "http", "Data", auth, 30, 0.3),
        Player(Line("storage", ("storage",), shown["storage"]), "Storage", "http", "Data", storage, 15, 0.5),
        Player(Line("functions", ("functions",), errors), "Edge functions", "http", "Data", functions, 30, 1.0, 48.4),
        Player(Line("realtime", ("realtime",), shown["realtime"]), "Realtime", "http", "Data", realtime, 30, 0.15),
    )


def _rest(http: str) -> tuple[Player, ...]:
    charges = f"{http}/v1/charges"
    paying = {"url": charges, "critical": True, "public": "Payments", "runbook": f"{BOOKS}payments"}
    key = {"headers": {"Authorization": "Bearer demo-key"}}
    late: Shows = {("export", "silent"): (DOWN, "a ping is 2 min late")}
    later: Shows = {("backup", "silent"): (DOWN, "a ping is 10 h 59 min late")}
    vendor: Shows = {("hosting", "vendor"): (DEGRADED, "says 'degraded'")}
    payments = Line("payments", ("payments",), {**_slow("payments"), **_error("payments", 500)})
    export = {"period": "3m", "grace": "0s", "token": TOKEN}
    backup = {"period": "26h", "grace": "0s", "token": TOKEN, "runbook": f"{BOOKS}backup"}
    hosting = {"url": f"{http}/vendor/status"}
    stranger = {"url": charges, "status": [401]}
    return (
        Player(payments, "Payment API", "http", "Payments", paying | key, 15, 0.8),
        Player(Line("strangers", ("strangers",)), "Refuses strangers", "http", "Payments", stranger),
        Player(Line("backup", (), later), "Nightly backup", "heartbeat", "Jobs", backup, 60),
        Player(Line("export", (), late), "Prescription export", "heartbeat", "Jobs", export, 15),
        Player(Line("hosting", ("hosting",), vendor), "Hosting status", "health", "Vendors", hosting, 60, days=12.4),
    )


def _care(http: str, dumps: str) -> tuple[Player, ...]:
    """What is looked at seldom: how well the platform is kept."""
    asked = [f"{http}/api/health", f"{http}/api/health/live"]
    headers = {"url": f"{http}/", "api": f"{http}/api/prescriptions", "protected": [f"{http}/dashboard"], "open": asked}
    headers |= {"origin": posture.ORIGIN, "without": ["strict-transport-security"]}
    files = {"folder": dumps, "pattern": "backup_{YYYY}{MM}{DD}_{hh}{mm}{ss}.sql.gz", "keep": 30, "free_share": 0}
    files |= {"tables": ["public.prescriptions"]}
    drill = {"rpo": "1d", "rto": "1h", "token": TOKEN}
    endpoints = {"url": f"{http}/", "paths": list(posture.ENDPOINTS)}
    return (
        Player(
            Line("endpoints", ("live",)), "Documented endpoints", "endpoints", "Care", endpoints, 60, None, 34,
            parts=_parts("endpoints", (path.strip("/").replace("/", ".") for path in posture.ENDPOINTS)),
        ),
        Player(
            Line("headers"), "Headers and access", "headers", "Care", headers, 300, None, 41,
            parts=_parts("headers", posture.RULES),
        ),
        Player(
            Line("variables"), "Variables", "configuration", "Care", {"names": list(posture.VARIABLES)}, 300, None, 21,
            parts=_parts("variables", posture.VARIABLES),
        ),
        Player(Line("dumps"), "Database dumps", "backups", "Care", files, 300, parts=_parts("dumps", DUMPS)),
        Player(Line("restore"), "Restore drill", "drill", "Care", drill, 300, parts=_parts("restore", ("rpo", "rto"))),
    )  # fmt: skip


def _parts(key: str, names: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(f"{key}/{name.lower()}") for name in names)
