"""Every shape of health document, and the documents that say one thing and mean another."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks._formats import read
from model import Status

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
UNCACHED = "Cache-Control: no-cache, no-store, must-revalidate\r\n"


def answer(body: Any, code: int = 200, headers: str = UNCACHED, kind: str = "application/json") -> bytes:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return f"HTTP/1.1 {code} X\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n{headers}\r\n".encode() + raw


def platform(status: str = "healthy", **checks: dict[str, Any]) -> dict[str, Any]:
    every: dict[str, Any] = {
        "database": {"status": "pass", "responseTime": 41},
        "authentication": {"status": "pass", "responseTime": 2},
        "external_services": {
            "status": "pass",
            "details": {"checks": [{"service": "stripe", "error": "sk_live_canary1"}]},
        },
        "memory": {"status": "pass", "details": {"heapUsed": "123MB", "percentage": "64%"}},
        "uptime": {"status": "pass", "details": {"seconds": 5400.5, "formatted": "1:30:00"}},
    }
    return {
        "status": status,
        "timestamp": "2026-11-23T12:00:00Z",
        "version": "1.4.0",
        "environment": "production",
        "checks": {**every, **checks},
        "metadata": {"deployment_id": "dpl_1", "git_commit": "abc1234", "build_time": "2026-11-23T11:00:00Z"},
    }


FAILS = {
    "status": "fail",
    "responseTime": 7000,
    "message": "Connection  refused\n",
    "details": {"error_code": "canary"},
}
WARNS = {"status": "warn", "message": "High memory usage"}
SPRING = {
    "status": "DOWN",
    "components": {
        "db": {"status": "DOWN", "details": {"error": "canary"}},
        "ping": {"status": "UP"},
        "queue": {"status": "OUT_OF_SERVICE"},
        "odd": {"status": "SLEEPY"},
    },
    "groups": ["liveness"],
}
IETF = {
    "status": "warn",
    "releaseId": "7.1",
    "output": "canary",
    "checks": {
        "cassandra:responseTime": [{"status": "pass", "observedValue": 250, "observedUnit": "ms", "output": "canary"}],
        "cassandra:connections": [{"status": "pass"}, {"status": "WARN", "observedValue": 75}],
        "uptime": [{"componentType": "system", "observedValue": 1209600.2, "observedUnit": "s", "status": "pass"}],
    },
}
ASPNET = {
    "status": "Degraded",
    "totalDuration": "00:00:00.05",
    "entries": {
        "sql": {"status": "Healthy", "duration": "00:00:00.0123456", "description": "canary", "data": {}},
        "redis": {"status": "Degraded", "duration": "00:01:00", "exception": "canary"},
    },
}
KUBERNETES_BAD = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/start-x ok\nreadyz check failed\n"
READY = {
    "status": "not ready",
    "checks": [
        {"component": "database", "ready": False, "message": "timeout"},
        {"component": "environment", "ready": True, "message": "All set"},
    ],
}
Parts = dict[str, tuple[Status, float | None]]
# what, body, HTTP status, our status, format, parts
SHAPES: list[tuple[str, Any, int, Status, str, Parts]] = [
    (
        "IETF",
        IETF,
        200,
        DEGRADED,
        "health+json",
        {"cassandra.responsetime": (UP, 250.0), "cassandra.connections": (DEGRADED, None), "uptime": (UP, None)},
    ),
    (
        "IETF in capitals",
        {"status": "FAIL", "checks": {"a": [{"status": "Fail"}]}},
        503,
        DOWN,
        "health+json",
        {"a": (DOWN, None)},
    ),
    ("IETF without a root", {"checks": {"a": [{"status": "pass"}]}}, 200, UP, "health+json", {"a": (UP, None)}),
    (
        "Spring",
        SPRING,
        503,
        DOWN,
        "Spring Boot",
        {"db": (DOWN, None), "ping": (UP, None), "queue": (DEGRADED, None), "odd": (UNKNOWN, None)},
    ),
    (
        "Spring before 2.2",
        {"status": "UP", "details": {"db": {"status": "UP"}}},
        200,
        UP,
        "Spring Boot",
        {"db": (UP, None)},
    ),
    ("Spring, out of service", {"status": "OUT_OF_SERVICE", "groups": ["a"]}, 200, DEGRADED, "Spring Boot", {}),
    ("Spring, unknown", {"status": "UNKNOWN", "components": {}}, 200, UNKNOWN, "Spring Boot", {}),
    (
        "Kubernetes",
        "[+]ping ok\n[+]etcd excluded: ok\nlivez check passed\n",
        200,
        UP,
        "Kubernetes",
        {"ping": (UP, None), "etcd": (UP, None)},
    ),
    (
        "Kubernetes failing",
        KUBERNETES_BAD,
        500,
        DOWN,
        "Kubernetes",
        {"ping": (UP, None), "etcd": (DOWN, None), "poststarthook-start-x": (UP, None)},
    ),
    ("ASP.NET text", "Healthy", 200, UP, "text", {}),
    ("ASP.NET text degraded", "Degraded", 200, DEGRADED, "text", {}),
    ("ASP.NET text unhealthy", "Unhealthy", 503, DOWN, "text", {}),
    ("ASP.NET UI", ASPNET, 200, DEGRADED, "ASP.NET Core", {"sql": (UP, 12.3456), "redis": (DEGRADED, 60000.0)}),
    (
        "MicroProfile",
        {"status": "DOWN", "checks": [{"name": "db", "status": "DOWN", "data": {"e": "canary"}}]},
        503,
        DOWN,
        "MicroProfile",
        {"db": (DOWN, None)},
    ),
    ("MicroProfile empty", {"status": "UP", "checks": []}, 200, UP, "MicroProfile", {}),
    (
        "Terminus",
        {
            "status": "error",
            "info": {"a": {"status": "up"}},
            "error": {"db": {"status": "down", "message": "canary"}},
            "details": {"a": {"status": "up"}, "db": {"status": "down"}},
        },
        503,
        DOWN,
        "Terminus",
        {"a": (UP, None), "db": (DOWN, None)},
    ),
    (
        "Terminus shutting down",
        {"status": "shutting_down", "info": {}, "error": {}, "details": {}},
        200,
        DEGRADED,
        "Terminus",
        {},
    ),
    (
        "django",
        {"DatabaseBackend": "working", "Cache": "unavailable: canary"},
        500,
        DOWN,
        "django-health-check",
        {"databasebackend": (UP, None), "cache": (DOWN, None)},
    ),
    (
        "health for Go",
        {"status": "up", "info": {"v": 1}, "details": {"db": {"status": "up", "timestamp": "x"}}},
        200,
        UP,
        "health for Go",
        {"db": (UP, None)},
    ),
    (
        "heptiolabs",
        {"db": "OK", "dns": "lookup failed: canary"},
        503,
        DOWN,
        "heptiolabs/healthcheck",
        {"db": (UP, None), "dns": (DOWN, None)},
    ),
    ("heptiolabs empty", {}, 200, UP, "heptiolabs/healthcheck", {}),
    (
        "hellofresh",
        {"status": "Partially Available", "failures": {"redis": "canary"}, "system": {}, "component": {"version": "2"}},
        200,
        DOWN,
        "hellofresh/health-go",
        {"redis": (DOWN, None)},
    ),
    (
        "hellofresh well",
        {"status": "OK", "system": {}, "component": {"name": "x"}},
        200,
        UP,
        "hellofresh/health-go",
        {},
    ),
    (
        "hellofresh late",
        {"status": "Timeout during health check", "failures": {}},
        503,
        DOWN,
        "hellofresh/health-go",
        {},
    ),
    ("healthy true", {"healthy": True}, 200, UP, "flag", {}),
    ("healthy false", {"healthy": False}, 200, DOWN, "flag", {}),
    ("ok true", {"ok": True, "build": 3}, 200, UP, "flag", {}),
    ("database connected", {"database": "connected"}, 200, UP, "names", {"database": (UP, None)}),
    ("database disconnected", {"database": "disconnected"}, 200, DOWN, "names", {"database": (DOWN, None)}),
    ("status alone", {"status": "ok", "build": [1]}, 200, UP, "status", {}),
    ("text ok", "OK\n", 200, UP, "text", {}),
    ("text pong", "pong", 200, UP, "text", {}),
    ("text healthy", '"healthy"', 200, UP, "text", {}),
    (
        "ready",
        {"status": "ready", "checks": [{"component": "database", "ready": True, "message": "Connected"}]},
        200,
        UP,
        "readiness",
        {"database": (UP, None)},
    ),
    ("not ready", READY, 503, DOWN, "readiness", {"database": (DOWN, None), "environment": (UP, None)}),
    ("ready route broke", {"status": "error", "error": "canary"}, 503, DOWN, "status", {}),
    ("alive", {"status": "alive", "timestamp": "x", "pid": 1234, "uptime": 12.3}, 200, UP, "liveness", {}),
    (
        "the aggregate",
        platform(),
        200,
        UP,
        "aggregate",
        {
            "database": (UP, 41.0),
            "authentication": (UP, 2.0),
            "external_services": (UP, None),
            "memory": (UP, None),
            "uptime": (UP, None),
        },
    ),
]


@pytest.mark.parametrize(
    ("body", "code", "status", "form", "parts"), [case[1:] for case in SHAPES], ids=[case[0] for case in SHAPES]
)
async def test_every_format_is_told_by_its_shape(
    look: Any, serve: Any, body: Any, code: int, status: Status, form: str, parts: Parts
) -> None:
    result = await look("health", url=f"http://127.0.0.1:{await serve(answer(body, code))}/api/health")
    assert (result.status, dict(result.facts)["format"]) == (status, form)
    assert {part.name: (part.status, part.latency) for part in result.parts} == parts
    assert "canary" not in repr(result), "free text of a document is not kept"
    assert (result.latency is None) is (status not in (UP, DEGRADED))
    assert result.words


VERDICTS = [
    ("a warning degrades", platform("degraded", memory=WARNS), 200, DEGRADED, "memory warns (High memory usage)", []),
    (
        "a failing part",
        platform("unhealthy", database=FAILS),
        503,
        DOWN,
        "answered 503: database fails (Connection refused)",
        [],
    ),
    (
        "503 is down even if degraded",
        platform("degraded", memory=WARNS),
        503,
        DOWN,
        "answered 503: memory warns (High memory usage)",
        [],
    ),
    (
        "200 with unhealthy",
        platform("unhealthy", database=FAILS),
        200,
        DOWN,
        "database fails (Connection refused)",
        ["health-200-unhealthy"],
    ),
    ("200, unhealthy without parts", {"status": "unhealthy"}, 200, DOWN, "says 'unhealthy'", ["health-200-unhealthy"]),
    (
        "healthy with a failing part",
        platform("healthy", database=FAILS),
        200,
        DOWN,
        "database fails (Connection refused)",
        ["health-contradicts-part"],
    ),
    ("503 with healthy", platform("healthy"), 503, DOWN, "answered 503: says 'healthy'", ["health-503-healthy"]),
    ("version unknown", platform() | {"version": "unknown"}, 200, UP, "healthy, 5 parts", ["health-version-unknown"]),
    ("a word of tomorrow", platform("sleepy"), 200, UNKNOWN, "says 'sleepy', which we do not know", []),
    (
        "a word of tomorrow with a failing part",
        platform("sleepy", database=FAILS),
        200,
        DOWN,
        "database fails (Connection refused)",
        [],
    ),
    ("a part's word of tomorrow", platform("healthy", memory={"status": "sleepy"}), 200, UP, "healthy, 5 parts", []),
    ("one part", {"status": "ok", "checks": {"a": {"status": "pass"}}}, 200, UP, "healthy, 1 part", []),
]


@pytest.mark.parametrize(
    ("body", "code", "status", "words", "findings"), [case[1:] for case in VERDICTS], ids=[case[0] for case in VERDICTS]
)
async def test_the_worst_of_code_root_and_parts_wins(
    look: Any, serve: Any, body: Any, code: int, status: Status, words: str, findings: list[str]
) -> None:
    result = await look("health", url=f"http://127.0.0.1:{await serve(answer(body, code))}/api/health")
    assert (result.status, result.words) == (status, words)
    assert [finding.kind for finding in result.findings] == findings
    assert all(finding.words and finding.fix for finding in result.findings)
    assert (result.latency is None) is (status not in (UP, DEGRADED))
    assert result.network is False


async def test_the_facts_tell_release_and_process(look: Any, serve: Any) -> None:
    facts = dict((await look("health", url=f"http://127.0.0.1:{await serve(answer(platform()))}/")).facts)
    assert facts == {
        "version": "1.4.0",
        "environment": "production",
        "commit": "abc1234",
        "deployment_id": "dpl_1",
        "build_time": "2026-11-23T11:00:00Z",
        "uptime": "5400.5",
        "http_status": "200",
        "format": "aggregate",
    }
    live = {"status": "alive", "pid": 1234, "uptime": 12.3}
    facts = dict((await look("health", url=f"http://127.0.0.1:{await serve(answer(live))}/")).facts)
    assert (facts["pid"], facts["uptime"]) == ("1234", "12.3")


@pytest.mark.parametrize(
    ("headers", "found"),
    [(UNCACHED, 0), ("Cache-Control: NO-STORE\r\n", 0), ("Cache-Control: public, max-age=60\r\n", 1), ("", 1)],
)
async def test_an_answer_that_may_be_cached_is_a_finding(look: Any, serve: Any, headers: str, found: int) -> None:
    result = await look("health", url=f"http://127.0.0.1:{await serve(answer(platform(), headers=headers))}/")
    assert [finding.kind for finding in result.findings] == ["health-cacheable"] * found
    assert result.status is UP


NOT_DOCUMENTS = [
    ("a web page", answer("<!DOCTYPE html><p>hi", kind="text/html"), "answered a web page, not a health document"),
    ("a web page that claims JSON", answer("\n <html>"), "answered a web page, not a health document"),
    ("a login page", answer("<html>", 401, kind="text/html"), "answered 401: a web page, not a health document"),
    (
        "a redirect",
        answer("", 307, "Location: /auth/login?next=canary\r\n"),
        "answered 307, not a health document: redirects to /auth/login",
    ),
    ("nothing", answer(""), "answered something that is not a health document"),
    ("a sentence", answer("all is well today"), "answered something that is not a health document"),
    ("a list", answer([1]), "answered something that is not a health document"),
    ("other JSON", answer({"users": 3, "list": ["a"]}), "answered something that is not a health document"),
    ("names without any known word", answer({"a": "b"}), "answered something that is not a health document"),
    ("broken JSON", answer('{"status": '), "answered broken JSON, not a health document"),
    ("a 404", answer("not found", 404), "answered 404 without a health document"),
    ("JSON too deep", answer('{"a":' * 40_000), "answered JSON that is nested too deeply"),
    ("a list too deep", answer("[" * 100_000), "answered JSON that is nested too deeply"),
    ("a number without end", answer('{"status": ' + "9" * 100_000), "answered broken JSON, not a health document"),
    (
        "invalid UTF-8",
        b"HTTP/1.1 200 X\r\nContent-Length: 4\r\n\r\n\xff\xfe\x00\x01",
        "answered something that is not a health document",
    ),
    ("too much", answer(" " * 300_000), "answered 200 with more than 256 KiB"),
]


@pytest.mark.parametrize(
    ("raw", "words"), [case[1:] for case in NOT_DOCUMENTS], ids=[case[0] for case in NOT_DOCUMENTS]
)
async def test_what_is_no_health_document_is_down_and_says_what_it_is(
    look: Any, serve: Any, raw: bytes, words: str
) -> None:
    port = await serve(raw)
    result = await look("health", url=f"http://127.0.0.1:{port}/")
    assert (result.status, result.words.replace(f":{port}", ""), result.parts) == (DOWN, words, ())


async def test_a_health_check_that_hangs_says_that_it_is_the_platforms_own(look: Any, serve: Any) -> None:
    async def hangs(reader: Any, writer: Any) -> None:
        await reader.read()

    result = await look("health", url=f"http://127.0.0.1:{await serve(hangs)}/", deadline=1.0)
    assert (result.status, result.network) == (DOWN, False)
    assert result.words.startswith("no answer within 1 s: the platform's own health check hung")


async def test_a_crowd_of_parts_is_cut(look: Any, serve: Any) -> None:
    crowd = {"status": "ok", "checks": {f"part {n}": {"status": "pass"} for n in range(3000)}}
    result = await look("health", url=f"http://127.0.0.1:{await serve(answer(crowd))}/")
    assert len(result.parts) == 64


async def test_parts_whose_names_become_one_keep_the_worst(look: Any, serve: Any) -> None:
    two = {
        "status": "ok",
        "checks": {"My DB": {"status": "pass"}, "my-db": {"status": "fail"}, "///": {"status": "fail"}},
    }
    result = await look("health", url=f"http://127.0.0.1:{await serve(answer(two))}/")
    assert [(part.name, part.status) for part in result.parts] == [("my-db", DOWN)]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["pass", "UP", "ok"])
)
NAMES = st.sampled_from(
    [
        "status",
        "checks",
        "components",
        "details",
        "entries",
        "failures",
        "system",
        "component",
        "info",
        "error",
        "metadata",
        "uptime",
        "pid",
        "version",
        "groups",
        "healthy",
        "ok",
        "ready",
        "name",
        "message",
        "responseTime",
        "observedValue",
        "observedUnit",
        "duration",
        "seconds",
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_no_document_breaks_the_reader(body: dict[str, Any]) -> None:
    document = read("application/json", json.dumps(body).encode())
    if document is None:
        return
    assert len(document.parts) <= 64
    for part in document.parts:
        assert part.name
        assert set(part.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")
        assert len(part.name) <= 64
        assert len(part.words) <= 200
        assert part.latency is None or part.latency >= 0
    assert all(isinstance(value, str) and 0 < len(value) <= 100 for value in document.facts.values())


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "application/json", "text/plain"]))
def test_no_bytes_break_the_reader(body: bytes, kind: str) -> None:
    with suppress(ValueError):
        document = read(kind, body)
        assert document is None or document.format
