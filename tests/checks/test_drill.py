"""Restore drills: done in time, late, failed, slower or with more loss than promised, and never done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from checks import open_tools, run
from checks.drill import Options
from model import Monitor, Ping, Result, Status

OPTIONS = Options(period="31d", grace="7d", rpo="1h", rto="30m", token="0123456789abcdef")
DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 24, 10, tzinfo=UTC)


async def looked(now, *pings: Ping) -> Result:
    came = {each.kind: each for each in pings}

    async def kept(key: str) -> Mapping[str, Ping]:
        assert key == "restore"
        return came

    async with open_tools(pings=kept, clock=lambda: now) as tools:
        return await run(Monitor("restore", "Restore", "drill", OPTIONS), tools)


def ping(now, days: float, kind: str = "ok", rpo: float | None = 600.0, rto: float | None = 900.0) -> Ping:
    return Ping("restore", now - days * DAY, kind, "it broke password=canary", rpo, rto)


@pytest.mark.parametrize(
    ("days", "status", "words"),
    [
        (3, Status.UP, "restored 3 d ago"),
        (31, Status.UP, "restored 31 d ago"),
        (33, Status.DEGRADED, "a drill is 2 d late"),
        (39, Status.DOWN, "a drill is 8 d late"),
    ],
)
async def test_the_age_of_the_newest_decides(now, days, status, words) -> None:
    found = await looked(now, ping(now, days))
    assert (found.status, found.words) == (status, words)


async def test_what_was_reached_stands_beside_what_is_promised(now) -> None:
    found = await looked(now, ping(now, 1))
    assert [(part.name, part.status) for part in found.parts] == [("rpo", Status.UP), ("rto", Status.UP)]
    assert found.parts[1].words == "time to restore (RTO): 15 min, promised 30 min"
    assert dict(found.facts)["rto"] == "900"
    assert found.findings == ()


@pytest.mark.parametrize(("name", "rpo", "rto"), [("rpo", 3601.0, 900.0), ("rto", 600.0, 1801.0)])
async def test_a_broken_promise_is_degraded_and_names_the_fix(now, name, rpo, rto) -> None:
    found = await looked(now, ping(now, 1, rpo=rpo, rto=rto))
    assert found.status is Status.DEGRADED
    assert [(each.kind, bool(each.fix)) for each in found.findings] == [(f"drill-{name}", True)]
    assert "promised" in found.words


@pytest.mark.parametrize(("rpo", "rto", "silent"), [(None, None, ["rpo", "rto"]), (600.0, None, ["rto"])])
async def test_a_drill_that_did_not_say_what_was_reached_keeps_no_promise(now, rpo, rto, silent) -> None:
    found = await looked(now, ping(now, 1, rpo=rpo, rto=rto))
    assert found.status is Status.DEGRADED
    assert "did not say what was reached" in found.words
    assert [part.name for part in found.parts if part.status is Status.UNKNOWN] == silent
    assert [each.kind for each in found.findings] == [f"drill-{name}" for name in silent]
    assert all("report" in each.fix for each in found.findings)


async def test_a_failed_drill_is_down_at_once_without_its_secrets(now) -> None:
    found = await looked(now, ping(now, 20), ping(now, 1, "fail"))
    assert found.status is Status.DOWN
    assert "canary" not in repr(found)
    assert found.words.startswith("the last drill failed: it broke")


async def test_one_that_succeeded_after_a_failed_one_counts_and_one_begun_changes_nothing(now) -> None:
    found = await looked(now, ping(now, 2, "fail"), ping(now, 1), ping(now, 0.1, "start"))
    assert found.status is Status.UP


async def test_without_any_nothing_is_known(now) -> None:
    assert (await looked(now)).status is Status.UNKNOWN
    assert (await looked(now, ping(now, 1, "start"))).status is Status.UNKNOWN
