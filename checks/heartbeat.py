"""Waits for pings of a job: late is degraded, after the grace down, a reported failure is down at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from checks._pushed import Token, timely
from checks._target import STRICT
from checks._tools import Tools
from cleaning import clean
from duration import Seconds
from model import Ping, Result, Status
from words import lasted


class Options(BaseModel):
    """How often the job reports, and how late it may be."""

    model_config = STRICT

    period: Seconds = Field(gt=0, description='a ping is due this often, such as "1d"')
    grace: Seconds = Field(300.0, ge=0, description="this late is degraded, later is down")
    token: Token = Field(description="what the job sends in its Authorization header; secret")


async def probe(options: Options, tools: Tools) -> Result:
    """What the newest pings of this monitor mean now; nothing is sent."""
    return judged(options, await tools.pings(tools.key), tools.clock())


def judged(options: Options, pings: Mapping[str, Ping], now: datetime) -> Result:
    """Status out of the newest ping of each kind (ok, start, fail)."""
    newest = max(pings.values(), key=lambda ping: ping.at, default=None)
    if newest is None:
        return Result(Status.UNKNOWN, "no ping yet")
    facts = (("last_ping", newest.at.isoformat(timespec="seconds")), ("last_kind", newest.kind))
    if newest.kind == "fail":
        words = clean(newest.words)
        return Result(Status.DOWN, f"the job says it failed{f': {words}' if words else ''}", facts=facts)
    status, said = _timely(options, newest, now)
    return Result(status, said, facts=facts)


def _timely(options: Options, newest: Ping, now: datetime) -> tuple[Status, str]:
    if newest.kind != "start":
        return timely(options.period, options.grace, newest, now, what="a ping", ago="last ping")
    age = now - newest.at
    if age <= timedelta(seconds=options.period):
        return Status.UP, "the job is running"
    return Status.DOWN, f"began {lasted(age.total_seconds())} ago and never ended"
