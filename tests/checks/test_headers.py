"""Headers, CORS and access judged row by row, and the score of the Observatory by its published modifiers."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from checks import _csp, headers
from checks._observatory import Seen, score
from checks.headers import POLICY, STRANGER
from model import Status

GOOD = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-DNS-Prefetch-Control": "off",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Content-Security-Policy": POLICY,
    "X-Medical-Platform": "true",
    "X-Privacy-Compliant": "GDPR-HIPAA",
}


REFUSED = '{"error": "Authentication required"}'


@pytest.fixture
def platform(serve, look):
    """Looks at a platform whose paths answer (status, headers); ``{own}`` stands for its own origin."""

    async def looked(page=None, api=None, closed=None, health=(200, {}), waits=None, body=REFUSED, **options):
        asked = []

        async def talk(reader, writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            asked.append(head)
            await asyncio.sleep((waits or {}).get(path, 0))
            status, headers = {
                "/": (200, page if page is not None else GOOD),
                "/api/x": api or API,
                "/dashboard": closed or CLOSED,
                "/api/health": health,
            }[path]
            if callable(headers):
                headers = headers(head)
            lines = "".join(f"{name}: {str(value).format(own=own)}\r\n" for name, value in headers.items())
            text = body if path == "/api/x" else "ok"
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n{lines}\r\n{text}".encode())
            await writer.drain()

        port = await serve(talk)
        own = f"http://127.0.0.1:{port}"
        found = await look(
            "headers",
            url=f"{own}/",
            api=f"{own}/api/x",
            protected=[f"{own}/dashboard"],
            open=[f"{own}/api/health"],
            **{"deadline": 20.0} | options,
        )
        return found, asked

    return looked


CORS = {
    "Access-Control-Allow-Origin": "{own}",
    "Access-Control-Allow-Methods": "POST, GET, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "content-type, Authorization",
}
LIMITS = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "97", "X-RateLimit-Reset": "640"}
API = (401, CORS | LIMITS)
CLOSED = (307, {"Location": "/auth/login"})


def weights(found):
    return {part.name: part.status for part in found.parts}


async def test_a_platform_as_it_should_be(platform) -> None:
    found, asked = await platform()

    bad = {name for name, status in weights(found).items() if status is not Status.UP}
    assert bad == {"strict-transport-security"}, "which counts over https alone"
    assert found.status is Status.DEGRADED
    assert {"header-content-security-policy"} <= {each.kind for each in found.findings}, "weak parts are named"
    csp = next(each for each in found.findings if each.kind == "header-content-security-policy")
    assert "script-src 'unsafe-eval'" in csp.words
    assert all("Authorization:" not in head for head in asked)
    assert any(f"origin: {STRANGER}" in head.lower() for head in asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", None),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "unsafe-url"),
        ("X-Powered-By", "Next.js"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("Content-Security-Policy", None),
        ("X-Medical-Platform", "false"),
    ],
)
async def test_each_header_is_a_row_with_found_wanted_why_and_fix(name, value, platform) -> None:
    page = {key: each for key, each in GOOD.items() if key != name} | ({name: value} if value else {})

    found, _ = await platform(page=page)

    assert weights(found)[name.lower()] is Status.DEGRADED
    finding = next(each for each in found.findings if each.kind == f"header-{name.lower()}")
    assert "wanted" in finding.words
    assert finding.fix


async def test_the_old_filter_is_a_note_and_no_fault(platform) -> None:
    found, _ = await platform(page=GOOD | {"X-XSS-Protection": "1; mode=block"})

    assert weights(found)["x-xss-protection"] is Status.UP
    assert "header-x-xss-protection" in {each.kind for each in found.findings}


@pytest.mark.parametrize(
    ("answers", "part", "status"),
    [
        ({"api": (200, CORS)}, "api", Status.DOWN),
        ({"api": (404, CORS | LIMITS)}, "api", Status.DEGRADED),
        ({"api": (307, CORS | LIMITS)}, "api", Status.DEGRADED),
        ({"body": "<html>please sign in</html>"}, "api-refusal", Status.DEGRADED),
        ({"body": '{"error": "no rows in public.users"}'}, "api-refusal", Status.DEGRADED),
        ({"body": "nonsense", "refusal": ""}, "api-refusal", Status.UP),
        ({"api": (401, CORS | {"Access-Control-Allow-Origin": "*"})}, "access-control-allow-origin", Status.DOWN),
        (
            {"api": (401, CORS | {"Access-Control-Allow-Origin": "https://x.example"})},
            "access-control-allow-origin",
            Status.DEGRADED,
        ),
        ({"api": (401, CORS | {"Access-Control-Allow-Methods": "*"})}, "access-control-allow-methods", Status.DEGRADED),
        ({"api": (401, CORS)}, "x-ratelimit-limit", Status.DEGRADED),
        ({"api": (401, CORS | {"X-RateLimit-Limit": "99"})}, "x-ratelimit-limit", Status.DEGRADED),
        ({"closed": (200, {})}, "protected.dashboard", Status.DOWN),
        ({"closed": (307, {"Location": "/elsewhere"})}, "protected.dashboard", Status.DEGRADED),
        ({"closed": (307, {"Location": "/auth/login?next=/dashboard"})}, "protected.dashboard", Status.UP),
        ({"health": (401, {})}, "open.api.health", Status.DEGRADED),
        ({"health": (503, {})}, "open.api.health", Status.UP),
    ],
)
async def test_doors_that_must_be_closed_and_open(answers, part, status, platform) -> None:
    found, _ = await platform(**answers)

    assert weights(found)[part] is status
    assert found.status is (Status.DOWN if status is Status.DOWN else Status.DEGRADED)


@pytest.mark.parametrize(("credentials", "status"), [("true", Status.DOWN), ("false", Status.DEGRADED)])
async def test_a_server_that_repeats_any_origin(credentials, status, platform) -> None:
    def repeats(head: str) -> dict[str, str]:
        origin = next((line[8:] for line in head.split("\r\n") if line.lower().startswith("origin: ")), "{own}")
        return CORS | {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": credentials}

    found, _ = await platform(api=(401, repeats))

    assert weights(found)["reflected-origin"] is status


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ({"X-RateLimit-Reset": "640"}, Status.UP),
        ({"X-RateLimit-Reset": "3600"}, Status.DEGRADED),
        ({"X-RateLimit-Reset": "99999999999"}, Status.DEGRADED),
        ({"X-RateLimit-Reset": "2026-01-01T00:00:00Z"}, Status.UP),
        ({"X-RateLimit-Reset": "9999-01-01T00:00:00"}, Status.DEGRADED),
        ({"X-RateLimit-Window": "900000"}, Status.UP),
        ({"X-RateLimit-Window": "60000"}, Status.DEGRADED),
        ({"RateLimit-Policy": '"default";q=100;w=900'}, Status.UP),
        ({"RateLimit-Policy": "100;w=60"}, Status.DEGRADED),
        ({}, Status.UNKNOWN),
        ({"X-RateLimit-Reset": "soon"}, Status.UNKNOWN),
    ],
)
async def test_the_window_of_the_limit_where_it_is_stated(stated, status, platform) -> None:
    """It need not be: then nobody knows, and the rest is judged all the same."""
    counts = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "97"}

    found, _ = await platform(api=(401, CORS | counts | stated))

    assert weights(found)["x-ratelimit-window"] is status
    assert ("header-x-ratelimit-window" in {each.kind for each in found.findings}) is (status is Status.DEGRADED)
    assert "x-ratelimit-window unknown" not in found.words


async def test_an_api_that_is_broken_says_nothing_of_its_doors(platform) -> None:
    found, _ = await platform(api=(500, {}))

    states = weights(found)
    assert {states[name] for name in states if name.startswith(("api", "access-control", "x-rate"))} == {Status.UNKNOWN}
    assert found.status is Status.DEGRADED, "for the header that plain http cannot carry, and for that alone"
    assert not [each for each in found.findings if "api" in each.kind or "access" in each.kind]


async def test_a_stranger_who_gets_no_answer_proves_nothing(platform) -> None:
    def silent(head: str) -> dict[str, str]:
        if STRANGER in head:
            raise EOFError
        return API[1]

    found, _ = await platform(api=(401, silent), without=["strict-transport-security"])

    assert weights(found)["reflected-origin"] is Status.UNKNOWN
    assert weights(found)["api"] is Status.UP
    assert found.status is Status.UNKNOWN, "what could not be seen is not green"
    assert "reflected-origin unknown" in found.words


async def test_a_slow_address_is_unknown_and_spoils_nothing(platform) -> None:
    waits = {"/api/health": 60, "/dashboard": 60}

    found, _ = await platform(waits=waits, deadline=4.0, without=["strict-transport-security"])

    states = weights(found)
    assert {name for name, status in states.items() if status is Status.UNKNOWN} == {
        "open.api.health",
        "protected.dashboard",
    }
    assert states["api"] is Status.UP
    assert found.status is Status.UNKNOWN


async def test_questions_are_asked_at_the_same_time(platform) -> None:
    """One after the other they would take twice as long as there is time."""
    waits = dict.fromkeys(("/", "/api/x", "/dashboard", "/api/health"), 2.0)

    found, _ = await platform(waits=waits, deadline=9.0, without=["strict-transport-security"])

    assert found.status is Status.UP


async def test_an_api_that_answers_each_origin_for_itself_is_asked_as_our_own_page(platform) -> None:
    def careful(head: str) -> dict[str, str]:
        own = "\r\norigin: http://127.0.0.1:" in head.lower()
        allowed = {"Access-Control-Allow-Origin": "{own}", "Vary": "Origin"} if own else {}
        return {name: value for name, value in API[1].items() if "Origin" not in name} | allowed

    found, asked = await platform(api=(401, careful), without=["strict-transport-security"])

    assert weights(found)["access-control-allow-origin"] is Status.UP
    row = next(part for part in found.parts if part.name == "access-control-allow-origin")
    assert row.words.startswith("http://127.0.0.1:"), "what was found is shown, not removed as an address"
    assert weights(found)["reflected-origin"] is Status.UP
    assert sum(f"origin: {STRANGER}" in head.lower() for head in asked) == 1


async def test_headers_that_are_left_out_are_not_asked_for(platform) -> None:
    found, _ = await platform(page={}, without=["X-Medical-Platform", "X-Privacy-Compliant"])
    assert "x-medical-platform" not in weights(found)
    assert "x-frame-options" in weights(found)


async def test_a_page_that_is_down_says_nothing_of_its_headers(serve, look) -> None:
    port = await serve(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
    found = await look("headers", url=f"http://127.0.0.1:{port}/")
    assert found.status is Status.DOWN
    assert found.findings == ()


def page(url="https://a.example/", body=b"", **headers):
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return httpx.Response(200, headers=pairs, content=body, request=httpx.Request("GET", url))


STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("seen", "wanted", "grade"),
    [
        (page(), 100 - 25 - 20 - 5 - 20, "D"),
        (
            page(
                content_security_policy=STRICT,
                strict_transport_security="max-age=63072000",
                x_content_type_options="nosniff",
                referrer_policy="no-referrer",
            ),
            100 + 10 + 5 + 5,
            "A+",
        ),
        (
            page(
                content_security_policy="default-src 'self'; script-src 'self' 'unsafe-inline'",
                x_content_type_options="nosniff",
                strict_transport_security="max-age=63072000",
                x_frame_options="DENY",
                referrer_policy="no-referrer",
            ),
            80,
            "B+",
        ),
        (
            page(
                content_security_policy=POLICY,
                x_content_type_options="nosniff",
                x_frame_options="DENY",
                strict_transport_security="max-age=31536000",
            ),
            80,
            "B+",
        ),
        (
            page(
                content_security_policy=STRICT,
                x_content_type_options="nosniff",
                strict_transport_security="max-age=100",
            ),
            105,
            "A+",
        ),
        (page("http://a.example/"), 100 - 25 - 20 - 20 - 5 - 20, "F"),
        (page(set_cookie="session=1"), 30 - 40, "F"),
        (page(set_cookie="session=1; Secure; HttpOnly; SameSite=Lax"), 30, "D"),
        (page(body=b"<script src='https://cdn.example/x.js'></script>"), 25, "D-"),
        (page(body=b"<script src='http://cdn.example/x.js'></script>"), 0, "F"),
        (
            page(body=b"<script src='https://cdn.example/x.js' integrity='sha256-x'></script>"),
            30,
            "D",
        ),
    ],
)
def test_the_score_follows_the_published_modifiers(seen, wanted, grade) -> None:
    total, said, _ = score(Seen(seen))
    assert (total, said) == (max(0, wanted), grade)


def hops(*locations):
    """The last answer over plain http, where each leads to the next; None: it leads nowhere."""
    answers, url = [], "http://a.example/"
    for location in locations:
        headers = {"Location": location} if location else {}
        answers.append(httpx.Response(301 if location else 200, headers=headers, request=httpx.Request("GET", url)))
        url = location
    answers[-1].history = answers[:-1]
    return answers[-1]


@pytest.mark.parametrize(
    ("locations", "cost"),
    [
        (["https://a.example/"], 0),
        (["https://www.a.example/"], -5),
        (["http://a.example/x", "https://a.example/x"], -10),
        (["http://a.example/x", None], -20),
        ([None], -20),
    ],
)
def test_where_plain_http_leads(locations, cost) -> None:
    assert dict(score(Seen(page(), hops(*locations)))[2])["redirection"] == cost


YEAR = "max-age=31536000"
HSTS = {"strict_transport_security": f"{YEAR}; includeSubDomains"}


@pytest.mark.parametrize(
    ("test", "seen", "cost"),
    [
        ("csp", page(content_security_policy="script-src 'strict-dynamic' 'self'; object-src 'none'"), -25),
        ("csp", page(content_security_policy="nonsense"), -25),
        ("csp", page(content_security_policy_report_only="default-src 'none'"), -25),
        ("csp", page(body=b"<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"), 10),
        ("cookies", page(set_cookie="a=1; Secure; HttpOnly; SameSite=Lax"), 5),
        ("cookies", page(set_cookie="a=1; Secure; HttpOnly"), 0),
        ("cookies", page(), 0),
        ("cookies", page(set_cookie="a=1", **HSTS), -5),
        ("cookies", page(set_cookie="session=1", **HSTS), -10),
        ("cookies", page(set_cookie="a=1"), -20),
        ("cookies", page(set_cookie="a=1; Secure; HttpOnly; SameSite=Sometimes"), -20),
        ("cookies", page(set_cookie="csrftoken=1; Secure"), -20),
        ("cookies", page(set_cookie="session=1; Secure; SameSite=Lax"), -30),
        ("cookies", page(set_cookie="session=1"), -40),
        ("referrer-policy", page(referrer_policy="no-referrer"), 5),
        ("referrer-policy", page(), 0),
        ("referrer-policy", page(referrer_policy="unsafe-url"), -5),
        (
            "strict-transport-security",
            page(strict_transport_security="max-age=31536000; includeSubDomains; preload"),
            5,
        ),
        ("strict-transport-security", page(**HSTS), 0),
        ("strict-transport-security", page(strict_transport_security="max-age=86400"), -10),
        ("strict-transport-security", page(strict_transport_security="preload"), -20),
        ("x-frame-options", page(content_security_policy="frame-ancestors 'none'"), 5),
        (
            "x-frame-options",
            page(body=b"<meta http-equiv='content-security-policy' content=\"frame-ancestors 'none'\">"),
            -20,
        ),
        ("x-frame-options", page(x_frame_options="sameorigin"), 5),
        ("x-frame-options", page(x_frame_options="ALLOW-FROM https://b.example"), 0),
        ("cross-origin-resource-policy", page(cross_origin_resource_policy="same-site"), 10),
        ("cross-origin-resource-policy", page(cross_origin_resource_policy="cross-origin"), 0),
        ("cross-origin-embedder-policy", page(cross_origin_embedder_policy="credentialless"), 10),
        ("cross-origin-opener-policy", page(cross_origin_opener_policy="anything"), -5),
        ("html", page(content_type="text/html", body=b"<!doctype html><p>fine"), 0),
        ("html", page(content_type="text/html", body=b"no mark at all"), -20),
        ("html", page(content_type="text/html", body=b"<p>\0</p>"), -20),
        ("html", page(content_type="text/html", body=b"<p><![foo[ x ]]></p>"), -20),
        ("html", page(content_type="application/json", body=b"{}"), 0),
    ],
)
def test_each_row_of_the_published_table(test, seen, cost) -> None:
    assert dict(score(Seen(seen))[2])[test] == cost


async def test_plain_http_is_followed_until_it_leads_to_https(serve, tools) -> None:
    async def talk(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        place = {"/": f"http://127.0.0.1:{port}/x", "/x": "https://a.example/x"}[path]
        writer.write(f"HTTP/1.1 301 X\r\nContent-Length: 0\r\nLocation: {place}\r\n\r\n".encode())
        await writer.drain()

    port = await serve(talk)
    options = headers.Options(url=f"http://127.0.0.1:{port}/")

    last = await headers._asked(options, tools, ("plain", options.url, ""))

    assert last is not None
    assert [str(each.request.url.path) for each in (*last.history, last)] == ["/", "/x"]


@pytest.mark.parametrize("last", ["/", "/1", f"/{headers.HOPS}"])
async def test_a_location_that_is_no_url_says_nothing_and_breaks_nothing(last, serve, tools) -> None:
    """On the way over plain http, wherever it stands: the other rows do not suffer."""

    async def talk(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        place = "http://x:abc/" if path == last else f"http://127.0.0.1:{port}/{int(path[1:] or 0) + 1}"
        writer.write(f"HTTP/1.1 301 X\r\nContent-Length: 0\r\nLocation: {place}\r\n\r\n".encode())
        await writer.drain()

    port = await serve(talk)
    options = headers.Options(url=f"http://127.0.0.1:{port}/")

    assert await headers._asked(options, tools, ("plain", options.url, "")) is None


async def test_a_door_whose_location_is_no_url_spoils_no_other_row(platform) -> None:
    found, _ = await platform(closed=(307, {"Location": "http://x:abc/"}))

    assert weights(found)["protected.dashboard"] is Status.UNKNOWN
    assert found.words != "the exchange failed (InvalidURL)"
    assert weights(found)["api"] is Status.UP


def test_what_is_weak_is_named_and_what_is_not_is_not() -> None:
    strict = "script-src 'strict-dynamic' 'nonce-abc' 'unsafe-inline' https: http:; object-src 'none'; base-uri 'none'"
    named = _csp.weaknesses(_csp.parse([strict]))
    assert named == ("no form-action", "no frame-ancestors")
    named = _csp.weaknesses(_csp.parse(["default-src 'self' 'unsafe-inline' *; img-src http://x.example"]))
    assert named[:3] == ("default-src 'unsafe-inline'", "default-src lets in any host", "img-src over plain http")
    assert "without a nonce" in _csp.weaknesses(_csp.parse(["script-src 'strict-dynamic'"]))[0]


@pytest.mark.parametrize(
    ("policies", "verdict"),
    [
        ([], "missing"),
        (["default-src 'none'"], "none-by-default"),
        (["default-src 'self'"], "clean"),
        (["script-src *"], "unsafe-inline"),
        (["default-src 'self'; script-src 'self' 'unsafe-eval'"], "unsafe-eval"),
        (["default-src 'self'; style-src 'unsafe-inline'"], "style-only"),
        (["default-src 'self'; script-src 'unsafe-inline' 'nonce-abc'"], "clean"),
        (["default-src 'self'; img-src http://x.example"], "insecure-passive"),
        (["default-src 'self'; script-src http://x.example"], "insecure-active"),
        (["img-src 'self'"], "unsafe-inline"),
        (["default-src 'self' 'unsafe-inline'", "script-src 'self'; object-src 'none'; style-src 'self'"], "clean"),
        (["default-src 'self'; SCRIPT-SRC 'none'; script-src 'unsafe-inline'"], "clean"),
        (["script-src 'strict-dynamic' 'nonce-a' https:; object-src 'none'; default-src 'self'"], "clean"),
        (["script-src 'strict-dynamic' 'sha256-a=' https: http:; object-src 'none'; default-src 'self'"], "clean"),
        (["script-src 'strict-dynamic' https:; object-src 'none'; default-src 'self'"], "invalid"),
        (["script-src 'strict-dynamic'", "default-src 'none'"], "none-by-default"),
        (["default-src 'self'; connect-src http://x.example"], "insecure-active"),
        (["default-src 'strict-dynamic' 'nonce-a' https:"], "unsafe-inline"),
        (["hello world"], "invalid"),
    ],
)
def test_policies_are_judged_together(policies, verdict) -> None:
    assert _csp.verdict(_csp.parse(policies)) == verdict


async def test_hostile_headers_do_no_harm(platform) -> None:
    huge = {
        "Content-Security-Policy": "a " * 3000 + ";" * 500,
        "X-Frame-Options": "x" * 4000,
        "Strict-Transport-Security": "max-age=" + "9" * 500,
    }
    found, _ = await platform(page=huge)
    assert all(len(each.words) <= 200 for each in found.findings)
    await asyncio.sleep(0)
