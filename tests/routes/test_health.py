"""Our own health: the shape that others understand, and the truth about store, poller and outbox."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from checks._formats import read
from data import notifications, store
from model import Notice, Status
from routes import _store, health
from tests.serving import Stage


async def asked(stage: Stage, path: str = "/api/health") -> tuple[int, dict[str, Any]]:
    answer = await stage.client.get(path)
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    return answer.status_code, answer.json()


def owed(stage: Stage, ago: float) -> None:
    at = stage.now - timedelta(seconds=ago)
    with store.writing(_store.engine(stage.url, False)) as c:
        notifications.owe(c, [("oncall", Notice("k", "down", "t", "b"))], at, at)


async def test_a_working_watch_is_healthy(stage: Stage) -> None:
    stage.report()
    code, body = await asked(stage)
    assert (code, body["status"]) == (200, "healthy")
    assert set(body["checks"]) == {"store", "poller", "outbox", "integrations"}
    assert body["version"] == "9.9"
    assert {check["status"] for check in body["checks"].values()} == {"pass"}


async def test_our_health_is_a_document_that_we_read_ourselves(stage: Stage) -> None:
    stage.report()
    answer = await stage.client.get("/api/health")
    assert answer.headers["x-response-time"].endswith("ms")
    document = read(answer.headers["content-type"], answer.content)
    assert document
    assert document.status is Status.UP
    assert {part.name for part in document.parts} == {"store", "poller", "outbox", "integrations"}


@pytest.mark.parametrize(
    ("ago", "blind", "expected"),
    [
        pytest.param(20, False, (200, "degraded", "warn"), id="late"),
        pytest.param(46, False, (503, "unhealthy", "fail"), id="gone"),
        pytest.param(0, True, (200, "degraded", "warn"), id="blind"),
    ],
)
async def test_a_poller_in_trouble_is_said(stage: Stage, ago: float, blind: bool, expected: tuple[Any, ...]) -> None:
    stage.report(ago, blind)
    code, body = await asked(stage)
    assert (code, body["status"], body["checks"]["poller"]["status"]) == expected
    assert body["checks"]["poller"]["message"]


@pytest.mark.parametrize(("ago", "status"), [(5, "pass"), (130, "warn"), (700, "fail")])
async def test_messages_that_do_not_leave_are_said(stage: Stage, ago: float, status: str) -> None:
    stage.report()
    owed(stage, ago)
    _, body = await asked(stage)
    assert body["checks"]["outbox"]["status"] == status


async def test_a_store_that_is_gone_makes_us_unhealthy_and_says_no_path(stage: Stage) -> None:
    _store.close()
    (stage.folder / "store.db").unlink()
    code, body = await asked(stage)
    assert (code, body["status"], body["checks"]["store"]["status"]) == (503, "unhealthy", "fail")
    assert str(stage.folder) not in str(body)


async def test_ready_while_the_store_opens_and_the_poller_lives(stage: Stage) -> None:
    code, body = await asked(stage, "/api/health/ready")
    assert (code, body["status"]) == (503, "not ready")
    stage.report()
    code, body = await asked(stage, "/api/health/ready")
    assert (code, body["status"]) == (200, "ready")
    assert [check["component"] for check in body["checks"]] == ["store", "poller"]


async def test_ready_opens_the_store_anew(stage: Stage) -> None:
    stage.report()
    await asked(stage)  # a connection is kept now, and would go on reading the file that is no longer there
    (stage.folder / "store.db").unlink()
    assert (await asked(stage, "/api/health/ready"))[0] == 503


async def test_live_needs_no_store(stage: Stage) -> None:
    (stage.folder / "store.db").unlink()
    code, body = await asked(stage, "/api/health/live")
    assert (code, body["status"]) == (200, "alive")
    assert body["pid"] > 1
    assert body["uptime"] >= 0


async def test_silence_grows_with_the_age_of_the_report(stage: Stage) -> None:
    assert await health.silence() == math.inf
    stage.report(ago=100)
    assert 100 <= await health.silence() < 160
    _store.close()
    (stage.folder / "store.db").unlink()
    assert await health.silence() == 0.0
