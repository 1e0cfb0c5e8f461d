"""A question to an outside service is bounded, obeys its limits, and says what went wrong without its secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import repeat

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from integrations import _reach
from integrations._reach import Reach, Unmeasured
from model import Status

CANARY = "canary-token-1234567890"


def reach(tools, base, **more):
    return Reach(tools, "acme", "Acme", base, {"Authorization": f"Bearer {CANARY}"}, **more)


async def test_an_answer_is_its_json(tools, service) -> None:
    seen = []

    async def answer(request):
        seen.append((request.url.query, request.headers["authorization"]))
        return JSONResponse({"ok": True}, headers={"X-Hits": "3"})

    found = await reach(tools, await service(answer)).get("/things/", [("field", "a()"), ("field", "b"), ("n", 5)])

    assert (found.status, found.body, found.headers["x-hits"]) == (200, {"ok": True}, "3")
    assert seen == [("field=a%28%29&field=b&n=5", f"Bearer {CANARY}")]


FAILURES = {
    "a refused token": (PlainTextResponse("", 401), {401: ("refuses the token", "make a new one")},
                        "Acme refuses the token (401)", "make a new one"),
    "a server error": (PlainTextResponse("", 503), {}, "Acme answered 503", ""),
    "a redirect": (RedirectResponse("http://127.0.0.1:9/?t=1"), {}, "Acme redirects elsewhere (307)",
                   "check the address in the configuration"),
    "a web page": (PlainTextResponse("<html>"), {}, "Acme answered with a web page",
                   "check the address: is it the API's?"),
    "broken JSON": (PlainTextResponse('{"a":'), {}, "Acme answered with something that is not JSON",
                    "check the address: is it the API's?"),
    "JSON too deep": (PlainTextResponse("[" * 100_000), {}, "Acme answered with something that is not JSON",
                      "check the address: is it the API's?"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILURES)
async def test_what_fails_is_said_in_words(case, tools, service) -> None:
    answer, refused, words, fix = FAILURES[case]

    async def handler(request):
        return answer

    with pytest.raises(Unmeasured) as caught:
        await reach(tools, await service(handler), refused=refused).get("/x")

    assert (caught.value.words, caught.value.fix) == (words, fix)


async def test_nobody_there_is_said_without_the_address(tools) -> None:
    with pytest.raises(Unmeasured) as caught:
        await reach(tools, "http://127.0.0.1:9").get("/secret-path")

    assert caught.value.words == "Acme cannot be reached (no connection)"


async def test_an_endless_answer_is_cut(tools, service) -> None:
    async def handler(request):
        return StreamingResponse(repeat(b"x" * 65536))

    with pytest.raises(Unmeasured, match="more than 8 MiB"):
        await reach(tools, await service(handler)).get("/x")


async def test_a_slow_answer_is_cut(tools, service, monkeypatch) -> None:
    monkeypatch.setattr(_reach, "PER_CALL", 0.2)

    async def handler(request):
        await asyncio.sleep(2)
        return JSONResponse({})

    with pytest.raises(Unmeasured, match=r"did not answer within 0\.2 s"):
        await reach(tools, await service(handler)).get("/x")


LIMITS = {
    "Retry-After in seconds": (429, {"Retry-After": "120"}, "epoch", 120),
    "Retry-After as a date": (429, {"Retry-After": "Mon, 23 Nov 2026 12:03:00 GMT"}, "epoch", 180),
    "a reset as an epoch": (429, {"X-Sentry-Rate-Limit-Reset": "{epoch+50}"}, "epoch", 50),
    "a reset as seconds left": (429, {"X-RateLimit-Reset": "40"}, "left", 40),
    "nothing said": (429, {}, "epoch", 60),
    "nonsense said": (429, {"Retry-After": "soon", "X-RateLimit-Reset": "nan"}, "epoch", 60),
    "a limit for ever": (429, {"Retry-After": "999999"}, "epoch", 3600),
    "used up by a good answer": (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}, "left", 30),
}


@pytest.mark.parametrize("case", LIMITS)
async def test_a_limit_is_obeyed_until_it_ends(case, tools, service, hand) -> None:
    status, headers, meaning, seconds = LIMITS[case]
    headers = {k: v.replace("{epoch+50}", str(int(hand().timestamp()) + 50)) for k, v in headers.items()}
    asked = []

    async def handler(request):
        asked.append(request.url.path)
        return JSONResponse({}, status, headers=headers)

    to = reach(tools, await service(handler), reset=meaning)
    first, *more = [await said(to) for _ in range(3)]
    assert first == "" if status == 200 else "limits how often we may ask" in first
    assert all("limits how often we may ask" in words for words in more)
    assert len(asked) == 1
    hand.forward(seconds - 2)
    await said(to)
    assert len(asked) == 1
    hand.forward(3)
    await said(to)
    assert len(asked) == 2


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize(
    "limit", [{"X-Sentry-Rate-Limit-Reset": "{epoch}"}, {"X-RateLimit-Reset": "{epoch}"}, {"Retry-After": "{date}"}]
)
async def test_a_reset_is_read_by_the_clock_of_the_service(limit, hours, tools, service, hand) -> None:
    theirs = hand() + timedelta(hours=hours)
    then = theirs + timedelta(seconds=50)
    said_so = {"{epoch}": str(int(then.timestamp())), "{date}": format_datetime(then, usegmt=True)}
    headers = {name: said_so[value] for name, value in limit.items()}

    async def handler(request):
        return JSONResponse({}, 429, headers={"Date": format_datetime(theirs, usegmt=True)} | headers)

    with pytest.raises(Unmeasured) as caught:
        await reach(tools, await service(handler)).get("/x")

    assert caught.value.wait == 50


async def test_no_free_connection_of_our_own_is_not_the_services_silence(tools, service, hand) -> None:
    free = asyncio.Event()

    async def handler(request):
        await free.wait()
        return JSONResponse({})

    base = await service(handler)
    narrow = httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(30, pool=0.2))
    async with narrow:
        to = reach(replace(tools, client=narrow), base)
        first = asyncio.create_task(to.get("/x"))
        await asyncio.sleep(0.1)
        with pytest.raises(Unmeasured) as caught:
            await to.get("/x")
        free.set()
        await first

    assert caught.value.words == "Acme was not asked: we had no free connection ourselves"
    assert not caught.value.silent


async def test_services_that_hang_hold_up_nobody_else(service, read) -> None:
    """Two hang with all their questions at once while a third one answers."""
    free = asyncio.Event()

    async def hangs(request):
        if request.url.path.endswith("/domains"):
            return JSONResponse({"domains": [{"name": f"d{n}.example", "verified": True} for n in range(20)]})
        await free.wait()
        return JSONResponse({})

    async def answers(request):
        return JSONResponse({"livemode": True})

    first, second, third = await service(hangs), await service(hangs), await service(answers)
    functions = [f"f{n}" for n in range(30)]
    hanging = [
        asyncio.create_task(read("vercel", "domains", seconds=60, base=first, token="t", project="web")),
        asyncio.create_task(
            read(
                "supabase", "data", seconds=60, url=second, anon_key="sb_publishable_x", tables=[], functions=functions
            )
        ),
    ]
    await asyncio.sleep(1)
    found = await read("stripe", "account", seconds=30, base=third, api_key="rk_live_x", slow=15)
    free.set()
    slow = await asyncio.gather(*hanging)

    assert (found.result.status, found.result.words) == (Status.UP, "")
    assert [each.result.status for each in slow] != [Status.UP, Status.UP]


async def said(to) -> str:
    """The reason why nothing was measured; nothing when it was."""
    try:
        await to.get("/x")
    except Unmeasured as reason:
        return reason.words
    return ""


async def test_an_empty_answer_is_right_where_it_is_expected(tools, service) -> None:
    async def handler(request):
        return Response(status_code=206, headers={"Content-Range": "0-0/42"})

    found = await reach(tools, await service(handler)).ask("HEAD", "/x", accept=(200, 206), empty=True)

    assert (found.body, found.headers["content-range"]) == (None, "0-0/42")


async def test_the_token_is_in_no_words_and_no_repr(tools, service) -> None:
    async def handler(request):
        return PlainTextResponse("", 500)

    to = reach(tools, await service(handler))
    with pytest.raises(Unmeasured) as caught:
        await to.get("/x")

    assert CANARY not in repr(to) + repr(caught.value) + str(caught.value.__context__)
