"""Pushes of jobs: kept before they are answered, and no word to whoever has no token."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import pings, store
from model import Ping
from routes import _store
from tests.serving import NIGHTLY, Stage

TOKEN = {"Authorization": f"Bearer {NIGHTLY}"}
README = Path(__file__).resolve().parents[2] / "README.md"


async def pushed(stage: Stage, path: str = "", content: bytes = b"", **headers: str) -> httpx.Response:
    return await stage.client.post(f"/api/heartbeat/nightly{path}", content=content, headers={**TOKEN, **headers})


def kept(stage: Stage) -> dict[str, Ping]:
    with store.reading(_store.engine(stage.url, False)) as c:
        return pings.latest(c, "nightly")


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        pytest.param("", b"", "ok", id="nothing at all"),
        pytest.param("/ok", b"", "ok", id="ok in the path"),
        pytest.param("/start", b"", "start", id="start in the path"),
        pytest.param("/fail", b"", "fail", id="fail in the path"),
        pytest.param("", b'{"status": "ok"}', "ok", id="ok in the body"),
        pytest.param("", b'{"status": "fail"}', "fail", id="fail in the body"),
        pytest.param("/fail", b'{"status": "ok"}', "fail", id="the path wins"),
        pytest.param("", b"{}", "ok", id="an empty object"),
    ],
)
async def test_a_push_is_kept_before_it_is_answered(stage: Stage, path: str, body: bytes, kind: str) -> None:
    answer = await pushed(stage, path, body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer.headers["cache-control"]
    assert set(kept(stage)) == {kind}
    assert abs((kept(stage)[kind].at - stage.now).total_seconds()) < 100


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no token"),
        pytest.param({"Authorization": "Bearer wrong"}, id="a wrong token"),
        pytest.param({"Authorization": f"Basic {NIGHTLY}"}, id="another scheme"),
        pytest.param({"Authorization": "Bearer "}, id="an empty token"),
    ],
)
async def test_strangers_learn_nothing(stage: Stage, headers: dict[str, str]) -> None:
    answers = [
        await stage.client.post(f"/api/heartbeat/{key}", headers=headers) for key in ("nightly", "nobody", "shop")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert kept(stage) == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/sideways", b"", id="an unknown kind in the path"),
        pytest.param("", b'{"status": "sideways"}', id="an unknown kind in the body"),
        pytest.param("", b"[1]", id="a list"),
        pytest.param("", b"{", id="half an object"),
        pytest.param("", b"[" * 9000, id="endless nesting"),
        pytest.param("", b"\xff\xfe", id="no text"),
    ],
)
async def test_what_is_no_push_is_refused(stage: Stage, path: str, body: bytes) -> None:
    assert (await pushed(stage, path, body)).status_code == 400
    assert kept(stage) == {}


async def test_a_message_is_kept_short_and_clean(stage: Stage) -> None:
    hostile = "line one\r\nSet-Cookie: a=b\x1b[31m\u202e" + "x" * 5000
    await pushed(stage, "", json.dumps({"status": "fail", "message": hostile}).encode())
    words = kept(stage)["fail"].words
    assert len(words) <= 200
    assert words.isprintable()


async def test_too_much_is_refused_before_it_is_read(stage: Stage) -> None:
    assert (await pushed(stage, "", b"x" * 20_000)).status_code == 413


async def test_get_is_no_push(stage: Stage) -> None:
    answer = await stage.client.get("/api/heartbeat/nightly", headers=TOKEN)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/json"


async def test_a_store_that_is_gone_is_no_204(stage: Stage) -> None:
    _store.close()
    path = stage.folder / "store.db"
    path.unlink()
    path.mkdir()  # nothing can be made in its place
    assert (await pushed(stage)).status_code == 503


BODIES: st.SearchStrategy[Any] = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["status", "message"]), st.one_of(st.text(max_size=400), st.integers())).map(
        lambda value: json.dumps(value).encode()
    ),
)


@given(body=BODIES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_no_body_breaks_the_door(stage: Stage, body: bytes) -> None:
    assert (await pushed(stage, "", body)).status_code in (204, 400)


@pytest.mark.parametrize(
    ("body", "rpo", "rto"),
    [
        pytest.param(b'{"rpo": 90, "rto": "15m"}', 90.0, 900.0, id="seconds and a duration"),
        pytest.param(b'{"rto": "1h"}', None, 3600.0, id="one of them"),
    ],
)
async def test_a_drill_says_what_it_reached(stage: Stage, body: bytes, rpo: float | None, rto: float) -> None:
    answer = await stage.client.post("/api/heartbeat/restore", content=body, headers=TOKEN)
    assert answer.status_code == 204
    await pushed(stage)
    with store.reading(_store.engine(stage.url, False)) as c:
        (drill,) = pings.drills(c, stage.now + timedelta(minutes=1))
    assert (drill.key, drill.kind, drill.rpo, drill.rto) == ("restore", "ok", rpo, rto)


@pytest.mark.parametrize("value", ['"soon"', "-3", "[1]", '"5 apples"', "true", "1e400", "1e300"])
async def test_what_is_no_duration_is_refused(stage: Stage, value: str) -> None:
    body = f'{{"rto": {value}}}'.encode()
    assert (await stage.client.post("/api/heartbeat/restore", content=body, headers=TOKEN)).status_code == 400


async def test_the_line_of_the_readme_reports_a_drill(stage: Stage) -> None:
    line = next(line for line in README.read_text(encoding="utf-8").splitlines() if "/api/heartbeat/restore" in line)
    body = line.partition("-d '")[2].partition("'")[0]
    answer = await stage.client.post("/api/heartbeat/restore", content=body.encode(), headers=TOKEN)
    assert answer.status_code == 204
    with store.reading(_store.engine(stage.url, False)) as c:
        (drill,) = pings.drills(c, stage.now + timedelta(minutes=1))
    assert (drill.rpo, drill.rto) == (11 * 3600.0, 40 * 60.0)
