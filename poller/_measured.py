"""What browsers measured, for the checks that judge it."""

from __future__ import annotations

from datetime import datetime, timedelta

from data import store, vitals
from data.store import Engine
from model import Measured, Question
from rules import vitals as rules


def measured(engine: Engine, question: Question, now: datetime) -> Measured:
    """Adds up whole hours, and single measurements of the piece of an hour that the window begins with.

    One visit may come by beacon and by drain: only the way that told most is judged, as the page shows it.
    Where these are too many, or not there, the whole hour counts: the answer says how long its stretch was.
    """
    family = question.name.endswith(".*")

    def wanted(name: str) -> bool:
        return name == question.name or (family and name.startswith(question.name[:-1]))

    start = now - timedelta(seconds=question.seconds)
    first = start.replace(minute=0, second=0, microsecond=0)
    with store.reading(engine) as c:
        rows = vitals.between(c, "hour", first, now, wanted)
        piece = vitals.single(c, start, first + timedelta(hours=1), rules.bucket, rules.rating, wanted)
    if piece is not None:
        rows, first = (*piece, *(each for each in rows if each.start > first)), start
    fit = [each for each in rows if rules.fits(each, question.name, question.route, question.device)]
    most = next(iter(rules.sources(fit)), "")
    found = rules.summed(question.name, [each for each in fit if each.source == most])
    return Measured(found.n, found.p50, found.p75, found.p95, found.failed, (now - first).total_seconds())
