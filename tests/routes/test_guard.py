"""The outermost layer: headers on every answer, and what it does not let in."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

import settings
from routes import _intake
from routes._door import Door
from routes._guard import Guard
from routes._policy import policy
from tests.serving import Stage, configured, forget, guarded

NEEDED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
ANSWERS = [
    pytest.param("GET", "/crumbs", 200, id="somebody else's answer"),
    pytest.param("GET", "/api/health/live", 200, id="a door"),
    pytest.param("GET", "/nowhere", 404, id="nobody's path"),
    pytest.param("GET", "/api/nowhere", 404, id="no door"),
    pytest.param("DELETE", "/api/health", 405, id="a wrong method"),
    pytest.param("GET", "/_stcore/upload_file/a/b", 404, id="a closed door"),
    pytest.param("GET", "/broken", 500, id="a mistake of ours"),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_carries_the_headers(stage: Stage, method: str, path: str, status: int) -> None:
    answer = await stage.client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in NEEDED} == NEEDED
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


def test_the_policy_runs_streamlit_and_nothing_inline() -> None:
    script = "\n  window.prerenderReady = false\n"
    rules = dict(
        rule.split(" ", 1)
        for rule in policy(f"<html><script>{script}</script><script src='a.js'>").decode().split("; ")
    )
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'self' 'wasm-unsafe-eval' 'sha256-{digest}'"
    assert rules["default-src"] == "'self'"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["img-src"] == "'self' data: blob:"
    assert not [value for value in rules.values() if "http" in value or "*" in value or "'unsafe-eval'" in value]


async def test_a_mistake_of_ours_says_nothing_of_itself(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "wardround.server"):
        answer = await stage.client.get("/broken")
    assert answer.json() == {"error": "something broke in here; the log says what"}
    assert "a mistake of ours" in caplog.text


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_a_cookie_that_came_over_https_goes_back_over_https_alone(
    stage: Stage, scheme: str, secure: bool
) -> None:
    answer = await stage.client.get(f"{scheme}://localhost/crumbs")
    assert ("secure" in answer.headers["set-cookie"].lower()) is secure
    assert ("strict-transport-security" in answer.headers) is secure


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nope", "/badge/", "/badge/a.png", "/metrics/", "/api/v2/x.json"]
)
async def test_what_looks_like_a_door_and_is_none_is_a_404_in_json(stage: Stage, path: str) -> None:
    answer = await stage.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_a_wrong_method_is_a_405_in_json(stage: Stage, method: str) -> None:
    answer = await stage.client.request(method, "/api/health")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/json"


async def test_head_is_get_without_a_body(stage: Stage) -> None:
    answer = await stage.client.head("/api/health/live")
    assert (answer.status_code, answer.content) == (200, b"")


# --- hosts ---

HOSTS = [
    pytest.param("127.0.0.1", True, id="the address"),
    pytest.param("127.0.0.1:8501", True, id="with a port"),
    pytest.param("STATUS.ours.example", True, id="below the star, in capitals"),
    pytest.param("ours.example", False, id="the star's own name"),
    pytest.param("ours.example.evil", False, id="a name that begins like ours"),
    pytest.param("evil-ours.example", False, id="a name that ends like ours"),
    pytest.param("a/?x=", False, id="a path inside"),
    pytest.param("127.0.0.1@evil", False, id="an at sign"),
    pytest.param("127.0.0.1 evil", False, id="a space"),
    pytest.param("127.0.0.1\t", False, id="a tab"),
    pytest.param("127.0.0.1:x", False, id="a port that is none"),
    pytest.param("127.0.0.1:8501:1", False, id="two ports"),
    pytest.param("[::1", False, id="half an address"),
    pytest.param("\xe9vil", False, id="not ASCII"),
    pytest.param("", False, id="empty"),
]


async def called(scope: Scope, receive: Receive | None = None, page: str = "") -> list[Message]:
    """What the guard sends for a request that no client would make."""
    sent: list[Message] = []

    async def inside(_scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message.get("more_body"):
            message = await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await Guard(inside, [], page)(scope, receive or nothing, send)
    return sent


def scope(path: str = "/", *headers: tuple[bytes, bytes], kind: str = "http") -> Scope:
    return {"type": kind, "method": "POST", "path": path, "headers": list(headers), "scheme": "http", "extensions": {}}


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("WARDROUND_CONFIG", str(configured(tmp_path, 'allowed_hosts = ["127.0.0.1", "*.ours.example"]')))
    forget()
    yield
    forget()


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("host", "known"), HOSTS)
async def test_only_known_hosts_are_served(host: str, known: bool) -> None:
    sent = await called(scope("/", (b"host", host.encode("latin-1"))))
    assert sent[0]["status"] == (204 if known else 400)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("hosts", [[], [b"127.0.0.1", b"127.0.0.1"], [b"127.0.0.1", b"evil"]])
async def test_exactly_one_host_is_named(hosts: list[bytes]) -> None:
    assert (await called(scope("/", *((b"host", host) for host in hosts))))[0]["status"] == 400


async def test_without_a_list_any_plain_host_is_served(stage: Stage) -> None:
    assert settings.current().server.allowed_hosts == ()
    assert (await stage.client.get("http://anything.example:99/api/health/live")).status_code == 200


# --- bodies ---

HOST = (b"host", b"127.0.0.1")
CHUNKED = (b"transfer-encoding", b"chunked")


def pieces(*bodies: bytes, pause: float = 0.0) -> Receive:
    rest = list(bodies)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        body = rest.pop(0) if rest else b""
        return {"type": "http.request", "body": body, "more_body": bool(rest)}

    return receive


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("header", "bodies", "status"),
    [
        pytest.param((b"content-length", b"5"), [b"hello"], 204, id="small"),
        pytest.param((b"content-length", b"16384"), [b"x" * 16384], 204, id="just within"),
        pytest.param((b"content-length", b"16385"), [], 413, id="just beyond, unread"),
        pytest.param((b"content-length", b"200000000"), [], 413, id="200 MB, unread"),
        pytest.param((b"content-length", b"-1"), [], 400, id="less than nothing"),
        pytest.param((b"content-length", b"0x10"), [], 400, id="no number"),
        pytest.param(CHUNKED, [b"x" * 4000] * 4, 204, id="chunks within"),
        pytest.param(CHUNKED, [b"x" * 4000] * 5, 413, id="chunks beyond"),
    ],
)
async def test_bodies_are_small(header: tuple[bytes, bytes], bodies: list[bytes], status: int) -> None:
    assert (await called(scope("/", HOST, header), pieces(*bodies)))[0]["status"] == status


@pytest.mark.usefixtures("strict")
async def test_bodies_are_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_intake, "PATIENCE", 0.1)
    sent = await called(scope("/", HOST, CHUNKED), pieces(*[b"x"] * 100, pause=0.02))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


# --- doors that the guard opens itself ---


class Noting(Door):
    """Takes what it is sent, and notes what was refused before it."""

    many = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def refused(self) -> None:
        self.many += 1


async def opened(door: Door, wanted: Scope, receive: Receive) -> list[Message]:
    """What comes of a request when the layers below have nothing to say."""
    sent: list[Message] = []

    async def below(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})

    async def send(message: Message) -> None:
        sent.append(message)

    doors = [Route("/api/{x}", below, methods=["POST"]), Route("/api/fast", door, methods=["POST"])]
    await Guard(below, doors)(wanted, receive, send)
    return sent


@pytest.mark.usefixtures("strict")
async def test_a_door_for_thousands_is_opened_past_the_layers_below_and_carries_the_headers() -> None:
    door = Noting()
    sent = await opened(door, scope("/api/fast", HOST), pieces(b""))
    assert [message.get("status") for message in sent] == [204, None]
    assert (b"x-frame-options", b"DENY") in sent[0]["headers"]
    assert (await opened(door, scope("/api/slow", HOST), pieces(b"")))[0]["status"] == 299
    assert (await opened(door, scope("/api/fast/er", HOST), pieces(b"")))[0]["status"] == 404
    assert (await opened(door, scope("/api/fast", HOST) | {"method": "PUT"}, pieces(b"")))[0]["status"] == 405
    assert door.many == 0


@pytest.mark.usefixtures("strict")
async def test_a_door_is_told_of_the_bodies_that_the_guard_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Noting()
    long = (b"content-length", b"16385")
    assert (await opened(door, scope("/api/fast", HOST, long), pieces(b"x")))[0]["status"] == 413
    monkeypatch.setattr(_intake, "PATIENCE", 0.1)
    slow = pieces(*[b"x"] * 100, pause=0.02)
    assert (await opened(door, scope("/api/fast", HOST, CHUNKED), slow))[0]["status"] == 408
    assert (await opened(door, scope("/api/other", HOST, long), pieces(b"x")))[0]["status"] == 413
    assert (await opened(door, scope("/api/fast", (b"host", b"evil")), pieces(b"x")))[0]["status"] == 400
    assert door.many == 2, "only what was for this door"


# --- websockets ---

ORIGINS = [
    pytest.param(None, True, id="a program that names none"),
    pytest.param("http://127.0.0.1:8501", True, id="our own page"),
    pytest.param("https://127.0.0.1:8501", True, id="our own page behind TLS"),
    pytest.param("http://evil.example", False, id="another site"),
    pytest.param("http://127.0.0.1:8502", False, id="another port"),
    pytest.param("http://127.0.0.1:8501@evil.example", False, id="ours as a user name"),
    pytest.param("http://127.0.0.1:8501.evil.example", False, id="a name that begins like ours"),
    pytest.param("null", False, id="a sandbox"),
    pytest.param("http://[", False, id="half an address"),
    pytest.param("", False, id="empty"),
]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("origin", "welcome"), ORIGINS)
async def test_only_our_own_pages_talk_over_the_websocket(origin: str | None, welcome: bool) -> None:
    headers = [(b"host", b"127.0.0.1:8501")] + ([(b"origin", origin.encode())] if origin is not None else [])
    sent = await called(scope("/_stcore/stream", *headers, kind="websocket"))
    assert (sent[0]["type"] == "websocket.close") is not welcome


@pytest.mark.usefixtures("strict")
async def test_a_refused_websocket_carries_the_headers_where_the_server_can() -> None:
    wish = scope("/_stcore/stream", HOST, (b"origin", b"http://evil.example"), kind="websocket")
    sent = await called(wish | {"extensions": {"websocket.http.response": {}}})
    assert [message["type"] for message in sent] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent[0]["status"] == 403
    assert (b"x-frame-options", b"DENY") in sent[0]["headers"]


def test_every_module_of_routes_says_what_it_is() -> None:
    import registry

    for name, module in registry.members("routes").items():
        assert (module.__doc__ or "").strip(), name
        assert module.ROUTES, name
        for route in module.ROUTES:
            assert route.path.startswith(("/api/", "/badge/", "/metrics")), route.path


async def test_all_doors_together_answer_without_a_5xx(stage: Stage) -> None:
    stage.stand()
    stage.report()
    transport = httpx.ASGITransport(guarded())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in ("/api/health", "/api/health/ready", "/api/health/live", "/api/v2/summary.json", "/badge/shop.svg"):
            assert (await client.get(path)).status_code == 200
