"""Signed events come in once, and nothing that is forged, old or no event comes in at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

import settings
from data import hooks, store
from routes import _store
from tests.serving import Stage, forget

SECRET = "hook-secret-of-the-test"


@pytest.fixture
def hooked(stage: Stage) -> Stage:
    """The stage with a webhook's secret in its configuration."""
    path = settings.current().path
    table = f'\n[vercel]\ntoken = "token-of-the-test"\nproject = "web"\nhook_secret = "{SECRET}"\n'
    path.write_text(path.read_text(encoding="utf-8") + table, encoding="utf-8")
    forget()
    return stage


def event(stage: Stage, minutes: float = 0, **more: Any) -> dict[str, Any]:
    at = int((stage.now + timedelta(minutes=minutes)).timestamp() * 1000)
    return {"id": "evt_1", "type": "deployment.succeeded", "createdAt": at,
            "payload": {"deployment": {"id": "dpl_9"}, "user": {"id": "someone"}}} | more  # fmt: skip


def sign(raw: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()


async def sent(stage: Stage, raw: bytes, signature: str | bytes | None = None) -> httpx.Response:
    headers: dict[str, Any] = {"x-vercel-signature": sign(raw) if signature is None else signature}
    return await stage.client.post("/api/hooks/vercel", content=raw, headers=headers)


def kept(stage: Stage) -> list[tuple[str, str, str]]:
    with store.reading(_store.engine(stage.url, False)) as c:
        return [(each.event, each.kind, each.subject) for _, each in hooks.after(c, 0)]


async def test_a_signed_event_is_kept_before_it_is_answered(hooked: Stage) -> None:
    answer = await sent(hooked, json.dumps(event(hooked)).encode())

    assert (answer.status_code, answer.content) == (204, b"")
    assert kept(hooked) == [("evt_1", "deployment.succeeded", "dpl_9")]


async def test_an_event_that_is_sent_again_counts_once(hooked: Stage) -> None:
    raw = json.dumps(event(hooked)).encode()

    answers = [await sent(hooked, raw) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {204}
    assert len(kept(hooked)) == 1


async def test_what_is_forged_is_refused(hooked: Stage) -> None:
    raw = json.dumps(event(hooked)).encode()
    right = sign(raw)
    wrong = [
        "",
        "x",
        right[:-1],
        right.upper(),
        f"sha1={right}",
        sign(raw, ""),
        sign(raw, "another"),
        sign(raw + b" "),
        "\xfc".encode(),
    ]

    for signature in wrong:
        assert (await sent(hooked, raw, signature)).status_code == 401, signature
    assert (await stage_without_header(hooked, raw)).status_code == 401
    assert (await sent(hooked, json.dumps(event(hooked), indent=1).encode(), right)).status_code == 401, "encoded anew"
    assert kept(hooked) == []


async def stage_without_header(stage: Stage, raw: bytes) -> httpx.Response:
    return await stage.client.post("/api/hooks/vercel", content=raw)


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (6, 401), (-4, 204), (4, 204)])
async def test_an_event_counts_only_for_a_few_minutes(minutes: float, status: int, hooked: Stage) -> None:
    assert (await sent(hooked, json.dumps(event(hooked, minutes)).encode())).status_code == status


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"[" * 5000, b"null", b'{"id": 5}', b'{"id": "a b", "type": "x", "createdAt": 1}']
)
async def test_what_is_no_event_is_refused(raw: bytes, hooked: Stage) -> None:
    assert (await sent(hooked, raw)).status_code == 400
    assert kept(hooked) == []


@pytest.mark.parametrize(
    "odd", [{"payload": None}, {"payload": {"deployment": []}}, {"payload": {"deployment": {"id": "../<b>"}}}]
)
async def test_an_odd_payload_loses_only_its_subject(odd: dict[str, Any], hooked: Stage) -> None:
    assert (await sent(hooked, json.dumps(event(hooked, **odd)).encode())).status_code == 204
    assert kept(hooked) == [("evt_1", "deployment.succeeded", "")]


async def test_there_is_no_door_without_a_secret(stage: Stage) -> None:
    assert (await sent(stage, b"{}", sign(b"{}", ""))).status_code == 404


async def test_long_events_come_in_and_longer_ones_do_not(hooked: Stage) -> None:
    long = event(hooked, more="x" * 40_000)
    assert (await sent(hooked, json.dumps(long).encode())).status_code == 204
    assert (await sent(hooked, json.dumps(event(hooked, more="x" * 66_000)).encode())).status_code == 413
