"""Every documented endpoint answers: from a list and from documents of all three versions, hostile ones included."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks import _openapi, open_tools, run
from checks.endpoints import Options
from model import Monitor, Result, Status

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
JSON = {"Content-Type": "application/json"}
OK = {"responses": {"200": {"description": "", "content": {"application/json": {}}}}}
Answer = tuple[int, dict[str, str]] | None  # None: never answers
Seen = tuple[Result, list[tuple[str, str]], list[str]]  # result, (method, target) of each request, heads
Api = Callable[..., Awaitable[Seen]]


@pytest.fixture
def api(serve: Any, look: Any, tmp_path: Path) -> Api:
    """Looks at an API that answers by path, 404 elsewhere; a ``document`` is written to a file first."""

    async def looked(answers: Mapping[str, Answer], document: Any = None, base: str = "", **options: Any) -> Seen:
        asked: list[tuple[str, str]] = []
        heads: list[str] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n")[0].split(" ")
            asked.append((method, target))
            heads.append(head)
            answer = answers.get(target.partition("?")[0], (404, {}))
            if answer is None:
                await asyncio.sleep(60)
                return
            lines = "".join(f"{name}: {value}\r\n" for name, value in answer[1].items())
            body = "" if method == "HEAD" else "{}"
            writer.write(f"HTTP/1.1 {answer[0]} X\r\nContent-Length: 2\r\n{lines}\r\n{body}".encode())
            await writer.drain()

        if document is not None:
            options["openapi"] = written(tmp_path, document)
        port = await serve(talk)
        found = await look("endpoints", url=f"http://127.0.0.1:{port}{base}", **{"deadline": 60.0, **options})
        return found, asked, heads

    return looked


def written(folder: Path, document: Any) -> Path:
    file = folder / "openapi.json"
    file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return file


def three(paths: Mapping[str, Any], version: str = "3.0.3", **more: Any) -> dict[str, Any]:
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, **more}


def two(paths: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}


def in_path(name: str = "id", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, **more}


def states(found: Result) -> dict[str, Status]:
    return {part.name: part.status for part in found.parts}


def said(found: Result) -> dict[str, str]:
    return {part.name: part.words for part in found.parts}


# --- a list ----------------------------------------------------------------------------------------------------------


async def test_a_list_is_asked_with_get_and_nothing_else(api: Api) -> None:
    answers: dict[str, Answer] = {"/api/medicines": (200, JSON), "/api/prescriptions": (401, {})}
    found, asked, heads = await api(answers, paths=list(answers))

    assert (found.status, found.words) == (UP, "2 of 2 endpoints answer")
    assert states(found) == {"api.medicines": UP, "api.prescriptions": UP}
    assert said(found)["api.prescriptions"] == "answered 401"
    assert sorted(asked) == [("GET", path) for path in sorted(answers)]
    assert dict(found.facts) == {"asked": "2", "answered": "2", "not_asked": "0"}
    assert found.latency is not None
    assert all(part.latency is not None for part in found.parts)
    assert not any("cookie:" in head.lower() or "authorization:" in head.lower() for head in heads)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (200, UP, "answered 200"),
        (204, UP, "answered 204"),
        (307, UP, "answered 307"),
        (400, UP, "answered 400"),
        (401, UP, "answered 401"),
        (403, UP, "answered 403"),
        (405, UP, "answered 405"),
        (422, UP, "answered 422"),
        (404, DOWN, "answered 404: documented, but not there"),
        (410, DOWN, "answered 410: documented, but not there"),
        (500, DOWN, "answered 500"),
        (503, DOWN, "answered 503"),
        (429, DEGRADED, "answered 429: neither"),
        (402, DEGRADED, "answered 402: neither"),
    ],
)
async def test_what_counts_as_an_answer(code: int, status: Status, words: str, api: Api) -> None:
    found, _, _ = await api({"/a": (200, {}), "/b": (code, {})}, paths=["/a", "/b"])

    assert (states(found)["b"], found.status) == (status, status)
    assert said(found)["b"].startswith(words)
    assert dict(found.facts)["answered"] == ("1" if status is DOWN else "2")


async def test_a_redirect_is_not_followed(api: Api) -> None:
    found, asked, _ = await api({"/a": (302, {"Location": "/gone"})}, paths=["/a"])

    assert (found.status, asked) == (UP, [("GET", "/a")])


async def test_a_redirect_to_what_is_no_url_is_a_fault_of_its_endpoint_alone(api: Api) -> None:
    found, _, _ = await api({"/a": (302, {"Location": "http://x:abc/"}), "/b": (200, {})}, paths=["/a", "/b"])

    assert states(found) == {"a": DOWN, "b": UP}
    assert said(found)["a"] == "answered 302 with a Location that is no URL"


async def test_the_words_name_the_first_three_and_the_worst_come_first(api: Api) -> None:
    answers: dict[str, Answer] = {"/a": (429, {}), "/b": (503, {}), "/c": (404, {}), "/d": (500, {}), "/e": (500, {})}
    found, _, _ = await api({**answers, "/ok": (200, {})}, paths=["/ok", *answers])

    assert found.status is DOWN
    assert found.words == ("/b answered 503; /c answered 404: documented, but not there; /d answered 500; and 2 more")
    assert (dict(found.facts)["asked"], dict(found.facts)["answered"]) == ("6", "2")


async def test_what_never_answers_is_down_and_the_others_are_seen_all_the_same(api: Api) -> None:
    found, _, _ = await api({"/a": (200, {}), "/b": None, "/c": (200, {})}, paths=["/a", "/b", "/c"], each=1.5)

    assert states(found) == {"a": UP, "b": DOWN, "c": UP}
    assert said(found)["b"] == "no answer within 1.5 s: connected, but the first byte never came"
    assert found.network is False


async def test_when_time_is_up_the_rest_is_not_known(api: Api) -> None:
    paths = ["/ok", *(f"/{n}" for n in range(12))]
    began = time.perf_counter()
    found, asked, _ = await api({"/ok": (200, {})} | dict.fromkeys(paths[1:]), paths=paths, each=1.0, within=2.9)

    assert time.perf_counter() - began < 15
    assert len(asked) <= 13
    counted = list(states(found).values())
    assert counted.count(DOWN) == 8, "two rounds of four had their own time"
    assert counted.count(UNKNOWN) == 4
    assert found.status is DOWN
    assert dict(found.facts) == {"asked": "9", "answered": "1", "not_asked": "4 (4 not reached)"}


async def test_time_that_is_up_is_never_called_up(api: Api) -> None:
    answers: dict[str, Answer] = {"/ok": (200, {}), "/a": None, "/b": None}
    found, _, _ = await api(answers, paths=list(answers), each=0.5, within=0.5)

    assert found.status is UNKNOWN, "none of them had its own half second"
    assert "no answer in the little time that was left" in found.words


async def test_no_more_than_four_are_asked_at_once(serve: Any, look: Any) -> None:
    now, most = 0, 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        await reader.readuntil(b"\r\n\r\n")
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.05)
        now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    port = await serve(talk)
    found = await look("endpoints", url=f"http://127.0.0.1:{port}", paths=[f"/{n}" for n in range(13)])
    assert (found.status, most) == (UP, 4)


async def test_nobody_at_the_address_is_down_for_all_and_may_be_our_own_line(look: Any) -> None:
    found = await look("endpoints", url="http://127.0.0.1:9", paths=["/a", "/b"])

    assert (found.status, found.words, found.network) == (DOWN, "refused the connection", True)
    assert states(found) == {"a": DOWN, "b": DOWN}
    assert found.latency is None


async def test_private_networks_are_closed_as_for_every_check(serve: Any) -> None:
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    for allowed, status in ((["127.0.0.0/8"], UP), ([], UNKNOWN)):
        options = Options(url=f"http://127.0.0.1:{port}", paths=["/a"], networks=allowed)
        async with open_tools() as tools:
            found = await run(Monitor("m", "M", "endpoints", options), tools)
        assert found.status is status
    assert "probes may not reach" in found.words


async def test_a_longer_answer_than_wanted_is_a_fault(serve: Any, look: Any) -> None:
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000)
    found = await look("endpoints", url=f"http://127.0.0.1:{port}", paths=["/a"], max_bytes=1024)
    assert found.status is DOWN


# --- documents -------------------------------------------------------------------------------------------------------

ENTRY = {"/api/medicines": {"get": OK, "post": OK, "delete": OK}, "/api/medicines/{id}": {"put": OK}}


@pytest.mark.parametrize("document", [three(ENTRY), three(ENTRY, "3.1.0"), two(ENTRY)], ids=["3.0", "3.1", "2.0"])
async def test_only_what_is_safe_is_sent(document: Any, api: Api) -> None:
    found, asked, _ = await api({"/api/medicines": (200, JSON)}, document)

    assert (found.status, asked) == (UP, [("GET", "/api/medicines")])
    assert dict(found.facts)["not_asked"] == "3 (3 other than GET)"


async def test_an_endpoint_of_head_alone_is_asked_so(api: Api) -> None:
    found, asked, _ = await api({"/a": (200, JSON)}, three({"/a": {"head": OK}}))

    assert (found.status, asked, list(states(found))) == (UP, [("HEAD", "/a")], ["a.head"])


FILLED = [
    pytest.param(three, in_path(schema={"example": 7}), "/m/7", id="example of the schema"),
    pytest.param(three, in_path(example="a b/c", schema={}), "/m/a%20b%2Fc", id="example of the parameter, encoded"),
    pytest.param(three, in_path(examples={"one": {"value": "x1"}}, schema={}), "/m/x1", id="named examples"),
    pytest.param(three, in_path(examples={"one": {"$ref": "#/components/examples/E"}}), "/m/x2", id="a shared example"),
    pytest.param(three, in_path(schema={"examples": ["x3", "x4"]}), "/m/x3", id="examples of 3.1"),
    pytest.param(three, in_path(schema={"default": True}), "/m/true", id="default"),
    pytest.param(three, in_path(schema={"enum": ["x5", "x6"]}), "/m/x5", id="first of the allowed"),
    pytest.param(three, in_path(schema={"$ref": "#/components/schemas/S"}), "/m/x7", id="a shared schema"),
    pytest.param(three, {"$ref": "#/components/parameters/P"}, "/m/x8", id="a shared parameter"),
    pytest.param(two, in_path(type="string", default="x9"), "/m/x9", id="default of Swagger"),
    pytest.param(two, in_path(type="string", enum=["x10"]), "/m/x10", id="enum of Swagger"),
    pytest.param(two, in_path(**{"type": "string", "x-example": "x11"}), "/m/x11", id="example of Swagger"),
]
SHARED = {
    "examples": {"E": {"value": "x2"}},
    "schemas": {"S": {"enum": ["x7"]}},
    "parameters": {"P": in_path(schema={"default": "x8"})},
}


@pytest.mark.parametrize(("kind", "parameter", "target"), FILLED)
@pytest.mark.parametrize("place", ["operation", "path"])
async def test_the_documents_own_values_are_put_in(
    kind: Any, parameter: Any, target: str, place: str, api: Api
) -> None:
    item = (
        {"get": {**OK, "parameters": [parameter]}} if place == "operation" else {"get": OK, "parameters": [parameter]}
    )
    document = kind({"/m/{id}": item, "/ok": {"get": OK}}, components=SHARED)
    plan = _openapi.plan(document)
    assert [each.target for each in plan.endpoints] == [target, "/ok"]

    found, asked, _ = await api({"/ok": (200, {})}, document)
    assert ("GET", target) in asked
    assert said(found)["m.-id"] == "answered 404: documented, but not there (asked with the document's own values)"


async def test_what_must_be_in_the_query_is_put_in_and_never_said(api: Api) -> None:
    query = [
        {"name": "term", "in": "query", "required": True, "schema": {"example": "c4n4ry&x"}},
        {"name": "page", "in": "query", "schema": {"example": 2}},
    ]
    found, asked, _ = await api({"/a": (503, {})}, three({"/a": {"get": {**OK, "parameters": query}}}))

    assert asked == [("GET", "/a?term=c4n4ry%26x")]
    assert "c4n4ry" not in repr(found)
    assert found.words == "/a answered 503"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([], "not asked: needs {id}"),
        ([in_path()], "not asked: needs {id}"),
        ([in_path(schema={"example": {"a": 1}})], "not asked: needs {id}"),
        ([in_path(schema={"example": ".."})], "not asked: needs {id}"),
        ([in_path(schema={"example": "a\r\nHost: x"})], "not asked: needs {id}"),
        ([in_path(schema={"example": "x" * 201})], "not asked: needs {id}"),
        ([in_path(example=1), {"name": "q", "in": "query", "required": True}], "not asked: needs {q}"),
        ([in_path(example=1), {"$ref": "https://evil.example/p.json"}], "not asked: needs a parameter whose $ref"),
        ([in_path(example=1), {"$ref": "#/components/parameters/round"}], "not asked: needs a parameter whose $ref"),
        ([in_path(schema={"$ref": "#/components/schemas/self"})], "not asked: needs {id}"),
        ([in_path(example=1), {"name": "\ud800", "in": "query", "required": True, "example": 1}], "not asked: needs"),
    ],
)
async def test_what_cannot_be_filled_is_unknown_and_spoils_nothing(parameters: Any, words: str, api: Api) -> None:
    circle = {"parameters": {"round": {"$ref": "#/components/parameters/round"}},
              "schemas": {"self": {"$ref": "#/components/schemas/self"}}}  # fmt: skip
    paths = {"/m/{id}": {"get": {**OK, "parameters": parameters}}, "/ok": {"get": OK}}
    found, asked, _ = await api({"/ok": (200, JSON)}, three(paths, components=circle))

    assert (found.status, states(found)) == (UP, {"m.-id": UNKNOWN, "ok": UP})
    assert said(found)["m.-id"].startswith(words)
    assert asked == [("GET", "/ok")]
    assert dict(found.facts) == {"asked": "1", "answered": "1", "not_asked": "1 (1 cannot be filled)"}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"$ref": "https://evil.example/x.json"}, "its $ref cannot be followed here"),
        ({"$ref": "#/paths/~1m"}, "its $ref cannot be followed here"),
        ({"$ref": "#/nowhere"}, "its $ref cannot be followed here"),
        ({"$ref": "a/paths/~1ok"}, "its $ref cannot be followed here"),
        ({"$ref": 7}, "its $ref cannot be followed here"),
        ({"get": {**OK, "servers": [{"url": "https://other.example"}]}}, "it lies on a server of its own"),
    ],
)
async def test_nothing_outside_of_the_document_is_asked(item: Any, words: str, api: Api) -> None:
    found, asked, _ = await api({"/ok": (200, JSON)}, three({"/m": item, "/ok": {"get": OK}}))

    assert (found.status, said(found)["m"], asked) == (UP, f"not asked: {words}", [("GET", "/ok")])


async def test_a_path_may_be_described_elsewhere_in_the_document(api: Api) -> None:
    document = three(
        {"/a": {"$ref": "#/components/pathItems/A"}}, "3.1.0", components={"pathItems": {"A": {"get": OK}}}
    )
    found, asked, _ = await api({"/a": (200, JSON)}, document)
    assert (found.status, asked) == (UP, [("GET", "/a")])


HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("document", "answer", "status"),
    [
        (three({"/a": {"get": OK}}), (200, HTML), DEGRADED),
        (three({"/a": {"get": OK}}), (201, HTML), UP),
        (three({"/a": {"get": OK}}), (401, HTML), UP),
        (three({"/a": {"get": OK}}), (200, {}), UP),
        (three({"/a": {"get": OK}}), (200, {"Content-Type": "Application/JSON; charset=utf-8"}), UP),
        (three({"/a": {"get": OK}}), (200, {"Content-Type": "application/hal+json"}), UP),
        (three({"/a": {"get": {"responses": {"2XX": {"content": {"text/*": {}}}}}}}), (200, HTML), UP),
        (three({"/a": {"get": {"responses": {"2XX": {"content": {"text/csv": {}}}}}}}), (200, HTML), DEGRADED),
        (three({"/a": {"get": {"responses": {"2XX": {"content": {"text/csv": {}}}}}}}), (401, HTML), UP),
        (three({"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}}},
               components={"responses": {"R": {"content": {"application/json": {}}}}}), (200, HTML), DEGRADED),
        (three({"/a": {"get": {}}}), (200, HTML), UP),
        (two({"/a": {"get": {}}}, produces=["application/json"]), (200, HTML), DEGRADED),
        (two({"/a": {"get": {"produces": ["text/html"]}}}, produces=["application/json"]), (200, HTML), UP),
    ],
)  # fmt: skip
async def test_a_page_where_json_is_documented_is_degraded(
    document: Any, answer: Answer, status: Status, api: Api
) -> None:
    found, _, _ = await api({"/a": answer}, document)

    assert found.status is status
    assert status is UP or "answered 200 with text/html, documented is " in found.words


@pytest.mark.parametrize(
    ("document", "base", "target"),
    [
        (three({"/a": {"get": OK}}), "", "/a"),
        (three({"/a": {"get": OK}}), "/", "/a"),
        (three({"/a": {"get": OK}}, servers=[{"url": "https://elsewhere.example/v1/"}]), "", "/v1/a"),
        (three({"/a": {"get": OK}}, servers=[{"url": "/v1"}]), "/api/", "/api/a"),
        (three({"/a": {"get": OK}}, servers=[{"url": "https://{h}/{v}", "variables": {"v": {"default": "v2"}}}]), "",
         "/v2/a"),
        (three({"/a": {"get": OK}}, servers=[{"url": "http://[bad"}]), "", "/a"),
        (three({"/a": {"get": OK}}, servers=[{"url": "/x/../../v1"}]), "", "/a"),
        (two({"/a": {"get": OK}}, host="elsewhere.example", basePath="/v3"), "", "/v3/a"),
    ],
)  # fmt: skip
async def test_the_host_is_ours_and_the_base_path_the_documents(
    document: Any, base: str, target: str, api: Api
) -> None:
    _, asked, _ = await api({target: (200, JSON)}, document, base)
    assert asked == [("GET", target)]


async def test_skipped_paths_are_left_alone_and_counted(api: Api) -> None:
    paths = {each: {"get": OK} for each in ("/ok", "/admin/x", "/admin/x/y", "/logout", "/[id]", "/i")}
    skip = ["/admin/*", "/logout", "/[id]"]
    found, asked, _ = await api({"/ok": (200, {}), "/i": (200, {})}, three(paths), skip=skip)

    assert (found.status, sorted(asked)) == (UP, [("GET", "/i"), ("GET", "/ok")])
    assert dict(found.facts)["not_asked"] == "4 (4 skipped)"


async def test_parts_keep_their_names_and_no_two_share_one() -> None:
    paths = ["/API/x", "/api/x", "/api.x", "/", "/a/" + "y" * 90, "/a/" + "y" * 91, "/ü", "/m/{id}", "/m/id"]
    names = [each.name for each in _openapi.plan(three({each: {"get": OK} for each in paths})).endpoints]
    assert len(set(names)) == len(paths)
    assert all(len(name) <= 64 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-") for name in names)
    later = _openapi.plan(three({each: {"get": OK} for each in [*paths, "/new", "/{id}"]}))
    assert [each.name for each in later.endpoints][: len(names)] == names


# --- what is wrong with a document -----------------------------------------------------------------------------------


def deep() -> bytes:
    return b'{"openapi": "3.0.0", "paths": ' + b"[" * 100_000


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"openapi: 3.0.0\npaths: {}\n", "the document is not JSON; one in YAML must be converted first"),
        (b"\xff\xfe", "the document is not JSON"),
        (b"", "the document is not JSON"),
        (deep(), "the document is"),
        ([], "the document is no object"),
        ({"paths": {}}, "expected OpenAPI 3.0 or 3.1, or Swagger 2.0, got 'nothing'"),
        (three({}, "4.0.0"), "got '4.0.0'"),
        (three({}, "2.0"), "got '2.0'"),
        ({"swagger": "1.2", "paths": {}}, "got '1.2'"),
        ({"openapi": "3.0.0"}, "has no object `paths`"),
        ({"openapi": "3.0.0", "paths": []}, "has no object `paths`"),
        (three({"/a": []}), "paths: /a: expected an object"),
        (three({"/a": {"get": "yes"}}), "paths: /a: get: expected an object"),
        (three({"medicines": {}}), "expected a path such as /medicines, got 'medicines'"),
        (three({"/a": {"get": {"parameters": {"a": 1}}}}), "paths: /a: parameters: expected a list of at most 100"),
        (three({"/a": {"get": {"parameters": [{}] * 101}}}), "expected a list of at most 100"),
        (three({f"/{n}": {"get": {}} for n in range(10_000)}), "more than 200 endpoints: leave some to another"),
        (three({"/a": {"post": OK}}), "there is nothing to ask"),
        (three({}), "there is nothing to ask"),
        (b'{"openapi": "3.0.0", "x": "' + b"x" * (4 << 20) + b'"}', "longer than 4 MiB"),
    ],
)
async def test_a_document_that_is_not_right_says_so_and_is_not_an_outage(document: Any, words: str, api: Api) -> None:
    found, asked, _ = await api({}, document)

    assert (found.status, found.latency, asked) == (UNKNOWN, None, [])
    assert words in found.words


async def test_ten_thousand_paths_that_are_not_asked_cost_little(api: Api) -> None:
    paths = {f"/{n}": {"$ref": "#/components/pathItems/A"} for n in range(10_000)} | {"/ok": {"get": OK}}
    shared = {"pathItems": {"A": {"post": OK, **{f"x-{n}": 1 for n in range(20_000)}}}}
    began = time.perf_counter()
    found, asked, _ = await api({"/ok": (200, JSON)}, three(paths, components=shared))

    assert time.perf_counter() - began < 30  # what grows with their product takes minutes
    assert (found.status, asked) == (UP, [("GET", "/ok")])
    assert dict(found.facts)["not_asked"] == "10000 (10000 other than GET)"


def test_values_that_grow_out_of_each_other_do_not() -> None:
    variables = {f"v{n}": {"default": f"{{v{n + 1}}}" * 20} for n in range(40)}
    plan = _openapi.plan(three({"/a": {"get": OK}}, servers=[{"url": "/" + "{v0}", "variables": variables}]))
    assert plan.base == ""


def test_keys_that_are_no_text_are_a_mistake_in_words() -> None:
    with pytest.raises(ValueError, match="expected a path such as /medicines, got '5'"):
        _openapi.plan(three({5: {"get": OK}}))  # type: ignore[dict-item]
    odd: Any = three({"/a": {5: 1, "get": {**OK, None: 2, "responses": {200: {}}}}})
    assert [each.target for each in _openapi.plan(odd).endpoints] == ["/a"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["#/paths", "#/a"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["$ref", "get", "head", "parameters", "schema", "name", "in", "required", "example", "examples",
                         "enum", "responses", "200", "content", "servers", "url", "variables", "/a", "/{b}"]),
        inner, max_size=4,
    ),
    max_leaves=25,
)  # fmt: skip


@given(VALUES, VALUES, VALUES)
def test_whatever_stands_there_it_is_a_plan_or_a_mistake_in_words(item: Any, servers: Any, other: Any) -> None:
    for document in (three({"/a/{x}": item}, servers=servers, a=other), two({"/a": item}, basePath=servers, a=other)):
        try:
            plan = _openapi.plan(document)
        except ValueError:
            continue
        assert all(bool(each.target) is not bool(each.lacking) for each in plan.endpoints)
        assert all(each.target.startswith("/") for each in plan.endpoints if each.target)


async def test_a_file_that_cannot_be_read_is_unknown(api: Api, look: Any, tmp_path: Path) -> None:
    found = await look("endpoints", url="http://127.0.0.1:9", openapi=tmp_path / "none.json")
    assert (found.status, found.words) == (UNKNOWN, "openapi: the file cannot be read: no such file or directory")
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path / "pipe", tmp_path):
        found = await look("endpoints", url="http://127.0.0.1:9", openapi=odd)
        assert (found.status, found.words) == (UNKNOWN, "openapi: expected a file, got something else")


async def test_a_document_that_changes_is_read_again_and_only_then(tmp_path: Path, monkeypatch: Any) -> None:
    parsed = []
    monkeypatch.setattr(_openapi, "_parsed", lambda body: parsed.append(body) or json.loads(body))
    file = written(tmp_path, three({"/a": {"get": OK}}))
    for _ in range(3):
        assert len(_openapi.documented(file).endpoints) == 1
    assert len(parsed) == 1
    written(tmp_path, three({"/a": {"get": OK}, "/b": {"get": OK}}))
    assert len(_openapi.documented(file).endpoints) == 2
    assert len(parsed) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "either paths or openapi"),
        ({"paths": ["/a"], "openapi": "/x.json"}, "either paths or openapi"),
        ({"openapi": "x.json"}, "absolute path"),
        ({"paths": ["a"]}, "expected a path such as"),
        ({"paths": ["/a?token=c4n4ry"]}, "without a query"),
        ({"paths": ["/a/../b"]}, "expected a path such as"),
        ({"paths": ["/a\r\nHost: x"]}, "expected a path such as"),
        ({"paths": ["/a", "/a"]}, "listed twice"),
        ({"paths": [f"/{n}" for n in range(201)]}, "at most 200"),
        ({"paths": ["/a"], "url": "https://x.example/?key=1"}, "without a query"),
        ({"paths": ["/a"], "each": "20s"}, "at most `within`"),
        ({"paths": ["/a"], "headers": {"Authorization": "Bearer x"}}, "Extra inputs"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        Options(**{"url": "https://x.example", **options})
    assert "c4n4ry" not in str(caught.value)
