"""incident.io's own summary: what is going on and what is planned. It names no component that is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations._shape import items, moment, table, text
from integrations._vendors._page import Page, link_of, pinned
from model import Status, VendorIncident

LISTS = ("ongoing_incidents", "in_progress_maintenances", "scheduled_maintenances")
STATES = {"investigating", "identified", "monitoring"}
IMPACTS = {
    "degraded_performance": (Status.DEGRADED, "minor"), "under_maintenance": (Status.DEGRADED, "maintenance"),
    "partial_outage": (Status.DEGRADED, "major"), "full_outage": (Status.DOWN, "critical"),
    "operational": (Status.UP, "none"),
}  # fmt: skip
OURS = {"partial_outage": Status.DOWN}  # of a component that we need
ORDER = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.UP)


def fits(body: object) -> bool:
    """Whether the page has this shape."""
    return all(isinstance(table(body).get(name), list) for name in LISTS)


def read(body: dict[str, Any], vendor: str, pin: Sequence[str]) -> Page:
    """A pinned component is as what goes on says, and up where nothing that goes on names it."""
    rows = [(row, _impact(row)) for row in items(body["ongoing_incidents"])]
    rows += [(row, "under_maintenance") for row in items(body["in_progress_maintenances"])]
    planned = [(row, "planned") for row in items(body["scheduled_maintenances"])]
    read = (_incident(row, vendor, impact) for row, impact in [*rows, *planned][:50])
    incidents = tuple(each for each in read if each is not None)
    named = [_component(each, impact) for row, impact in rows for each in items(row.get("affected_components"))]
    ours = pinned([*named, *((each, Status.UP, "") for each in pin)], pin)
    states = [status for _, status, _ in ours] or [IMPACTS.get(impact, (Status.DEGRADED,))[0] for _, impact in rows]
    words = "; ".join(each.title for each in incidents if each.state != "scheduled")[:200]
    return Page(min(states, key=ORDER.index, default=Status.UP), words, ours, incidents)


def _impact(row: dict[str, Any]) -> str:
    return text(row.get("current_worst_impact"), 40)


def _component(row: dict[str, Any], impact: str) -> tuple[str, Status, str]:
    state = text(row.get("current_status"), 40) or impact
    status = OURS.get(state) or IMPACTS.get(state, (Status.UNKNOWN,))[0]
    return text(row.get("name"), 64), status, state.replace("_", " ")


def _incident(row: dict[str, Any], vendor: str, impact: str) -> VendorIncident | None:
    began = moment(row.get("started_at") or row.get("starts_at") or row.get("last_update_at"))
    if began is None or not isinstance(row.get("id"), str):
        return None
    told = text(row.get("status"), 40)
    state = {"planned": "scheduled", "under_maintenance": "in_progress"}.get(
        impact, told if told in STATES else "unknown"
    )
    said = "maintenance" if impact == "planned" else IMPACTS.get(impact, (None, "unknown"))[1]
    uid, title = f"{vendor}:{text(row['id'], 64)}", text(row.get("name"), 120)
    return VendorIncident(uid, vendor, title, state, said, began, link=link_of(row.get("url")))
