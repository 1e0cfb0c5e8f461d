"""Whose request it is behind proxies: known ones are believed, and nobody can take another's address."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from routes import vitals as door
from routes._peer import address
from routes._throttle import Throttle
from tests.routes.test_vitals import METRIC, ORIGIN
from tests.serving import configured, forget, guarded

TOKEN = "a-proxy-token-of-the-test"
KNOWN = f'proxies = ["10.0.0.0/8", "2001:db8:aa::/48"]\nproxy_token = "{TOKEN}"'
USER, FORGED, EDGE = "203.0.113.9", "198.51.100.7", "192.0.2.44"


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = configured(tmp_path, KNOWN)
    path.write_text(path.read_text() + f'\n[vitals]\norigins = ["{ORIGIN}"]\n')
    monkeypatch.setenv("WARDROUND_CONFIG", str(path))
    forget()


async def said(request: Request) -> Response:
    return PlainTextResponse(address(request.scope))


async def seen(peer: str, forwarded: list[str], query: str = "", **headers: str) -> str:
    """Whose it is for a request of ``peer`` with these X-Forwarded-For headers."""
    transport = httpx.ASGITransport(Starlette(routes=[Route("/", said)]), client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        told = [("X-Forwarded-For", each) for each in forwarded] + list(headers.items())
        return (await client.get(f"/{query}", headers=told)).text


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("10.1.2.3", [USER], USER),
        ("10.1.2.3", [f"{FORGED}, {USER}"], USER),
        ("10.1.2.3", [FORGED, USER], USER),
        ("10.1.2.3", [f"{FORGED}, {USER}, 10.9.9.9"], USER),
        ("10.1.2.3", [f"{USER}:4711"], USER),
        ("10.1.2.3", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("::ffff:10.1.2.3", [USER], USER),
        ("2001:db8:aa::1", [USER], USER),
        ("10.1.2.3", [], "10.1.2.3"),
        ("::ffff:10.1.2.3", [], "10.1.2.3"),
        ("::ffff:10.1.2.3", ["::ffff:203.0.113.9"], USER),
        ("2001:DB8::1", [], "2001:db8::1"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", [f"{USER}, <script>"], "10.1.2.3"),
        ("10.1.2.3", ["10.0.0.1," * 200 + "10.0.0.2"], "10.0.0.1"),
        (USER, [FORGED], USER),
        ("127.0.0.1", [USER], USER),
        ("::ffff:127.0.0.1", [f"{FORGED}, {USER}"], USER),
        ("::1", [USER], USER),
        ("testclient", [FORGED], "testclient"),
    ],
)
async def test_the_last_hop_that_is_no_proxy_of_ours(peer: str, forwarded: list[str], whose: str) -> None:
    assert await seen(peer, forwarded) == whose


@pytest.mark.parametrize(
    ("peer", "forwarded", "query", "whose"),
    [
        (EDGE, [USER], f"?via={TOKEN}", USER),
        (EDGE, [f"{USER}, {EDGE}"], f"?via={TOKEN}", USER),
        (EDGE, [f"{FORGED}, {USER}"], f"?via={TOKEN}", USER),
        (EDGE, [FORGED], "", EDGE),
        (EDGE, [FORGED], "?via=", EDGE),
        (EDGE, [FORGED], f"?via={TOKEN}x", EDGE),
        (EDGE, [FORGED], "?via=%ff%fe", EDGE),
    ],
)
async def test_a_proxy_of_unknown_address_proves_itself(
    peer: str, forwarded: list[str], query: str, whose: str
) -> None:
    assert await seen(peer, forwarded, query) == whose


async def test_no_header_of_a_vendor_is_believed() -> None:
    headers = {"X-Vercel-Forwarded-For": FORGED, "X-Real-IP": FORGED, "Forwarded": f"for={FORGED}"}
    assert await seen("10.1.2.3", [USER], **headers) == USER


@pytest.mark.parametrize(
    ("peer", "scheme", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("::ffff:127.0.0.1", "https", True),
        ("10.1.2.3", "HTTPS", True),
        ("10.1.2.3", "http", False),
        ("10.1.2.3", "https, http", False),
        (EDGE, "https", False),
        ("testclient", "https", False),
    ],
)
async def test_cookies_are_secure_when_a_proxy_of_ours_was_asked_over_https(
    peer: str, scheme: str, secure: bool
) -> None:
    transport = httpx.ASGITransport(guarded(), client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/crumbs", headers={"X-Forwarded-Proto": scheme})
    assert ("secure" in answer.headers["set-cookie"].lower()) is secure
    assert ("strict-transport-security" in answer.headers) is secure


async def codes(peer: str, users: list[str], query: str = "") -> list[int]:
    transport = httpx.ASGITransport(guarded(), client=(peer, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answers = []
        for n, user in enumerate(users):
            headers = {"Origin": ORIGIN, "X-Forwarded-For": user}
            body = METRIC | {"id": f"{peer}-{n}"}
            answers.append(await client.post(f"/api/vitals{query}", json=body, headers=headers))
        return [each.status_code for each in answers]


async def test_users_behind_one_proxy_have_buckets_of_their_own_and_nobody_makes_himself_new_ones(monkeypatch) -> None:
    monkeypatch.setattr(door, "PAUSE", 0.0)
    monkeypatch.setattr(door.Doors, "intake", door.Intake())
    monkeypatch.setattr(door.Doors, "throttle", Throttle(0.001, 2.0, 1e9, 1e9, lambda: 1000.0))
    two = [USER, USER, USER, FORGED, FORGED, FORGED]
    assert await codes("10.1.2.3", two) == [204, 204, 429, 204, 204, 429]
    assert await codes(EDGE, [f"198.51.100.{n}" for n in range(4)]) == [204, 204, 429, 429]
    assert await codes("192.0.2.45", ["192.0.2.1", "192.0.2.2", "192.0.2.1"], f"?via={TOKEN}") == [204, 204, 204]
