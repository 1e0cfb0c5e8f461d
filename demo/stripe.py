"""Stripe as the demo plays it: a balance nobody looks at, a webhook endpoint, events that were not delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from demo.answer import Answer, Request, json_of
from demo.health import Look

KEY = "rk_test_theDemoKeepsNoSecret"
PREFIX = "/stripe"
STUCK = timedelta(minutes=22)  # how old the oldest event is that waits while payments are slow


def answer(look: Look, request: Request) -> Answer:
    """Any GET below the prefix."""
    if request.token != KEY:
        return json_of({"error": {"type": "invalid_request_error"}}, status=401)
    wait = look.ms("payments")
    if look.down("payments"):
        return json_of({"error": {"type": "api_error"}}, status=500, wait=wait)
    said = {"/v1/balance": _balance, "/v1/webhook_endpoints": _endpoints, "/v1/events": _events}.get(
        request.path.removeprefix(PREFIX)
    )
    return json_of(said(look), wait=wait) if said else json_of({"error": {"code": "resource_missing"}}, status=404)


def _balance(look: Look) -> dict[str, Any]:
    return {"object": "balance", "livemode": False, "available": [], "pending": []}


def _endpoints(look: Look) -> dict[str, Any]:
    one = {
        "id": "we_demo",
        "object": "webhook_endpoint",
        "url": "https://prescriptions.example.com/api/stripe",
        "status": "enabled",
        "livemode": False,
        "enabled_events": ["checkout.session.completed"],
    }
    return {"object": "list", "data": [one], "has_more": False}


def _events(look: Look) -> dict[str, Any]:
    slow = look.schedule.at("payments", look.at) is not None
    at = int((look.at - STUCK).timestamp())
    rows = [{"id": "evt_demo", "type": "charge.succeeded", "created": at, "pending_webhooks": 1}] if slow else []
    return {"object": "list", "data": rows, "has_more": False}
