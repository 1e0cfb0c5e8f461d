"""Everything else the demo answers over HTTP: the front end, the data services, payments and a vendor's status page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from demo import health, sentry, stripe, supabase, vercel
from demo.answer import HTML, Answer, Request, json_of
from demo.health import Look
from demo.posture import API, HEADERS

KEY = "demo-key"  # what the demo's payment service takes for a valid key; it opens nothing anywhere
HOME = b"<!doctype html><title>TCM Prescription Platform</title><h1>Prescriptions, on time</h1>"
LOGIN = b"<!doctype html><title>Sign in</title><form method=post><input name=email><input name=password></form>"


def _page(subject: str, body: bytes) -> Callable[[Look, Request], Answer]:
    def answer(look: Look, request: Request) -> Answer:
        if look.down(subject):
            return Answer(502, b"Bad gateway", look.ms(subject), HTML, HEADERS)
        return Answer(200, body, look.ms(subject), HTML, HEADERS)

    return answer


def _status(subject: str, document: object, broken: int = 503) -> Callable[[Look, Request], Answer]:
    def answer(look: Look, request: Request) -> Answer:
        if look.down(subject):
            return json_of({"error": "temporarily unavailable"}, status=broken, wait=look.ms(subject))
        return json_of(document, wait=look.ms(subject))

    return answer


def _to_login(look: Look, request: Request) -> Answer:
    if look.down("login"):
        return Answer(502, b"Bad gateway", look.ms("login"), HTML, HEADERS)
    return Answer(307, b"", look.ms("login"), HTML, (*HEADERS, ("Location", "/auth/login")))


def _search(look: Look, request: Request) -> Answer:
    if look.down("search"):
        return json_of({"error": "index is being rebuilt"}, status=503, wait=look.ms("search"))
    return json_of({"status": "ok", "index": "medicines", "documents": 11_482}, wait=look.ms("search"))


def _charges(look: Look, request: Request) -> Answer:
    if request.token != KEY:
        error = {"type": "invalid_request_error", "message": "You did not provide a valid API key."}
        return json_of({"error": error}, status=401, wait=look.ms("strangers"))
    if look.down("payments"):
        return json_of({"error": {"type": "api_error"}}, status=500, wait=look.ms("payments"))
    return json_of({"object": "list", "data": [], "has_more": False}, wait=look.ms("payments"))


def _vendor(look: Look, request: Request) -> Answer:
    trouble = look.schedule.at("hosting", look.at)
    document = {"page": "Hosting", "status": "degraded" if trouble else "ok"}
    return json_of(document, wait=look.ms("hosting"))


def _announces(vendor: str, subject: str | None, components: tuple[str, ...]) -> Callable[[Look, Request], Answer]:
    """A status page in Statuspage's shape; it tells of the trouble of ``subject`` while that runs."""

    def answer(look: Look, request: Request) -> Answer:
        trouble = look.schedule.at(subject, look.at) if subject else None
        state, incidents = ("degraded_performance", [_told(vendor, trouble.start)]) if trouble else ("operational", [])
        said = {"indicator": "minor", "description": "Partially degraded service"}
        document = {
            "page": {"name": vendor, "url": f"https://status.example.com/{vendor.lower()}"},
            "status": said if trouble else {"indicator": "none", "description": "All systems operational"},
            "components": [{"id": name, "name": name, "status": state, "group": False} for name in components],
            "incidents": incidents,
            "scheduled_maintenances": [],
        }
        return json_of(document, wait=look.ms("hosting"))

    return answer


def _told(vendor: str, began: datetime) -> dict[str, object]:
    return {
        "id": f"{vendor.lower()}-{int(began.timestamp())}", "name": "Slow answers from the edge network",
        "status": "investigating", "impact": "minor", "started_at": began.isoformat(), "resolved_at": None,
        "shortlink": "https://example.com/status",
    }  # fmt: skip


def _current(look: Look, request: Request) -> Answer:
    state = "degraded" if look.schedule.at("payments", look.at) else "up"
    words = "All services are online." if state == "up" else "We see elevated error rates."
    document = {"largestatus": state, "message": words, "statuses": {"api": state, "dashboard": "up", "webhooks": "up"}}
    return json_of(document, wait=look.ms("hosting"))


VENDORS = {  # by name: where its page is, and the components that the platform needs
    "vercel": ("/pages/vercel/api/v2/summary.json", ("Edge Network",)),
    "supabase": ("/pages/supabase/api/v2/summary.json", ("Database", "Auth")),
    "stripe": ("/pages/stripe/current", ("api", "webhooks")),
    "sentry": ("/pages/sentry/api/v2/summary.json", ()),
}


def _closed(look: Look, request: Request) -> Answer:
    refused = json_of({"error": "Authentication required"}, status=401, wait=look.ms("live"))
    return replace(refused, headers=API)


SERVICES: dict[str, Callable[[Look, Request], Answer]] = {
    each.PREFIX: each.answer for each in (sentry, stripe, supabase, vercel)
}
PATHS: dict[str, Callable[[Look, Request], Answer]] = {
    "/": _page("home", HOME),
    "/auth/login": _page("login", LOGIN),
    "/dashboard": _to_login,
    "/prescriptions": _to_login,
    "/api/health": lambda look, request: health.aggregate(look),
    "/api/health/ready": lambda look, request: health.ready(look),
    "/api/health/live": lambda look, request: health.live(look),
    "/api/medicines/search/health": _search,
    "/auth/v1/health": _status("auth", {"version": "v2.180.0", "name": "GoTrue", "description": "user management"}),
    "/storage/v1/status": _status("storage", {"status": "ok"}),
    "/functions/v1/health": _status("functions", {"status": "ok"}, broken=500),
    "/realtime/v1/api/ping": _status("realtime", {"message": "pong"}),
    "/v1/charges": _charges,
    "/vendor/status": _vendor,
    VENDORS["vercel"][0]: _announces("Vercel", "hosting", ("Edge Network", "Builds")),
    VENDORS["supabase"][0]: _announces("Supabase", None, ("Database", "Auth", "Storage")),
    VENDORS["stripe"][0]: _current,
    VENDORS["sentry"][0]: _announces("Sentry", None, ("Ingest", "API")),
}


def answer(look: Look, request: Request) -> Answer:
    """What the demo says to a GET; anything it does not know under /api asks for a token, the rest is not found."""
    known = PATHS.get(request.path)
    if known:
        return known(look, request)
    for prefix, service in SERVICES.items():
        if request.path.startswith(f"{prefix}/"):
            return service(look, request)
    if request.path.startswith("/api/"):
        return _closed(look, request)
    return replace(json_of({"error": "not found"}, status=404), headers=HEADERS)
