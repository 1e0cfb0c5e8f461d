"""Reads Stripe with a restricted key: does the API answer, is the key of the right mode, do webhooks arrive."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cleaning import slug
from integrations._options import Base, Table, Token, begins
from integrations._parts import all_blind, attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Answer, Reach, Unmeasured
from integrations._shape import items, moment, table, text
from integrations._tools import Tools
from model import Figure, Finding, Part, Reading, Result, Snapshot, Status
from words import lasted

TITLE = "Stripe"
READINGS = (
    Reading("account", "Stripe API", every=60, timeout=20, confirm=2, alarms=True),
    Reading("webhooks", "Stripe webhooks", every=300, timeout=45, alarms=True),
)
PAGES = 3  # pages of 100 that are read of one list
IN_FLIGHT = timedelta(minutes=15)  # an event younger than this may still be on its way
LOST = timedelta(hours=6)
LOOK_BACK = timedelta(days=30)  # Stripe keeps events no longer
SCOPES = "give the restricted key the read permissions Balance, Webhook Endpoints and Events"
REFUSED = {
    401: ("refuses the key", "make a new restricted key and put it into [stripe] api_key"),
    403: ("does not let the key read this", SCOPES),
}


class Options(Table):
    """A restricted key (rk_) with three read permissions is enough: Balance, Webhook Endpoints, Events."""

    base: Base = Field("https://api.stripe.com", description="the API's address")
    api_key: Annotated[
        Token, begins("rk_live_", "rk_test_", "sk_live_", "sk_test_", name="a restricted or secret key of Stripe")
    ] = Field(description="a restricted key; secret")
    environment: Literal["production", "test"] = Field("production", description="which mode the key must have")
    version: str = Field("2026-10-28.endive", pattern=r"^[0-9a-z.-]+$", description="Stripe-Version that is asked for")
    slow: float = Field(2.0, gt=0, le=15, description="seconds; slower is degraded")

    @model_validator(mode="after")
    def _of_its_mode(self) -> Options:
        live = "_live_" in self.api_key.get_secret_value()[:8]
        if live != (self.environment == "production"):
            kind = "live" if live else "test"
            raise ValueError(f"the key is a {kind} key, but environment is {self.environment!r}")
        return self

    @property
    def live(self) -> bool:
        return self.environment == "production"


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """Stripe: balance (its amounts are not looked at); webhook endpoints, and events that were not delivered."""
    headers = {"Authorization": f"Bearer {options.api_key.get_secret_value()}", "Stripe-Version": options.version}
    to = Reach(tools, "stripe", TITLE, options.base, headers, REFUSED)
    return await (_account if reading == "account" else _webhooks)(to, options)


async def _account(to: Reach, options: Options) -> Snapshot:
    kind = "restricted" if options.api_key.get_secret_value().startswith("rk_") else "secret"
    try:
        answer = await to.get("/v1/balance")
    except Unmeasured as reason:
        if reason.silent or (reason.status or 0) >= 500:  # it is Stripe itself that is watched here
            return Snapshot(Result(Status.DOWN, reason.words, network=reason.silent))
        raise
    live = table(answer.body).get("livemode")
    if not isinstance(live, bool):
        raise Unmeasured("Stripe's answer does not say its mode", "check the address in [stripe] base")
    status = Status.DEGRADED if answer.took > options.slow * 1000 else Status.UP
    words = f"answered in {answer.took:.0f} ms" if status is Status.DEGRADED else ""
    facts = (("key", f"{kind}, {'live' if live else 'test'} mode"),)
    return Snapshot(Result(status, words, answer.took, findings=_key_findings(kind, live, options), facts=facts))


def _key_findings(kind: str, live: bool, options: Options) -> tuple[Finding, ...]:
    found = []
    if kind == "secret":
        said = "Wardround holds a secret key of Stripe, which may do anything"
        found.append(Finding("stripe-key-too-strong", said, "make a restricted key with three read permissions"))
    if live != options.live:
        said = f"the key answers in {'live' if live else 'test'} mode, the environment is {options.environment}"
        found.append(Finding("stripe-mode", said, "put the key of the other mode into [stripe] api_key"))
    return tuple(found)


async def _webhooks(to: Reach, options: Options) -> Snapshot:
    now = to.tools.clock()
    endpoints, events = await asyncio.gather(
        attempt(_list(to, "/v1/webhook_endpoints", {})), attempt(_undelivered(to, now))
    )
    if reason := all_blind(endpoints, events):
        raise reason
    parts, findings, figures = [], [], []
    if isinstance(endpoints, Unmeasured):
        parts.append(blind("endpoints", endpoints))
    else:
        ours = [row for row in endpoints.found if row.get("livemode") in (options.live, None)]
        parts += [_endpoint(row) for row in ours]
        findings += _endpoint_findings(ours)
        figures += [Figure(f"webhooks_{state}", _count(ours, state)) for state in ("enabled", "disabled")]
    parts.append(blind("deliveries", events) if isinstance(events, Unmeasured) else _deliveries(events, now))
    if not isinstance(events, Unmeasured):
        figures += _late(events, now)
    state = worst(part.status for part in parts)
    result = Result(state, troubles(parts), parts=tuple(parts), findings=tuple(findings))
    unread = missing(
        (endpoints, ("endpoints", "webhook-*", "webhooks_*")),
        (events, ("deliveries", "undelivered", "oldest_undelivered")),
    )
    return Snapshot(result, fixes(endpoints, events), figures=tuple(figures), unread=unread)


@dataclass(frozen=True, slots=True)
class Rows:
    """``more`` when not all were read; ``lost`` when an event among those waits for longer than is right."""

    found: list[dict[str, Any]]
    more: bool
    lost: bool = False


async def _undelivered(to: Reach, now: datetime) -> Rows:
    """Events that wait and are not merely in flight. The list begins with the newest: its end is asked for itself."""
    query = {"delivery_success": "false", "created[gte]": int((now - LOOK_BACK).timestamp())}
    rows = await _list(to, "/v1/events", query | {"created[lte]": int((now - IN_FLIGHT).timestamp())})
    if not rows.more:
        return rows
    old = await _list(to, "/v1/events", query | {"created[lte]": int((now - LOST).timestamp())}, pages=1)
    return replace(rows, found=[*rows.found, *old.found], lost=bool(old.found))


async def _list(to: Reach, path: str, query: dict[str, Any], pages: int = PAGES) -> Rows:
    """The rows of at most ``pages`` pages, in Stripe's order (newest first)."""
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    for _ in range(pages):
        answer: Answer = await to.get(path, {**query, "limit": 100, **more})
        body = table(answer.body)
        if not isinstance(body.get("data"), list):
            raise Unmeasured("Stripe's list has another shape", "check the address in [stripe] base")
        rows = items(body["data"])
        found += rows
        if body.get("has_more") is not True or not rows or not text(rows[-1].get("id")):
            return Rows(found, False)
        more = {"starting_after": text(rows[-1]["id"])}
    return Rows(found, True)


def _endpoint(row: dict[str, Any]) -> Part:
    state, url = text(row.get("status"), 40), text(str(row.get("url") or "").partition("?")[0].partition("://")[2], 120)
    known = {"enabled": Status.UP, "disabled": Status.DOWN}
    words = url if state == "enabled" else f"{url} is {state or 'of no known state'}"
    return Part(f"webhook-{slug(row.get('id', '')) or 'unnamed'}", known.get(state, Status.UNKNOWN), None, words)


def _endpoint_findings(rows: list[dict[str, Any]]) -> list[Finding]:
    if not rows:
        said = "Stripe knows no webhook endpoint of this mode"
        return [Finding("stripe-no-webhook", said, "add the platform's endpoint in Stripe's dashboard", "endpoints")]
    off = [_endpoint(row).words for row in rows if row.get("status") == "disabled"]
    fix = "mend the endpoint, enable it in Stripe's dashboard, and resend the events that were missed"
    said = f"switched off: {', '.join(off)}"[:200]
    return [Finding("stripe-webhook-disabled", said, fix, "endpoints")] if off else []


def _count(rows: list[dict[str, Any]], state: str) -> float:
    return float(sum(row.get("status") == state for row in rows))


def _waiting(events: list[dict[str, Any]], now: datetime) -> list[timedelta]:
    """How long each event waits that is not merely in flight, longest first."""
    once = {text(row.get("id")) or str(n): row for n, row in enumerate(events)}
    created = [at for row in once.values() if (at := moment(row.get("created"))) is not None]
    return sorted((now - at for at in created if now - at > IN_FLIGHT), reverse=True)


def _deliveries(events: Rows, now: datetime) -> Part:
    waiting = _waiting(events.found, now)
    if not waiting:
        return Part("deliveries", Status.UP, None, "every event was delivered")
    state = Status.DOWN if events.lost or waiting[0] > LOST else Status.DEGRADED
    least, age = "at least " if events.more else "", lasted(waiting[0].total_seconds())
    return Part("deliveries", state, None, f"{least}{len(waiting)} not delivered, the oldest {least}{age} ago")


def _late(events: Rows, now: datetime) -> list[Figure]:
    waiting = _waiting(events.found, now)
    oldest = waiting[0].total_seconds() if waiting else 0.0
    return [Figure("undelivered", len(waiting)), Figure("oldest_undelivered", oldest, "s")]
