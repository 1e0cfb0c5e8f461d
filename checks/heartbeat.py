"""Waits for pings of a job: late is degraded, after the grace down, a reported failure is down at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, Field, SecretStr, field_validator

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
    token: SecretStr = Field(description="what the job sends in its Authorization header; secret")

    @field_validator("token")
    @classmethod
    def _long_enough(cls, token: SecretStr) -> SecretStr:
        plain = token.get_secret_value().strip()
        if len(plain) < 16 or not plain.isascii() or not plain.isprintable():
            raise ValueError("expected a token of at least 16 printable characters")
        return SecretStr(plain)


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
    period, grace = timedelta(seconds=options.period), timedelta(seconds=options.grace)
    age = now - newest.at
    if newest.kind == "start":
        ended = age <= period
        return (
            (Status.UP, "the job is running")
            if ended
            else (Status.DOWN, f"began {lasted(age.total_seconds())} ago and never ended")
        )
    if age <= period:
        return Status.UP, f"last ping {lasted(age.total_seconds())} ago"
    late = f"a ping is {lasted((age - period).total_seconds())} late"
    return (Status.DEGRADED, late) if age <= period + grace else (Status.DOWN, late)
