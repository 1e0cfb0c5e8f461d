"""What browsers measured, for the checks that judge it."""

from __future__ import annotations

from datetime import datetime, timedelta

from data import store, vitals
from data.store import Engine
from model import Measured, Question
from rules import vitals as rules


def measured(engine: Engine, question: Question, now: datetime) -> Measured:
    """Adds up the hours of the window."""
    family = question.name.endswith(".*")

    def wanted(name: str) -> bool:
        return name == question.name or (family and name.startswith(question.name[:-1]))

    with store.reading(engine) as c:
        rows = vitals.between(c, "hour", now - timedelta(seconds=question.seconds), now, wanted)
    fit = [each for each in rows if rules.fits(each, question.name, question.route, question.device)]
    found = rules.summed(question.name, fit)
    return Measured(found.n, found.p50, found.p75, found.p95, found.failed)
