"""The http check against real servers: every condition, and what the wire can look like."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from checks.http import Options
from model import Status


def plain(body: bytes = b"hello world", status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


JSON = plain(b'{"status":"ok","n":5,"up":true,"none":null,"parts":[{"up":true},{"up":false}]}')
GOOD = [
    ("a 200 by default", plain(), {}),
    ("a status that is listed", plain(status="404 Not Found"), {"status": [200, 404]}),
    ("a status in a range", plain(status="418 Teapot"), {"status": ["2xx", "410-420"]}),
    ("text that is there", plain(), {"contains": "hello"}),
    ("text that is absent", plain(), {"not_contains": "error"}),
    ("an expression", plain(), {"matches": r"^h.*d$"}),
    ("a header", plain(headers="X-A: b c\r\n"), {"header": {"x-a": "b c"}}),
    ("part of a header", plain(headers="X-A: b c\r\n"), {"header": {"x-a": {"contains": "c"}}}),
    ("a header by expression", plain(headers="X-A: b c\r\n"), {"header": {"x-a": {"matches": "^b"}}}),
    ("a header that is absent", plain(), {"header": {"x-powered-by": {"absent": True}}}),
    (
        "a redirect",
        plain(status="302 Found", headers="Location: /auth/login?next=%2F\r\n"),
        {"redirects_to": "/auth/login"},
    ),
    ("JSON equal", JSON, {"json": [{"path": "$.status", "equals": "ok"}]}),
    ("JSON is", JSON, {"json": [{"path": "$.up", "is": True}]}),
    ("JSON is null", JSON, {"json": [{"path": "$.none", "is": None}]}),
    ("JSON not", JSON, {"json": [{"path": "$.status", "not": "bad"}]}),
    ("JSON between", JSON, {"json": [{"path": "$.n", "at_least": 5, "at_most": 5}]}),
    ("JSON exists", JSON, {"json": [{"path": "$.parts"}]}),
    ("JSON does not exist", JSON, {"json": [{"path": "$.gone", "exists": False}]}),
    ("JSON matches", JSON, {"json": [{"path": "$.status", "matches": "^o"}]}),
    ("JSON filter", JSON, {"json": [{"path": "$.parts[?@.up == true]"}]}),
]
BAD = [
    ("another status", plain(status="503 Busy"), {}, "answered 503, not 2xx"),
    (
        "a redirect not asked for",
        plain(status="302 F", headers="Location: /a?t=1\r\n"),
        {},
        "redirects to /a",
    ),
    (
        "a redirect to what is no URL",
        plain(status="302 F", headers="Location: http://x:abc/\r\n"),
        {"status": "3xx"},
        "answered 302 with a Location that is no URL",
    ),
    ("not a redirect", plain(), {"redirects_to": "/x"}, "answered 200, not a redirect"),
    ("another redirect", plain(status="302 F", headers="Location: /b\r\n"), {"redirects_to": "/a"}, "not to /a"),
    (
        "a look-alike redirect",
        plain(status="302 F", headers="Location: https://good.example.evil/\r\n"),
        {"redirects_to": "https://good.example"},
        "redirects to https://good.example.evil, not to",
    ),
    ("missing text", plain(), {"contains": "bye"}, "does not contain 'bye'"),
    ("unwanted text", plain(), {"not_contains": "hello"}, "contains 'hello'"),
    ("no match", plain(), {"matches": "^x"}, "does not match '^x'"),
    ("missing header", plain(), {"header": {"x-a": "b"}}, "header x-a is missing"),
    (
        "header that should be absent",
        plain(headers="X-A: 1\r\n"),
        {"header": {"x-a": {"absent": True}}},
        "should be absent",
    ),
    ("other header", plain(headers="X-A: 1\r\n"), {"header": {"x-a": "2"}}, "header x-a is not '2'"),
    ("other JSON", JSON, {"json": [{"path": "$.status", "equals": "fine"}]}, "$.status is 'ok', not 'fine'"),
    ("JSON of another type", JSON, {"json": [{"path": "$.n", "equals": True}]}, "$.n is 5, not true"),
    ("true is no number", JSON, {"json": [{"path": "$.up", "at_least": 1}]}, "$.up is true, not at least 1"),
    ("too little", JSON, {"json": [{"path": "$.n", "at_least": 6}]}, "$.n is 5, not at least 6"),
    ("too much", JSON, {"json": [{"path": "$.n", "at_most": 4}]}, "$.n is 5, not at most 4"),
    ("nothing there", JSON, {"json": [{"path": "$.gone"}]}, "$.gone does not exist"),
    ("one of many", JSON, {"json": [{"path": "$.parts[*].up", "is": True}]}, "is false, not true"),
    ("objects are not shown", JSON, {"json": [{"path": "$.parts", "is": 1}]}, "$.parts is a list, not 1"),
    ("not JSON", plain(), {"json": [{"path": "$.a"}]}, "the answer is not JSON"),
    ("JSON too deep", plain(b"[" * 100_000), {"json": [{"path": "$.a"}]}, "nested too deeply"),
    ("JSON too long", plain(b" " * 300_000), {"json": [{"path": "$.a"}]}, "longer than 256 KiB"),
    ("two at once", plain(), {"contains": "x", "not_contains": "hello"}, "does not contain 'x'; contains 'hello'"),
]


@pytest.mark.parametrize(("answer", "options"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
async def test_an_answer_that_holds_all_conditions_is_up(
    look: Any, serve: Any, answer: bytes, options: dict[str, Any]
) -> None:
    result = await look("http", url=f"http://127.0.0.1:{await serve(answer)}/p?q=1", **options)
    assert (result.status, result.words.split()[0]) == (Status.UP, "answered")
    assert result.latency == result.phases.total
    assert result.latency > 0
    assert dict(result.facts)["http_status"] == answer[9:12].decode()


@pytest.mark.parametrize(("answer", "options", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_an_answer_that_misses_one_is_down_and_says_which(
    look: Any, serve: Any, answer: bytes, options: dict[str, Any], words: str
) -> None:
    result = await look("http", url=f"http://127.0.0.1:{(port := await serve(answer))}/", **options)
    assert (result.status, result.latency, result.network) == (Status.DOWN, None, False)
    assert words in result.words.replace(f":{port}", "")


WIRE = [
    (
        "chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n1;x=y\r\no\r\n0\r\nT: 1\r\n\r\n",
        b"hello",
    ),
    ("until the connection closes", b"HTTP/1.1 200 OK\r\n\r\nhello", b"hello"),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
    ("an empty body", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ("no reason phrase", b"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    ("100 first", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    (
        "103 with headers first",
        b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"hello",
    ),
    ("204 with a length", b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", b""),
    ("more than its length", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more", b"hello"),
]


@pytest.mark.parametrize(("answer", "body"), [case[1:] for case in WIRE], ids=[case[0] for case in WIRE])
@pytest.mark.parametrize("piece", [1, 7, 65536], ids=["byte by byte", "in sevens", "at once"])
async def test_every_framing_of_a_body_is_understood(
    tools: Any, serve: Any, answer: bytes, body: bytes, piece: int
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for start in range(0, len(answer), piece):
            writer.write(answer[start : start + piece])
            await asyncio.sleep(0)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    got = await tools.client.get(f"http://127.0.0.1:{await serve(talk)}/")
    assert got.content == body
    assert got.headers.get("link") is None


async def test_head_takes_no_body_even_if_one_is_announced(look: Any, serve: Any) -> None:
    async def silent_after_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HEAD /x?y=1 HTTP/1.1\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nContent-Encoding: gzip\r\n\r\n")
        await reader.read()

    port = await serve(silent_after_head)
    assert (await look("http", url=f"http://127.0.0.1:{port}/x?y=1", method="HEAD")).status is Status.UP


async def test_304_has_no_body(look: Any, serve: Any) -> None:
    async def open_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n")
        await reader.read()

    assert (await look("http", url=f"http://127.0.0.1:{await serve(open_after)}/", status=304)).status is Status.UP


async def test_what_is_sent_is_what_was_configured(look: Any, serve: Any) -> None:
    heads: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(7))
        writer.write(plain(headers="Set-Cookie: a=1\r\n"))
        await writer.drain()

    url = f"http://127.0.0.1:{await serve(keep)}/p?q=%20"
    for _ in range(2):
        await look("http", url=url, method="POST", body='{"a":1}', headers={"apikey": " canary\n", "User-Agent": "own"})
    assert heads[0] == heads[1], "the second probe carries nothing of the first answer"
    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "post /p?q=%20 http/1.1"
    assert {
        "apikey: canary",
        "user-agent: own",
        "accept-encoding: identity",
        "connection: close",
        "content-length: 7",
    } <= set(lines)
    assert lines[-1] == '{"a":1}'


async def test_each_probe_opens_a_connection_of_its_own(look: Any, serve: Any) -> None:
    peers: set[int] = set()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername")[1])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(plain(headers="Connection: keep-alive\r\n"))
        await reader.read()

    url = f"http://127.0.0.1:{await serve(count)}/"
    for _ in range(5):
        assert (await look("http", url=url)).status is Status.UP
    assert len(peers) == 5


REFUSED = [
    ("another scheme", {"url": "ftp://example.org/"}, "expected a URL"),
    ("no host", {"url": "https:///x"}, "expected a URL"),
    ("a password in the URL", {"url": "https://u:canary@example.org/"}, "must not hold a user or password"),
    ("a line break in a header", {"headers": {"a": "canary\r\nb: c"}}, "cannot be sent"),
    ("a header that is ours", {"headers": {"Host": "canary"}}, "no header that can be set"),
    ("a bad expression", {"matches": "(a"}, "not a regular expression that RE2 knows"),
    ("an expression with a back reference", {"matches": r"(a)\1"}, "not a regular expression that RE2 knows"),
    ("a bad path", {"json": [{"path": "$.["}]}, "not a JSONPath"),
    ("a path with an unbounded expression", {"json": [{"path": "$[?match(@.a, '(a+)+')]"}]}, "not a JSONPath"),
    ("a bad status", {"status": "6xx"}, "expected a status"),
    ("no status", {"status": []}, "at least one status"),
    ("two forms at once", {"header": {"a": {"equals": "b", "absent": True}}}, "exactly one of"),
    ("a missing authority", {"ca_file": "/nowhere.pem"}, "expected the path of a file"),
    ("a bad network", {"networks": ["10.0.0.1/8"]}, "expected a network such as 10.0.0.0/8"),
]


@pytest.mark.parametrize(("options", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_mistake_in_the_options_is_refused_in_words_without_the_value(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        Options(**{"url": "https://example.org/", **options})
    assert "canary" not in str(refused.value)


async def test_an_expression_that_ruins_other_engines_takes_no_time(look: Any, serve: Any) -> None:
    port = await serve(plain(b"a" * 500_000 + b"!"))
    result = await look("http", url=f"http://127.0.0.1:{port}/", matches=r"^(a+)+$")
    assert (result.status, result.words) == (Status.DOWN, "does not match '^(a+)+$'")
    assert result.phases.total < 10_000
