"""Badges: one for each public monitor, and nothing that tells which others there are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from model import Status
from routes import _store
from tests.serving import Stage

WORDS = {
    Status.UP: "works",
    Status.DEGRADED: "works with difficulty",
    Status.DOWN: "does not work",
    Status.UNKNOWN: "not known",
}


@pytest.mark.parametrize("status", WORDS)
async def test_the_state_is_a_word_and_a_shape(stage: Stage, status: Status) -> None:
    stage.stand(status)
    answer = await stage.client.get("/badge/shop.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    texts = [text.text for text in ElementTree.fromstring(answer.text).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "The <shop>"
    assert (texts[1] or "").endswith(WORDS[status])
    assert len((texts[1] or "").split(" ", 1)[0]) == 1


async def test_a_badge_of_old_data_is_grey(stage: Stage) -> None:
    stage.stand(Status.UP, ago=3600)
    assert "not known" in (await stage.client.get("/badge/shop.svg")).text


async def test_internal_and_unknown_cannot_be_told_apart(stage: Stage) -> None:
    stage.stand()
    internal, unknown = [await stage.client.get(f"/badge/{key}.svg") for key in ("ledger", "nobody")]
    assert internal.status_code == unknown.status_code == 404
    assert internal.content == unknown.content
    assert internal.headers == unknown.headers


async def test_other_sites_may_draw_badges_and_nothing_else(stage: Stage) -> None:
    stage.stand()
    badge, status = [await stage.client.get(path) for path in ("/badge/shop.svg", "/api/v2/status.json")]
    assert badge.headers["cross-origin-resource-policy"] == "cross-origin"
    assert status.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_new_state_is_drawn_at_once(stage: Stage) -> None:
    stage.stand(Status.UP)
    assert "does not work" not in (await stage.client.get("/badge/shop.svg")).text
    stage.stand(Status.DOWN)
    assert "does not work" in (await stage.client.get("/badge/shop.svg")).text


async def test_without_a_store_there_is_no_badge_and_no_path(stage: Stage) -> None:
    _store.close()
    (stage.folder / "store.db").unlink()
    answer = await stage.client.get("/badge/shop.svg")
    assert answer.status_code == 503
    assert str(stage.folder) not in answer.text
