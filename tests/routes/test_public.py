"""The public status: the shape of Statuspage v2, and nothing from inside."""

from __future__ import annotations

from typing import Any

import pytest

from model import Status
from routes import _store
from tests.serving import NIGHTLY, Stage

INSIDE = ["db-7", "Ledger", "ledger", "127.0.0.1", "refused", "nightly", NIGHTLY, "sqlite"]


async def asked(stage: Stage, path: str = "/api/v2/summary.json") -> dict[str, Any]:
    answer = await stage.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    body: dict[str, Any] = answer.json()
    return body


async def test_the_summary_has_the_shape_of_statuspage(stage: Stage) -> None:
    stage.stand(Status.UP)
    body = await asked(stage)
    assert {"page", "status", "components", "incidents", "scheduled_maintenances"} <= set(body)
    assert body["page"]["name"] == "Our platform"
    assert body["status"]["indicator"] == "none"
    assert [(c["name"], c["status"]) for c in body["components"]] == [("The <shop>", "operational")]


@pytest.mark.parametrize("status", [Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN])
async def test_nothing_from_inside_leaves(stage: Stage, status: Status) -> None:
    stage.stand(status, words="db-7 refused the connection at 127.0.0.1")
    for path in ("/api/v2/summary.json", "/api/v2/status.json"):
        text = (await stage.client.get(path)).text
        assert [word for word in INSIDE if word in text] == []


async def test_old_data_is_said_to_be_old(stage: Stage) -> None:
    stage.stand(Status.UP, ago=3600)
    body = await asked(stage)
    assert body["stale"] is True
    assert body["components"][0]["status"] != "operational"


async def test_the_short_form_is_a_part_of_the_long_one(stage: Stage) -> None:
    stage.stand(Status.DOWN)
    short, long = await asked(stage, "/api/v2/status.json"), await asked(stage)
    assert set(short) == {"page", "status", "stale"}
    assert short["status"] == long["status"]
    assert short["status"]["indicator"] in ("major", "critical")


async def test_without_a_store_nothing_is_known(stage: Stage) -> None:
    _store.close()
    (stage.folder / "store.db").unlink()
    body = await asked(stage)
    assert body["stale"] is True
