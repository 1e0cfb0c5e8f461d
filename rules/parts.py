"""How many parts a monitor may ever have: each is a series of its own for years, and there is an end to their numbers.

A document that names its parts anew each time, by an id or a moment, would use them up for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from model import Finding, Result

MOST = 400  # parts that one monitor may ever have; the largest honest one, an API, has 200
ALL = 60_000  # series from which on no part is taken in: the rest is left to monitors
FIX = "Give each part the same name in every answer: no ids and no moments in it."


def fitted(seen: Iterable[tuple[str, Result]], known: AbstractSet[str], most: int = MOST) -> list[Result]:
    """The results of monitors, by key, without the parts for which there is no room; a finding says so.

    ``known`` are all series there are. Parts that are known stay, however many.
    """
    added: set[str] = set()
    return [_fitted(key, result, known, added, most) for key, result in seen]


def _fitted(key: str, result: Result, known: AbstractSet[str], added: set[str], most: int) -> Result:
    new = [name for part in result.parts if (name := f"{key}/{part.name}") not in known and name not in added]
    if not new:
        return result
    own = sum(name.startswith(f"{key}/") for names in (known, added) for name in names)
    room = max(0, min(most - own, ALL - len(known) - len(added)))
    added.update(new[:room])
    return _without(result, {name.removeprefix(f"{key}/") for name in new[room:]}, own + min(room, len(new)))


def _without(result: Result, gone: AbstractSet[str], own: int) -> Result:
    if not gone:
        return result
    parts = tuple(part for part in result.parts if part.name not in gone)
    words = f"{len(gone)} of its parts are not kept: it has had {own} under other names"
    return replace(result, parts=parts, findings=(*result.findings, Finding("parts", words, FIX)))
