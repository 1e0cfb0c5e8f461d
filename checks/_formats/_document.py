"""What all health documents come down to, and the words they say it in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cleaning import clean, slug
from model import Part, Status

MOST_PARTS = 64  # each becomes a series of its own
WORST = (Status.UP, Status.UNKNOWN, Status.DEGRADED, Status.DOWN)

_WORDS = {
    Status.UP: "pass passed ok up healthy alive ready working connected available operational success green true"
    " running",
    Status.DEGRADED: "warn warning degraded yellow out_of_service shutting_down maintenance partially_available",
    Status.DOWN: "fail failed failing error down unhealthy not_ready unavailable dead disconnected critical red false"
    " timeout timeout_during_health_check outage",
}
_MEANS = {word: status for status, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Document:
    """One health document: ``status`` is what its root says (None: nothing), ``word`` how it says it."""

    format: str
    status: Status | None
    word: str = ""
    parts: tuple[Part, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def worst_part(self) -> Status | None:
        """The worst of the parts whose word is known; None without any."""
        known = [part.status for part in self.parts if part.status is not Status.UNKNOWN]
        return max(known, key=WORST.index, default=None)


def meaning(word: object) -> Status:
    """What a word or a flag means; UNKNOWN for one that is on no list: new words are normal, and no outage."""
    if isinstance(word, bool):
        return Status.UP if word else Status.DOWN
    if not isinstance(word, str):
        return Status.UNKNOWN
    return _MEANS.get(word[:64].strip().lower().replace(" ", "_").replace("-", "_"), Status.UNKNOWN)


def number(value: object) -> float | None:
    """A number that is one: finite and not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        measured = float(value)
    except OverflowError:
        return None
    return measured if math.isfinite(measured) and 0 <= measured < 1e12 else None


def unique(parts: Iterable[Part]) -> tuple[Part, ...]:
    """At most 64 parts with a name, each name once (the worst of those that share it), in their order."""
    kept: dict[str, Part] = {}
    for part in parts:
        if not part.name or (part.name not in kept and len(kept) >= MOST_PARTS):
            continue
        before = kept.get(part.name)
        if before is None or WORST.index(part.status) > WORST.index(before.status):
            kept[part.name] = part
    return tuple(kept.values())


def part(name: object, word: object, latency: object = None, message: object = "") -> Part:
    """A part out of untrusted values; one that fails has no latency."""
    status = meaning(word)
    return Part(slug(name), status, None if status is Status.DOWN else number(latency), clean(message))


def objects(listed: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The members of an object that are objects themselves."""
    if isinstance(listed, dict):
        yield from ((str(name), value) for name, value in listed.items() if isinstance(value, dict))


def facts(**found: object) -> dict[str, str]:
    """Facts that are there: short text and numbers, nothing else."""
    said = {name: _said(value) for name, value in found.items()}
    return {name: value for name, value in said.items() if value}


def _said(value: object) -> str:
    if isinstance(value, str):
        return clean(value, 100)
    measured = number(value)
    return "" if measured is None else f"{measured:g}" if measured < 1e6 and measured % 1 else f"{measured:.0f}"
