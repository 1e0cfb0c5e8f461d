"""Waits for reports of restore drills: done in time, succeeded, and what was reached beside what is promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from checks._pushed import Token, timely
from checks._target import STRICT
from checks._tools import Tools
from cleaning import clean
from duration import Seconds
from model import Finding, Part, Ping, Result, Status
from words import lasted

MEANS = {"rpo": "data lost (RPO)", "rto": "time to restore (RTO)"}
FIXES = {
    "rpo": "dump more often, or turn on point-in-time recovery",
    "rto": "see which step took longest; write it into the runbook, and practise it",
}
SAY = 'let the report say it, such as {"status": "ok", "rpo": "11h", "rto": "40m"}'


class Options(BaseModel):
    """How often a restore is practised, and what is promised."""

    model_config = STRICT

    period: Seconds = Field(31 * 86_400.0, ge=3600, description='a drill is due this often, such as "31d"')
    grace: Seconds = Field(7 * 86_400.0, ge=0, description="this much later is degraded, later is down")
    rpo: Seconds = Field(86_400.0, gt=0, description="promised: at most this much data is lost")
    rto: Seconds = Field(4 * 3600.0, gt=0, description="promised: restored within this time")
    token: Token = Field(description="what the drill sends in its Authorization header; secret")


async def probe(options: Options, tools: Tools) -> Result:
    """What the newest report means now; nothing is sent."""
    return judged(options, await tools.pings(tools.key), tools.clock())


def judged(options: Options, pings: Mapping[str, Ping], now: datetime) -> Result:
    """Status out of the newest drill that ended; one that has begun changes nothing yet."""
    newest = max((each for kind, each in pings.items() if kind != "start"), key=lambda each: each.at, default=None)
    if newest is None:
        return Result(Status.UNKNOWN, "no drill yet: nobody knows whether the backups can be restored")
    facts = [("last_drill", newest.at.isoformat(timespec="seconds")), ("last_kind", newest.kind)]
    facts += [(name, f"{value:g}") for name, value in _reached(newest).items()]
    if newest.kind == "fail":
        said = clean(newest.words)
        finding = Finding("drill-failed", f"the last restore drill failed{f': {said}' if said else ''}", "repeat it")
        return Result(
            Status.DOWN, f"the last drill failed{f': {said}' if said else ''}", findings=(finding,), facts=tuple(facts)
        )
    parts = tuple(_parts(options, newest))
    status, said = timely(options.period, options.grace, newest, now, what="a drill", ago="restored")
    bad = [part for part in parts if part.status is not Status.UP]
    findings = tuple(Finding(f"drill-{each.name}", each.words, _fix(each)) for each in bad)
    if status is Status.UP and bad:
        status, said = Status.DEGRADED, "; ".join(each.words for each in bad)
    return Result(status, said, parts=parts, findings=findings, facts=tuple(facts))


def _fix(part: Part) -> str:
    return SAY if part.status is Status.UNKNOWN else FIXES[part.name]


def _reached(ping: Ping) -> dict[str, float]:
    return {name: value for name, value in (("rpo", ping.rpo), ("rto", ping.rto)) if value is not None}


def _parts(options: Options, ping: Ping) -> Iterator[Part]:
    """What was reached beside what is promised; what the drill did not say is not known, and so not proven."""
    for name, promised in (("rpo", options.rpo), ("rto", options.rto)):
        value = _reached(ping).get(name)
        if value is None:
            yield Part(name, Status.UNKNOWN, None, f"{MEANS[name]}: the drill did not say what was reached")
            continue
        state = Status.UP if value <= promised else Status.DEGRADED
        yield Part(name, state, None, f"{MEANS[name]}: {lasted(value)}, promised {lasted(promised)}")
