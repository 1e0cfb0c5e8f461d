"""Several questions of one reading: one that fails leaves the others standing, as a part that is unknown."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import TypeVar

from integrations._reach import Unmeasured
from model import Part, Status

T = TypeVar("T")


async def attempt(question: Awaitable[T]) -> T | Unmeasured:
    """What the question found, or why it could not be found out."""
    try:
        return await question
    except Unmeasured as reason:
        return reason


def blind(name: str, reason: Unmeasured) -> Part:
    """The part whose question could not be answered."""
    return Part(name, Status.UNKNOWN, None, reason.words)


def fixes(*found: object) -> str:
    """What a person can do about all that could not be found out; each said once."""
    return "; ".join(dict.fromkeys(each.fix for each in found if isinstance(each, Unmeasured) and each.fix))


def missing(*asked: tuple[object, Iterable[str]]) -> tuple[str, ...]:
    """What stands behind questions that were not answered: (question, names of parts, figures and lists)."""
    return tuple(name for found, names in asked if isinstance(found, Unmeasured) for name in names)


def all_blind(*found: object) -> Unmeasured | None:
    """The first reason when no question at all was answered, else None."""
    reasons = [each for each in found if isinstance(each, Unmeasured)]
    return reasons[0] if found and len(reasons) == len(found) else None


def worst(found: Iterable[Status]) -> Status:
    """The worst of what is known: an unknown one hides neither trouble nor what is good. Nothing known is unknown.

    Whether an unknown one was worse before is judged where it is remembered (rules.partial), by ``Snapshot.unread``.
    """
    seen = set(found)
    return next((each for each in (Status.DOWN, Status.DEGRADED, Status.UP) if each in seen), Status.UNKNOWN)


def troubles(parts: Iterable[Part]) -> str:
    """The words of the parts that are down or degraded, worst first, in one line."""
    order = (Status.DOWN, Status.DEGRADED)
    bad = sorted((part for part in parts if part.status in order), key=lambda part: order.index(part.status))
    return "; ".join(f"{part.name}: {part.words}" if part.words else part.name for part in bad)[:200]
