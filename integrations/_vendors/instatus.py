"""Instatus: ``/summary.json`` with UP, HASISSUES or UNDERMAINTENANCE; it names no components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations._shape import table, text
from integrations._vendors._page import Page, pinned
from model import Status

STATES = {"UP": Status.UP, "HASISSUES": Status.DEGRADED, "UNDERMAINTENANCE": Status.DEGRADED}


def fits(body: object) -> bool:
    """Whether the page has this shape."""
    return isinstance(table(table(body).get("page")).get("status"), str)


def read(body: dict[str, Any], vendor: str, pin: Sequence[str]) -> Page:
    """The whole, and every pinned component unknown."""
    state = text(table(body.get("page")).get("status"))
    return Page(STATES.get(state, Status.UNKNOWN), state.lower().replace("hasissues", "has issues"), pinned([], pin))
