"""The audit finds what must not be in an error event, says where and of what kind, and never keeps the value."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.responses import JSONResponse

from integrations._sentry import privacy
from integrations._sentry._walk import found_in, kinds
from model import Status

TOKEN = "sntryi_x"
O = "/api/0/organizations/acme"  # noqa: E741
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
CLEAN = {
    "eventID": "e" * 32,
    "id": "e" * 32,
    "title": "TypeError: x is undefined",
    "dateCreated": "2026-11-23T09:00:00Z",
    "platform": "javascript",
    "release": "120.0.0.1",
    "version": "7",
    "size": 4242424242424242,
    "fingerprints": ["a" * 32],
    "sdk": {"name": "sentry.javascript.nextjs", "version": "10.2.0"},
    "user": {"id": "42", "email": None, "ip_address": None},
    "tags": [
        {"key": "environment", "value": "production"},
        {"key": "browser", "value": "Chrome 120.0.0.0"},
        {"key": "url", "value": "https://acme.example/cart"},
    ],
    "contexts": {"browser": {"name": "Chrome", "version": "120.0.0.0"}, "trace": {"trace_id": "1234567890abcdef" * 2}},
    "entries": [
        {
            "type": "request",
            "data": {
                "url": "https://acme.example/cart",
                "method": "GET",
                "cookies": None,
                "query": [],
                "headers": [["Authorization", "[Filtered]"], ["User-Agent", "Mozilla/5.0 Chrome/120.0.0.0"]],
                "data": {"password": "[Filtered]", "token": None, "amount": 1763890000000},
            },
        },
        {
            "type": "exception",
            "data": {
                "values": [
                    {
                        "type": "TypeError",
                        "value": "x is undefined at 12:30:45",
                        "stacktrace": {"frames": [{"filename": "app.js", "lineNo": 4, "vars": None}]},
                    }
                ]
            },
        },
        {
            "type": "breadcrumbs",
            "data": {"values": [{"category": "fetch", "data": {"url": "https://acme.example/api/x"}}]},
        },
    ],
}


def entry(kind, data):
    return {"entries": [{"type": kind, "data": data}]}


def request(**data):
    return entry("request", data)


def crumb(**data):
    return entry("breadcrumbs", {"values": [{"data": data}]})


CASES = {
    "user email": ({"user": {"email": "canary@acme.example"}}, "email", "user.email"),
    "user address": ({"user": {"ip_address": "203.0.113.9"}}, "ip", "user.ip_address"),
    "user name": ({"user": {"username": "canary"}}, "username", "user.username"),
    "id that is an e-mail": ({"user": {"id": "canary@acme.example"}}, "email", "user.id"),
    "authorization": (request(headers=[["Authorization", "Bearer canary"]]), "header", "request.headers.authorization"),
    "headers as a table": (request(headers={"apikey": "canary"}), "header", "request.headers.apikey"),
    "cookie header": (request(headers=[["Cookie", "a=canary"]]), "cookie", "request.headers.cookie"),
    "forwarded": (request(headers=[["X-Forwarded-For", "198.51.100.7"]]), "ip", "request.headers.x-forwarded-for"),
    "cookies": (request(cookies=[["session", "canary"]]), "cookie", "request.cookies"),
    "query pairs": (request(query=[["q", "canary"]]), "query", "request.query"),
    "query text": (request(query="q=canary"), "query", "request.query"),
    "url with query": (request(url="https://acme.example/x?name=canary"), "query", "request.url"),
    "password": (request(data={"password": "canary"}), "password", "request.data.password"),
    "deep token": (request(data={"a": [{"b": {"accessToken": "canary"}}]}), "password", "request.data.a.b.accesstoken"),
    "tag": ({"tags": [{"key": "patient", "value": "canary@acme.example"}]}, "email", "tags.patient"),
    "tag email": ({"tags": [{"key": "user.email", "value": "canary"}]}, "email", "tags.user.email"),
    "message": ({"message": "no mail to canary@acme.example"}, "email", "message"),
    "jwt": ({"message": f"token {JWT}"}, "jwt", "message"),
    "live key": ({"context": {"note": "sk_live_canary4242"}}, "key", "context.note"),
    "card": ({"message": "charged 4242 4242 4242 4242 twice"}, "card", "message"),
    "amex": ({"message": "charged 378282246310005"}, "card", "message"),
    "connection": ({"message": "cannot reach postgresql://u:canary@db/x"}, "connection", "message"),
    "frames": (
        entry("exception", {"values": [{"stacktrace": {"frames": [{"vars": {"x": "canary"}}]}}]}),
        "frame variable",
        "exception.frames.vars",
    ),
    "breadcrumb": (crumb(url="https://acme.example/api?q=canary"), "query", "breadcrumbs.values.data.url"),
    "six": ({"message": "from 2001:db8::42"}, "ip", "message"),
    "a card as a number": (request(data={"pan": 4242424242424242}), "card", "request.data.pan"),
    "a user's report": ({"userReport": {"email": "canary", "comments": "x"}}, "email", "userReport.email"),
    "the name in a report": ({"userReport": {"name": "canary"}}, "username", "userReport.name"),
    "the text of a report": (
        {"userReport": {"comments": "write to canary@acme.example"}},
        "email",
        "userreport.comments",
    ),
    "feedback": ({"contexts": {"feedback": {"contact_email": "canary"}}}, "email", "contexts.feedback.contact_email"),
    "an address inside a text": ({"message": "GET https://acme.example/x?name=canary failed"}, "query", "message"),
    "a path inside a text": ({"message": "route (/x?name=canary) failed"}, "query", "message"),
    "an address as a key": ({"context": {"canary@acme.example": "canary@acme.example"}}, "email", "context.*"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_thing_that_must_not_be_there_is_found_where_it_is(case) -> None:
    event, kind, path = CASES[case]

    found = found_in(CLEAN | event, "1")

    assert (kind, path) in [(leak.kind, leak.path) for leak in found]
    assert "canary" not in repr(found)
    assert {leak.sdk for leak in found} == {"sentry.javascript.nextjs/10.2.0"}
    assert {leak.event for leak in found} == {"e" * 32}


def test_a_clean_event_is_clean() -> None:
    assert found_in(CLEAN, "1") == ()


@pytest.mark.parametrize(
    "value",
    [
        "[Filtered]",
        "[email]",
        "[ip]",
        "[REDACTED]",
        "***",
        "",
        None,
        "4242424242424241",
        "1.2.3",
        "Chrome/120.0.0.0",
        "127.0.0.1",
        "0.0.0.0",
        "0000000000000000",
        "12:30:45",
        "a@b",
        "/path?",
        "eyJhbGci",
        "user@",
        "1763890000000",
        "is it so? a=b",
        "https://acme.example/x? no",
        "a/b?c=d",
    ],
)
def test_what_only_looks_so_is_left_alone(value) -> None:
    assert found_in(CLEAN | {"message": value}, "1") == ()


@pytest.mark.parametrize(
    "numbers", [{"amount": 1763890000004}, {"size": 4242424242424242}, {"n": 4242424242424241}, {"flag": True}]
)
def test_a_number_that_is_no_card_is_left_alone(numbers) -> None:
    assert found_in(CLEAN | request(data=numbers), "1") == ()


def test_an_sdk_that_sends_everything_by_default_is_named() -> None:
    (leak,) = found_in(CLEAN | {"sdk": {"name": "sentry.javascript.nextjs", "version": "11.0.0"}}, "1")
    assert (leak.kind, leak.sdk) == ("sdk", "sentry.javascript.nextjs/11.0.0")


def test_a_huge_and_deep_event_ends() -> None:
    deep: dict = {}
    inner = deep
    for _ in range(500):
        inner["a"] = {}
        inner = inner["a"]
    wide = {"context": {f"k{n}": "x" * 50 for n in range(50_000)}, "deep": deep, "message": "a@" * 50_000}
    assert found_in(CLEAN | wide, "1") == ()


def test_a_text_of_many_kinds_has_them_all() -> None:
    said = f"a@b.example {JWT} sk_live_abcdefgh 203.0.113.9 4242424242424242 postgres://x"
    assert sorted(kinds(said)) == ["card", "connection", "email", "ip", "jwt", "key"]


@pytest.fixture
def audit(service, read):
    """Audits a Sentry whose issues have these newest events."""

    async def audited(events, project=None, old=False, **options):
        paths = []

        async def handler(request):
            path = request.url.path
            paths.append(path)
            if path == f"{O}/issues/":
                return JSONResponse([{"id": uid, "project": {"slug": "web"}} for uid in events])
            if path.startswith("/api/0/projects/acme/"):
                return JSONResponse(project) if project is not None else JSONResponse({}, 403)
            uid = path.split("/issues/")[1].split("/")[0]
            if (
                path.endswith("/events/latest/")
                and events[uid] is not None
                and (path.startswith("/api/0/issues/") or not old)
            ):
                return JSONResponse(events[uid])
            return JSONResponse({"detail": "no"}, 404)

        found = await read("sentry", "privacy", base=await service(handler), token=TOKEN, org="acme", **options)
        audited.paths = paths
        return found

    return audited


SCRUBBED = {"dataScrubber": True, "dataScrubberDefaults": True, "scrubIPAddresses": True}


async def test_leaks_become_findings_with_how_to_mend_them_and_no_value(audit, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    events = {
        "1": CLEAN | {"user": {"email": "canary@acme.example"}},
        "2": CLEAN | {"message": "sk_live_canary4242"},
        "3": CLEAN,
    }

    found = await audit(events, SCRUBBED)

    assert found.result.status is Status.DOWN, "a live key is grave"
    assert {each.kind for each in found.result.findings} == {"privacy-email", "privacy-key"}
    assert all(each.fix for each in found.result.findings)
    assert {(leak.kind, leak.issue) for leak in found.leaks} == {("email", "1"), ("key", "2")}
    assert {each.name: each.value for each in found.figures} == {"leaks": 2, "events_audited": 3}
    assert "canary" not in repr(found) + caplog.text


async def test_scrubbing_that_is_off_is_a_finding(audit) -> None:
    project = {"dataScrubber": False, "dataScrubberDefaults": True, "scrubIPAddresses": False}

    found = await audit({"1": CLEAN}, project)

    assert [each.kind for each in found.result.findings] == ["sentry-scrubber-off", "sentry-stores-ip"]
    assert found.result.status is Status.DEGRADED


@pytest.mark.parametrize(
    ("more", "kinds", "status"),
    [
        ({"safeFields": ["amount", "access_token"]}, ["sentry-spares-fields"], Status.DEGRADED),
        ({"safeFields": ["amount"]}, [], Status.UP),
        ({"sensitiveFields": [], "relayPiiConfig": None}, ["sentry-no-own-fields"], Status.UP),
        ({"sensitiveFields": [], "relayPiiConfig": "{"}, ["sentry-no-own-fields"], Status.UP),
        ({"sensitiveFields": ["birthdate"], "relayPiiConfig": None}, [], Status.UP),
        ({"sensitiveFields": [], "relayPiiConfig": '{"applications": {"$string": ["@email"]}}'}, [], Status.UP),
        ({"dataScrubberDefaults": 5}, ["sentry-scrub-defaults-off"], Status.DEGRADED),
    ],
)
async def test_fields_that_are_spared_or_added_are_read(more, kinds, status, audit) -> None:
    found = await audit({"1": CLEAN}, SCRUBBED | more)

    assert ([each.kind for each in found.result.findings], found.result.status) == (kinds, status)


async def test_a_finding_names_every_project_it_is_about(audit) -> None:
    found = await audit({"1": CLEAN}, SCRUBBED | {"dataScrubber": False}, projects=["web", "api"])

    (one,) = found.result.findings
    assert one.words == "projects web, api: does not scrub data"
    assert one.of == "scrubbing"


async def test_projects_that_were_not_looked_at_are_said(audit, monkeypatch) -> None:
    monkeypatch.setattr(privacy, "PROJECTS", 1)
    found = await audit({"1": CLEAN}, SCRUBBED, projects=["web", "api", "edge"])

    assert (found.result.parts[-1].status, found.result.parts[-1].words) == (Status.UNKNOWN, "2 projects not looked at")


async def test_settings_that_may_not_be_read_say_what_to_do(audit) -> None:
    found = await audit({"1": CLEAN}, None)

    assert found.result.parts[1].status is Status.UNKNOWN
    assert "project:read" in found.fix
    assert found.unread == ("scrubbing",)


async def test_an_old_sdk_default_is_a_finding_but_no_leak(audit) -> None:
    found = await audit({"1": CLEAN | {"sdk": {"name": "sentry.javascript.nextjs", "version": "11.2.0"}}}, SCRUBBED)

    assert [each.kind for each in found.result.findings] == ["sentry-sdk-11"]
    assert found.leaks == ()


async def test_older_servers_have_events_elsewhere(audit) -> None:
    found = await audit({"1": CLEAN}, SCRUBBED, old=True)

    assert found.result.parts[0].words == "nothing found in 1 event"


async def test_no_event_to_look_at_is_unknown_and_settings_that_cannot_be_read_too(audit) -> None:
    found = await audit({}, None)

    assert {part.name: part.status for part in found.result.parts} == {
        "events": Status.UNKNOWN,
        "scrubbing": Status.UNKNOWN,
    }
    assert found.result.status is Status.UNKNOWN


async def test_only_as_many_events_as_wanted_are_read(audit) -> None:
    await audit({str(n): CLEAN for n in range(8)}, SCRUBBED, sample=3)

    assert sum(path.endswith("/events/latest/") for path in audit.paths) == 3


def test_the_clean_event_is_what_a_server_sends() -> None:
    assert json.loads(json.dumps(CLEAN)) == CLEAN
