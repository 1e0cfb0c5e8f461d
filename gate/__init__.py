"""Puts together what the gate asks of the store, and writes down what people sign; the rules decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from data import runs
from data.store import Connection
from gate._releases import SHAPE, about, ask, asked, current, news, release, watched
from gate._signing import KINDS, Refused, sign, signatures, subject
from gate._world import world
from model import Checklist, Signature, Verdict
from rules import checklist as rules
from rules.gates import World
from settings import Settings

__all__ = [
    "KINDS", "SHAPE", "Refused", "about", "answer", "ask", "asked", "current", "judge", "judge_all", "news", "of",
    "release", "sign", "signatures", "subject", "watched",
]  # fmt: skip


def of(known: Settings, key: str) -> Checklist | None:
    """The checklist of that key."""
    return next((each for each in known.checklists if each.key == key), None)


def answer(c: Connection, known: Settings, checklist: Checklist, wanted: str, now: datetime) -> tuple[Verdict, bool]:
    """What every door and page says of a list: (verdict, whether the run is over).

    A run that is over stays as it was judged last: another release has come since, and today's world is not its own.
    """
    named = about(c, checklist, wanted, now)
    run = None if not checklist.per_release or named in current(c, now) else runs.read(c, checklist.key, named)
    return (run.verdict, True) if run else (judge(c, known, checklist, named, now), False)


def judge(c: Connection, known: Settings, checklist: Checklist, wanted: str, now: datetime) -> Verdict:
    """The verdict on a release, from one snapshot of the store."""
    return judge_all(c, known, (checklist,), wanted, now)[0]


def judge_all(
    c: Connection, known: Settings, checklists: Sequence[Checklist], wanted: str, now: datetime
) -> tuple[Verdict, ...]:
    """A verdict for each list; what they look at is read once for all of them. ``wanted`` is what ``about`` gave."""
    now_known = world(c, known, [item for each in checklists for item in each.items], wanted, now)
    return tuple(_verdict(c, each, wanted, now_known) for each in checklists)


def _verdict(c: Connection, checklist: Checklist, wanted: str, now_known: World) -> Verdict:
    stood = runs.state(c, checklist.key, wanted) == "go"
    return rules.verdict(checklist, wanted, now_known, _said(c, checklist, wanted), stood)


def _said(c: Connection, checklist: Checklist, wanted: str) -> dict[str, tuple[Signature, ...]]:
    return {item.key: signatures(c, checklist.key, wanted, item.key) for item in checklist.items}
