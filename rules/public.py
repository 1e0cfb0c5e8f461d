"""What a stranger may know: built from an allow-list of names, statuses, times and shares; nothing else can enter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import words
from model import Bar, Board, Maintenance, PublicComponent, PublicStatus, Status, Tile
from rules import uptime
from rules.board import ORDER, colour, worst

HEADLINE = {
    Status.UP: "Everything works",
    Status.DEGRADED: "Some things are slow or partly working",
    Status.DOWN: "Some things do not work",
    Status.MAINTENANCE: "Planned maintenance is under way",
    Status.UNKNOWN: "We do not know at the moment",
}
WORD = {
    Status.UP: "works",
    Status.DEGRADED: "works with difficulty",
    Status.DOWN: "does not work",
    Status.MAINTENANCE: "in maintenance",
    Status.UNKNOWN: "not known",
}
INDICATOR = {
    Status.UP: "none",
    Status.DEGRADED: "minor",
    Status.DOWN: "major",
    Status.MAINTENANCE: "maintenance",
    Status.UNKNOWN: "minor",  # the shape has no word for it, and "none" would be read as all is well
}
COMPONENT = {
    Status.UP: "operational",
    Status.DEGRADED: "degraded_performance",
    Status.DOWN: "major_outage",
    Status.MAINTENANCE: "under_maintenance",
    Status.UNKNOWN: "unknown",
}


def public(site: str, board: Board, maintenance: Sequence[Maintenance], now: datetime) -> PublicStatus:
    """The public face of a board: only tiles with a public name; one component for each name, the worst wins.

    Planned maintenance is shown unless it is marked internal or concerns only monitors that are.
    """
    names = dict.fromkeys(tile.public for tile in sorted(board.tiles, key=lambda t: t.name.lower()) if tile.public)
    components = tuple(_component(name, [t for t in board.tiles if t.public == name], board.stale) for name in names)
    state = Status.UNKNOWN if board.stale or not components else worst(c.status for c in components)
    known = {tile.key for tile in board.tiles if tile.public}
    planned = tuple(
        Maintenance(words.excerpt(m.title, 120), m.start, m.end)
        for m in sorted(maintenance, key=lambda m: m.start)
        if m.public and m.end > now and (not m.monitors or known & set(m.monitors))
    )
    seen = max((t.seen for t in board.tiles if t.public and t.seen), default=None)
    return PublicStatus(site, now, seen, board.stale, state, _headline(state, components), components, planned)


def _component(name: str, tiles: Sequence[Tile], stale: bool) -> PublicComponent:
    state = Status.UNKNOWN if stale else worst(t.status for t in tiles)
    since = [t.since for t in tiles if t.status is state and t.since]
    strip = _strip([t.bars for t in tiles if t.bars])
    total = uptime.add(*(t.uptime for t in tiles))
    return PublicComponent(words.excerpt(name, 80), state, min(since, default=None), strip, total)


def _strip(strips: Sequence[tuple[Bar, ...]]) -> tuple[Bar, ...]:
    """Days of several monitors under one name: the worst of each day; seconds added up. Words are made anew."""
    return tuple(_bar(day) for day in zip(*strips, strict=False))


def _bar(same_day: Iterable[Bar]) -> Bar:
    bars = tuple(same_day)
    total = uptime.add(*(bar.uptime for bar in bars))
    state = worst(bar.status for bar in bars if bar.status is not Status.UNKNOWN) if total.total else Status.UNKNOWN
    return Bar(bars[0].start, state, words.share(total.up + total.degraded, uptime.known(total)), total)


def _headline(state: Status, components: Sequence[PublicComponent]) -> str:
    hit = [c.name for c in components if c.status is state]
    if state in (Status.DOWN, Status.DEGRADED) and len(hit) == 1:
        return f"{hit[0]}: {WORD[state]}"
    return HEADLINE[state]


def summary(status: PublicStatus) -> dict[str, Any]:
    """The same in the shape of Statuspage's v2 summary."""
    updated = status.seen or status.at
    return {
        "page": {"id": "wardround", "name": status.site, "updated_at": _iso(updated), "time_zone": "Etc/UTC"},
        "status": {"indicator": _indicator(status), "description": status.headline},
        "stale": status.stale,
        "components": [_listed(i, component, updated) for i, component in enumerate(status.components)],
        "incidents": [],
        "scheduled_maintenances": [_planned(i, plan, status.at) for i, plan in enumerate(status.maintenance)],
    }


def _indicator(status: PublicStatus) -> str:
    """Critical when nothing works at all."""
    nothing = bool(status.components) and all(c.status is Status.DOWN for c in status.components)
    return "critical" if nothing else INDICATOR[status.status]


def _listed(position: int, component: PublicComponent, updated: datetime) -> dict[str, Any]:
    return {
        "id": f"component-{position + 1}",
        "name": component.name,
        "status": COMPONENT[component.status],
        "position": position + 1,
        "updated_at": _iso(component.since or updated),
        "group": False,
    }


def _planned(position: int, plan: Maintenance, now: datetime) -> dict[str, Any]:
    return {
        "id": f"maintenance-{position + 1}",
        "name": plan.title,
        "status": "in_progress" if plan.start <= now else "scheduled",
        "impact": "maintenance",
        "scheduled_for": _iso(plan.start),
        "scheduled_until": _iso(plan.end),
    }


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["COMPONENT", "HEADLINE", "INDICATOR", "ORDER", "WORD", "colour", "public", "summary"]
