"""Stripe's key, its webhooks, and what was not delivered: what is its trouble is down, what is ours is unknown."""

from __future__ import annotations

import asyncio
import logging

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from integrations.stripe import Options
from model import Status

KEY = "rk_live_canary4242"


def endpoint(name, status="enabled", live=True, url="https://shop.example/api/stripe?secret=1"):
    return {"id": name, "object": "webhook_endpoint", "url": url, "status": status, "livemode": live}


def listed(*rows, more=False):
    return {"object": "list", "data": list(rows), "has_more": more}


@pytest.fixture
def stripe(service, read):
    """Reads a Stripe that answers these by path; a body, or a whole response, or a function of the request."""

    async def asked(reading, answers, key=KEY, **options):
        async def handler(request):
            found = answers.get(request.url.path)
            assert request.headers["authorization"] == f"Bearer {key}"
            assert request.headers["stripe-version"]
            found = found(request) if callable(found) and not isinstance(found, Response) else found
            return found if isinstance(found, Response) else JSONResponse(found or {}, 200 if found else 404)

        base = await service(handler)
        return await read("stripe", reading, base=base, api_key=key, **options)

    return asked


async def test_a_key_that_is_answered_is_up_and_no_amount_is_kept(stripe) -> None:
    balance = {"object": "balance", "livemode": True, "available": [{"amount": 987654321, "currency": "eur"}]}

    found = await stripe("account", {"/v1/balance": balance})

    assert found.result.status is Status.UP
    assert found.result.latency > 0
    assert found.result.facts == (("key", "restricted, live mode"),)
    assert found.result.findings == ()
    assert "987654321" not in repr(found)


async def test_a_slow_answer_is_degraded(stripe) -> None:
    found = await stripe("account", {"/v1/balance": {"livemode": True}}, slow=0.0001)

    assert found.result.status is Status.DEGRADED
    assert found.result.words.startswith("answered in ")


async def test_too_strong_a_key_and_the_wrong_mode_are_findings(stripe) -> None:
    found = await stripe("account", {"/v1/balance": {"livemode": False}}, key="sk_live_canary4242")

    assert [each.kind for each in found.result.findings] == ["stripe-key-too-strong", "stripe-mode"]
    assert all(each.fix for each in found.result.findings)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (
            JSONResponse({"error": {"message": f"Invalid API Key provided: {KEY}"}}, 401),
            Status.UNKNOWN,
            "refuses the key",
        ),
        (JSONResponse({"error": {}}, 403), Status.UNKNOWN, "does not let the key"),
        (JSONResponse({"error": {}}, 429, {"Stripe-Rate-Limited-Reason": "global-rate"}), Status.UNKNOWN, "limits"),
        (JSONResponse({"error": {"type": "api_error"}}, 500), Status.DOWN, "answered 500"),
        (PlainTextResponse("<html>busy</html>", 503), Status.DOWN, "answered 503"),
        (PlainTextResponse("<html>login</html>"), Status.UNKNOWN, "a web page"),
        (PlainTextResponse("{"), Status.UNKNOWN, "not JSON"),
        (JSONResponse([1, 2]), Status.UNKNOWN, "does not say its mode"),
        (JSONResponse({"livemode": "yes"}), Status.UNKNOWN, "does not say its mode"),
    ],
)
async def test_what_is_stripes_trouble_is_down_and_what_is_ours_is_unknown(
    answer, status, words, stripe, caplog
) -> None:
    caplog.set_level(logging.DEBUG)

    found = await stripe("account", {"/v1/balance": answer})

    assert found.result.status is status
    assert words in found.result.words
    assert "canary" not in repr(found) + caplog.text


async def test_a_stripe_that_nobody_reaches_may_be_our_own_line(read) -> None:
    found = await read("stripe", "account", base="http://127.0.0.1:9", api_key=KEY)

    assert found.result.status is Status.DOWN
    assert found.result.network


async def test_a_limit_is_obeyed(stripe, hand, service, read) -> None:
    asked = []

    async def handler(request):
        asked.append(request.url.path)
        return JSONResponse({}, 429, {"Retry-After": "120"})

    base = await service(handler)
    for seconds in (0, 60, 61):
        hand.forward(seconds)
        await read("stripe", "account", base=base, api_key=KEY)
    assert len(asked) == 2


async def test_webhooks_are_parts_and_a_disabled_one_is_down(stripe) -> None:
    hooks = listed(
        endpoint("we_1"), endpoint("we_2", "disabled"), endpoint("we_3", "purple"), endpoint("t", live=False)
    )

    found = await stripe("webhooks", {"/v1/webhook_endpoints": hooks, "/v1/events": listed()})

    assert {part.name: part.status for part in found.result.parts} == {
        "webhook-we_1": Status.UP,
        "webhook-we_2": Status.DOWN,
        "webhook-we_3": Status.UNKNOWN,
        "deliveries": Status.UP,
    }
    assert found.result.status is Status.DOWN
    assert [(each.kind, each.of) for each in found.result.findings] == [("stripe-webhook-disabled", "endpoints")]
    assert {each.name: each.value for each in found.figures} == {
        "webhooks_enabled": 1,
        "webhooks_disabled": 1,
        "undelivered": 0,
        "oldest_undelivered": 0,
    }
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("minutes", "status"),
    [((1, 14), Status.UP), ((1, 16), Status.DEGRADED), ((16, 361), Status.DOWN), ((-5,), Status.UP)],
)
async def test_events_are_late_when_they_are_no_longer_in_flight(minutes, status, stripe, noon) -> None:
    events = listed(*({"id": f"evt_{n}", "created": int(noon.timestamp()) - n * 60} for n in minutes))

    found = await stripe("webhooks", {"/v1/webhook_endpoints": listed(endpoint("we_1")), "/v1/events": events})

    assert found.result.parts[-1].status is status
    figures = {each.name: each.value for each in found.figures}
    assert figures["oldest_undelivered"] == max([n * 60 for n in minutes if n > 15], default=0)


@pytest.mark.parametrize(
    ("hours", "state", "words"),
    [
        (1, Status.DEGRADED, "at least 300 not delivered, the oldest at least 1 h ago"),
        (100, Status.DOWN, "at least 301 not delivered, the oldest at least 4 d 4 h ago"),
    ],
)
async def test_more_events_than_are_read_hide_no_old_one(hours, state, words, stripe, noon) -> None:
    """Stripe begins with the newest: a flood of young ones comes before the one that waits for long."""
    now = int(noon.timestamp())
    asked = []

    def events(request):
        query = request.query_params
        asked.append(query)
        before = now - int(query["created[lte]"])
        young = [{"id": f"evt_{len(asked)}_{n}", "created": now - 3600} for n in range(100)]
        old = [{"id": "evt_old", "created": now - hours * 3600}] if hours * 3600 >= before else []
        return JSONResponse(listed(*(old if before > 3600 else young), more=before <= 3600))

    found = await stripe("webhooks", {"/v1/webhook_endpoints": listed(endpoint("we_1")), "/v1/events": events})

    part = found.result.parts[-1]
    assert (part.status, part.words) == (state, words)
    assert now - int(asked[0]["created[gte]"]) == 30 * 86400, "as long as Stripe keeps them"
    assert now - int(asked[0]["created[lte]"]) == 15 * 60, "what is in flight crowds nothing out"


async def test_lists_are_paged_and_bounded(stripe) -> None:
    asked = []

    def page(request):
        after = request.query_params.get("starting_after")
        asked.append(after)
        assert request.query_params["limit"] == "100"
        return JSONResponse(listed(endpoint(f"we_{len(asked)}"), more=True))

    found = await stripe("webhooks", {"/v1/webhook_endpoints": page, "/v1/events": listed()})

    assert asked == [None, "we_1", "we_2"]
    assert len(found.result.parts) == 4


async def test_a_key_without_the_right_for_one_list_still_reads_the_other(stripe) -> None:
    answers = {"/v1/webhook_endpoints": JSONResponse({"error": {}}, 403), "/v1/events": listed()}

    found = await stripe("webhooks", answers)

    assert {part.name: part.status for part in found.result.parts} == {
        "endpoints": Status.UNKNOWN,
        "deliveries": Status.UP,
    }
    assert "Webhook Endpoints" in found.fix
    assert found.unread == ("endpoints", "webhook-*", "webhooks_*")


async def test_no_webhook_at_all_is_a_finding(stripe) -> None:
    found = await stripe("webhooks", {"/v1/webhook_endpoints": listed(), "/v1/events": listed()})

    assert [each.kind for each in found.result.findings] == ["stripe-no-webhook"]


async def test_nothing_that_can_be_read_is_unknown(stripe) -> None:
    broken = {"/v1/webhook_endpoints": JSONResponse({"data": 5}), "/v1/events": PlainTextResponse("x")}

    found = await stripe("webhooks", broken)

    assert found.result.status is Status.UNKNOWN
    assert found.result.words


async def test_a_slow_service_ends_with_the_deadline(service, read) -> None:
    async def handler(request):
        await asyncio.sleep(5)
        return JSONResponse({})

    found = await read("stripe", "webhooks", seconds=0.3, base=await service(handler), api_key=KEY)

    assert found.result.words == "Stripe did not answer within 0.3 s"


@pytest.mark.parametrize(
    "key",
    [
        "pk_live_canary",
        "whsec_canary",
        "rk_live_canary\nrk_live_other",
        "",
        "canary",
        "rk_test_canary",
        "sk_test_canary",
    ],
)
def test_a_key_of_the_wrong_kind_is_refused_at_start(key) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(api_key=key)
    assert "canary" not in str(caught.value)


def test_a_live_key_is_refused_where_test_is_meant() -> None:
    with pytest.raises(ValidationError, match="live key"):
        Options(api_key=KEY, environment="test")
    assert Options(api_key="rk_test_x", environment="test").api_key.get_secret_value() == "rk_test_x"
