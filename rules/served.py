"""Which deployment served production, from when to when: that a build is ready says nothing of it.

A build may be staged, rolled back or overtaken. What served is what serves now, what Vercel keeps to go back to, and
what the stream of changes says; the moment is the stream's where it has one, else the one at which it was ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from model import Change, Deployment
from rules.changes import named

BEGAN = ("production: ", "rolled back to ")  # how the stream of changes says that a deployment began to serve
SLACK = timedelta(minutes=1)  # by which the clock that says "ready" may be ahead of ours


@dataclass(frozen=True, slots=True)
class Spell:
    """One stretch in which a deployment served; it ends when the next begins, None is not yet."""

    deployment: Deployment
    start: datetime
    end: datetime | None = None


def spells(
    found: Iterable[Deployment], told: Iterable[Change], serving: Deployment | None
) -> tuple[tuple[Spell, ...], Spell | None]:
    """(every stretch, newest first; that of what serves now, where its beginning is known)."""
    every = {each.id: each for each in (*found, *([serving] if serving else []))}
    live = [each for each in every.values() if each.target == "production" and each.state == "ready"]
    heard = [(change, one) for change in told if (one := _meant(change, live)) is not None]
    first = {one.id for change, one in heard if change.words.startswith(BEGAN[0])}
    more = {one.id for _, one in heard} | ({serving.id} if serving else set())
    begun = [(change.at, one) for change, one in heard]
    begun += [(_ready(one), one) for one in live if one.id not in first and (one.candidate or one.id in more)]
    begun.sort(key=lambda each: (each[0], each[1].created))
    ends: list[datetime | None] = [at for at, _ in begun[1:]]
    made = [Spell(one, at, end) for (at, one), end in zip(begun, [*ends, None], strict=False) if end != at]
    newest = made[-1] if made else None
    return tuple(reversed(made)), newest if newest and serving and newest.deployment.id == serving.id else None


def _ready(one: Deployment) -> datetime:
    return one.ready or one.created


def _meant(change: Change, live: Sequence[Deployment]) -> Deployment | None:
    """The deployment that a change tells of: the newest of that name that was ready by then; long words are cut."""
    began = next((each for each in BEGAN if change.words.startswith(each)), None)
    if change.kind != "deployment" or began is None:
        return None
    fits = (each for each in live if f"{began}{named(each)}".startswith(change.words))
    return max((each for each in fits if _ready(each) <= change.at + SLACK), key=_ready, default=None)
