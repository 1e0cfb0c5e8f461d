"""Stripe's own page: ``/current`` says up, degraded or down of the whole and of each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations._parts import worst
from integrations._shape import table, text
from integrations._vendors._page import Page, pinned
from model import Status

STATES = {"up": Status.UP, "degraded": Status.DEGRADED, "down": Status.DOWN}


def fits(body: object) -> bool:
    """Whether the page has this shape."""
    return "largestatus" in table(body)


def read(body: dict[str, Any], vendor: str, pin: Sequence[str]) -> Page:
    """Its parts are ``api``, ``dashboard``, ``webhooks`` ..."""
    parts = [(text(name, 64), STATES.get(text(state), Status.UNKNOWN), text(state, 40))
             for name, state in list(table(body.get("statuses")).items())[:50]]  # fmt: skip
    ours = pinned(parts, pin)
    whole = STATES.get(text(body.get("largestatus")), Status.UNKNOWN)
    return Page(worst(each for _, each, _ in ours) if ours else whole, text(body.get("message")), ours)
