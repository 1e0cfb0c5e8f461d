"""What stands of a reading of which a part could not be read: what was known of that part, with its age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from model import Figure, Finding, Part, Result, Snapshot, Status
from rules.status import BAD

RANK = {Status.UP: 0, Status.DEGRADED: 1, Status.DOWN: 2}
LISTS = ("issues", "releases", "deployments", "leaks")  # what vendors announce goes by its page: rules.changes


def told(found: Snapshot) -> bool:
    """Whether anything was found out: a whole that is unknown may still know of some of its parts."""
    known = any(part.status is not Status.UNKNOWN for part in found.result.parts)
    return found.measured or (bool(found.unread) and known)


def unread(name: str, found: Snapshot) -> bool:
    """Whether ``name`` is among what could not be read; a star at the end of what is named stands for any rest."""
    return any(name == each or (each.endswith("*") and name.startswith(each[:-1])) for each in found.unread)


def judged(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """``now`` with the findings of what could not be read.

    The whole is unknown where such a part was worse than all that was read: a blind look mends nothing.
    """
    if before is None or not now.unread:
        return now
    result = replace(now.result, findings=_findings(before, now))
    hidden = [part for part in before.result.parts if part.status in BAD and unread(part.name, now)]
    worst = max(hidden, key=lambda part: RANK[part.status], default=None)
    if worst is not None and RANK.get(result.status, 3) < RANK[worst.status]:
        said = f"{worst.name} could not be read; before it was {worst.status}"
        said = f"{said}: {worst.words}" if worst.words else said
        result = replace(result, status=Status.UNKNOWN, words=said[:200], latency=None)
    return replace(now, result=result)


def _findings(before: Snapshot, now: Snapshot) -> tuple[Finding, ...]:
    there = {each.kind for each in now.result.findings}
    kept = (each for each in before.result.findings if each.of and unread(each.of, now) and each.kind not in there)
    return (*now.result.findings, *kept)


def together(before: Snapshot | None, at: datetime, now: Snapshot) -> Snapshot:
    """All that is known after ``now``: what could not be read is as ``before`` (of ``at``) knew it, with its age."""
    if before is None or not now.unread:
        return now
    ages = dict(before.older)
    lists = {name: getattr(before, name) for name in LISTS if unread(name, now) and getattr(before, name)}
    for name, old in lists.items():
        new = getattr(now, name)
        lists[name] = (*new, *(each for each in old if each not in new))
    figures = _kept(before.figures, now.figures, now)
    parts = _parts(before.result, now)
    facts = dict(before.result.facts) | dict(now.result.facts) if unread("facts", now) else dict(now.result.facts)
    older = dict.fromkeys([*lists, *(each.name for each in figures), *(each.name for each in parts)])
    return replace(
        now,
        result=replace(now.result, parts=_in_order(now.result.parts, parts), facts=tuple(facts.items())),
        figures=(*now.figures, *figures),
        older=tuple((name, ages.get(name, at)) for name in older),
        **lists,
    )


def _kept(old: Sequence[Figure], new: Sequence[Figure], now: Snapshot) -> list[Figure]:
    there = {each.name for each in new}
    return [each for each in old if each.name not in there and unread(each.name, now)]


def _parts(old: Result, now: Snapshot) -> list[Part]:
    known = {each.name for each in now.result.parts if each.status is not Status.UNKNOWN}
    return [each for each in old.parts if each.name not in known and unread(each.name, now)]


def _in_order(new: Sequence[Part], kept: Sequence[Part]) -> tuple[Part, ...]:
    old = {each.name: each for each in kept}
    return (*(old.pop(each.name, each) for each in new), *old.values())
