"""A secret reaches the one place it is meant for: no other host, no log, no word, no error, no repr."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from checks import run
from checks._transport import question
from checks.health import Options as Health
from checks.http import Options as Http
from model import Monitor, Status

CANARY = "canary-8d41f07b"
HEADERS = {
    "Authorization": f"Bearer {CANARY}",
    "Cookie": f"session={CANARY}",
    "apikey": CANARY,
    "X-Api-Key": CANARY,
    "X-Vercel-Protection-Bypass": CANARY,
    "Proxy-Authorization": f"Basic {CANARY}",
}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.2:{port}/", "http://127.0.0.1:{port}/", "http://localhost:{port}/", "//127.0.0.2:{port}/x"],
    ids=["another host", "another port", "another name", "a host without scheme"],
)
@pytest.mark.parametrize("check", [Http, Health])
async def test_nothing_follows_a_redirect(tools: Any, serve: Any, code: int, place: str, check: Any) -> None:
    seen: list[bytes] = []

    async def thief(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(65536))

    target = place.format(port=await serve(thief, host="0.0.0.0"))
    port = await serve(f"HTTP/1.1 {code} X\r\nLocation: {target}?t={CANARY}\r\nContent-Length: 0\r\n\r\n".encode())
    more = {"method": "POST", "body": CANARY} if check is Http else {}
    options = check(url=f"http://127.0.0.1:{port}/?key={CANARY}", headers=HEADERS, **more)
    result = await run(Monitor("m", "M", check.__module__.removeprefix("checks."), options), tools)
    await asyncio.sleep(0.01)
    assert seen == []
    assert result.status is Status.DOWN
    assert f"answered {code}" in result.words
    assert "redirects to http://" in result.words
    assert CANARY not in repr(result)


FAULTS = [
    ("another status", b"HTTP/1.1 500 canary-8d41f07b\r\nContent-Length: 0\r\n\r\n"),
    ("an echo of what was sent", b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\ncanary-8d41f07b"),
    ("garbage", b"canary-8d41f07b\r\n\r\n"),
    ("a hang-up", b""),
    ("a bad Location", b"HTTP/1.1 302 X\r\nLocation: http://[canary-8d41f07b\r\nContent-Length: 0\r\n\r\n"),
    (
        "a Location with a password",
        b"HTTP/1.1 302 X\r\nLocation: http://u:canary-8d41f07b@x.example/canary-8d41f07b?canary-8d41f07b\r\n"
        b"Content-Length: 0\r\n\r\n",
    ),
    ("a compressed answer", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
]


@pytest.mark.parametrize("raw", [case[1] for case in FAULTS], ids=[case[0] for case in FAULTS])
async def test_no_fault_tells_a_secret(tools: Any, serve: Any, caplog: pytest.LogCaptureFixture, raw: bytes) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"http://127.0.0.1:{await serve(raw)}/p?key={CANARY}"
    for kind, options in (
        ("http", Http(url=url, headers=HEADERS, contains="something else", json=[{"path": "$.a"}])),
        ("health", Health(url=url, headers=HEADERS)),
    ):
        result = await run(Monitor("m", "M", kind, options), tools)
        assert result.status is Status.DOWN
        assert CANARY not in repr(result)
    assert CANARY not in caplog.text


def test_a_question_that_is_kept_does_not_print_what_it_sends() -> None:
    asked = question(httpx.Request("POST", "https://x.example/", headers={"X-Token": CANARY}, content=CANARY.encode()))
    assert asked.wire.count(CANARY.encode()) == 2
    assert CANARY not in repr(asked)


def test_options_never_print_what_is_secret() -> None:
    options = Http(url="https://example.org/", method="POST", body=CANARY, headers=HEADERS)
    for _ in ("before", "after it was asked"):
        assert CANARY not in repr(options) + str(options) + options.model_dump_json()
        options.asked["POST", CANARY.encode()] = question(httpx.Request("POST", options.place, headers=options.sent))


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X": f"{CANARY}\x00"}},
        {"headers": {"X": f"{CANARY}é"}},
        {"headers": {f"X {CANARY}"[:9]: CANARY}},
        {"url": f"https://user:{CANARY}@example.org/"},
        {"url": f"nonsense://{CANARY}"},
        {"body": {"a": CANARY}},
        {"unknown": CANARY},
    ],
    ids=["control character", "not ASCII", "bad name", "userinfo", "bad scheme", "wrong type", "unknown key"],
)
def test_a_refused_configuration_does_not_tell_the_secret(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Http(**{"url": "https://example.org/", **options})
    assert CANARY not in str(refused.value)


async def test_environment_proxies_and_netrc_are_not_asked(
    look: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(100))

    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{await serve(proxy)}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{await serve(proxy)}")
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert (await look("http", url=f"http://127.0.0.1:{port}/")).status is Status.UP
    assert seen == []
