"""Statuspage v2 (``/api/v2/summary.json``), which incident.io and Rootly (``/api/v1/status.json``) answer as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations._parts import worst
from integrations._shape import items, moment, table, text
from integrations._vendors._page import Page, link_of, pinned
from model import Status, VendorIncident

INDICATORS = {
    "none": Status.UP, "minor": Status.DEGRADED, "maintenance": Status.DEGRADED,
    "major": Status.DEGRADED, "critical": Status.DOWN,
}  # fmt: skip
COMPONENTS = {
    "operational": Status.UP, "degraded_performance": Status.DEGRADED, "under_maintenance": Status.DEGRADED,
    "partial_outage": Status.DEGRADED, "major_outage": Status.DOWN,
}  # fmt: skip
STATES = {
    "investigating", "identified", "monitoring", "resolved", "postmortem", "scheduled", "in_progress", "verifying",
    "completed",
}  # fmt: skip
IMPACTS = {"none", "minor", "major", "critical", "maintenance"}


def fits(body: object) -> bool:
    """Whether the page has this shape."""
    return "indicator" in table(table(body).get("status"))


def read(body: dict[str, Any], vendor: str, pin: Sequence[str]) -> Page:
    """A pinned component that is partly out counts as down: it is one that we need."""
    said = table(body.get("status"))
    whole = INDICATORS.get(text(said.get("indicator")), Status.UNKNOWN)
    single = [each for each in items(body.get("components")) if not each.get("group")]
    found = pinned([_component(each) for each in single], pin)
    ours = tuple((name, Status.DOWN if "partial outage" in words else status, words) for name, status, words in found)
    status = worst(each for _, each, _ in ours) if ours else whole
    return Page(status, text(said.get("description")), ours, _incidents(body, vendor))


def _component(row: dict[str, Any]) -> tuple[str, Status, str]:
    state = text(row.get("status"))
    return text(row.get("name"), 64), COMPONENTS.get(state, Status.UNKNOWN), state.replace("_", " ")


def _incidents(body: dict[str, Any], vendor: str) -> tuple[VendorIncident, ...]:
    found = [(row, "") for row in items(body.get("incidents"))[:50]]
    found += [(row, "maintenance") for row in items(body.get("scheduled_maintenances"))[:50]]
    read = (_incident(row, vendor, impact) for row, impact in found)
    return tuple(each for each in read if each is not None)


def _incident(row: dict[str, Any], vendor: str, impact: str) -> VendorIncident | None:
    started = moment(row.get("started_at") or row.get("scheduled_for") or row.get("created_at"))
    if started is None or not row.get("id"):
        return None
    state, said = text(row.get("status")), impact or text(row.get("impact"))
    return VendorIncident(
        f"{vendor}:{text(row['id'], 64)}", vendor, text(row.get("name"), 120), state if state in STATES else "unknown",
        said if said in IMPACTS else "unknown", started, moment(row.get("resolved_at")), link_of(row.get("shortlink")),
    )  # fmt: skip
