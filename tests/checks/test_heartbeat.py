"""Pings that come, come late, say they failed, begin and never end, or never came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from checks import open_tools, run
from checks.heartbeat import Options
from model import Monitor, Ping, Result, Status

OPTIONS = Options(period="1h", grace="10m", token="0123456789abcdef")
MINUTE = timedelta(minutes=1)


async def looked(now: datetime, *pings: tuple[str, float]) -> Result:
    """The result with these pings: kind, and minutes ago."""
    came = {kind: Ping("job", now - age * MINUTE, kind, "disk full\r\npassword=canary") for kind, age in pings}

    async def kept(key: str) -> Mapping[str, Ping]:
        assert key == "job"
        return came

    async with open_tools(pings=kept, clock=lambda: now) as tools:
        return await run(Monitor("job", "Job", "heartbeat", OPTIONS), tools)


@pytest.mark.parametrize(
    ("pings", "status", "words"),
    [
        ([], Status.UNKNOWN, "no ping yet"),
        ([("ok", 5)], Status.UP, "last ping 5 min ago"),
        ([("ok", 60)], Status.UP, "last ping 1 h ago"),
        ([("ok", 65)], Status.DEGRADED, "a ping is 5 min late"),
        ([("ok", 70)], Status.DEGRADED, "a ping is 10 min late"),
        ([("ok", 71)], Status.DOWN, "a ping is 11 min late"),
        ([("ok", 5), ("fail", 1)], Status.DOWN, "the job says it failed: disk full [removed]"),
        ([("ok", 1), ("fail", 5)], Status.UP, "last ping 1 min ago"),
        ([("fail", 500)], Status.DOWN, "the job says it failed: disk full [removed]"),
        ([("ok", 200), ("start", 30)], Status.UP, "the job is running"),
        ([("start", 61)], Status.DOWN, "began 1 h 1 min ago and never ended"),
        ([("start", 30), ("ok", 5)], Status.UP, "last ping 5 min ago"),
        ([("fail", 40), ("start", 30)], Status.UP, "the job is running"),
        ([("ok", -3)], Status.UP, "last ping 0 s ago"),
    ],
)
async def test_the_newest_ping_decides(
    noon: datetime, pings: list[tuple[str, float]], status: Status, words: str
) -> None:
    result = await looked(noon, *pings)
    assert (result.status, result.words) == (status, words)
    assert (result.latency, result.network) == (None, False)
    assert ("last_kind" in dict(result.facts)) is bool(pings)


@pytest.mark.parametrize(
    "options",
    [
        {"period": "often", "token": "0123456789abcdef"},
        {"period": "0s", "token": "0123456789abcdef"},
        {"period": "1d", "token": "short-canary"},
        {"period": "1d"},
        {"period": "1d", "token": "0123456789abc\ndef-canary"},
    ],
    ids=["no duration", "no time at all", "a short token", "no token", "a line break in the token"],
)
def test_a_mistake_in_the_options_is_refused_without_the_token(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Options(**options)
    assert "canary" not in str(refused.value)


def test_the_token_is_trimmed_and_never_printed() -> None:
    options = Options(period=60, token=" 0123456789abcdef\n")
    assert options.token.get_secret_value() == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(options) + str(options) + options.model_dump_json()
