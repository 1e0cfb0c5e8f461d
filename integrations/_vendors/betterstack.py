"""Better Stack: ``/index.json`` in the shape of JSON:API, with one aggregate state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations._shape import table, text
from integrations._vendors._page import Page, pinned
from model import Status

STATES = {
    "operational": Status.UP, "degraded": Status.DEGRADED, "maintenance": Status.DEGRADED, "downtime": Status.DOWN,
}  # fmt: skip


def fits(body: object) -> bool:
    """Whether the page has this shape."""
    return "aggregate_state" in table(table(table(body).get("data")).get("attributes"))


def read(body: dict[str, Any], vendor: str, pin: Sequence[str]) -> Page:
    """The whole, and every pinned component unknown."""
    state = text(table(table(body.get("data")).get("attributes")).get("aggregate_state"))
    return Page(STATES.get(state, Status.UNKNOWN), state, pinned([], pin))
