"""The Chrome UX Report as the reference line: numbers that are texts, no record, refusals; the key in no address."""

from __future__ import annotations

import logging

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse

from integrations.crux import Options
from model import Status

ORIGIN, KEY = "https://shop.example", "AIzaCanary4242"


def record(lcp=2210, cls="0.05", last=None):
    shape = {
        "largest_contentful_paint": {"percentiles": {"p75": lcp}},
        "cumulative_layout_shift": {"percentiles": {"p75": cls}},
        "form_factors": {"fractions": {}},
        "interaction_to_next_paint": {"percentiles": {"p75": None}},
    }
    period = {"collectionPeriod": {"firstDate": {"year": 2026, "month": 10, "day": 25}, "lastDate": last}}
    return {"record": {"key": {"origin": ORIGIN}, "metrics": shape} | (period if last else {})}


@pytest.fixture
def crux(service, read):
    async def asked(answers, **options):
        requests = []

        async def handler(request):
            requests.append(request)
            form = (await request.json()).get("formFactor", "all")
            found = answers[form] if isinstance(answers, dict) and form in answers else answers
            return found if isinstance(found, PlainTextResponse | JSONResponse) else JSONResponse(found)

        found = await read("crux", "record", base=await service(handler), api_key=KEY, origin=ORIGIN, **options)
        asked.requests = requests
        return found

    return asked


@pytest.mark.parametrize(
    ("last", "facts"),
    [
        ({"year": 2026, "month": 11, "day": 21}, (("last_day", "2026-11-21"),)),
        ({"year": 2026, "month": 13, "day": 21}, ()),
        ({"year": 2026}, ()),
        ("yesterday", ()),
        (None, ()),
    ],
)
async def test_it_says_up_to_which_day(last, facts, crux) -> None:
    assert (await crux(record(last=last))).result.facts == facts


async def test_each_device_has_its_line(crux) -> None:
    found = await crux({"all": record(), "PHONE": record(2600, "0.12"), "DESKTOP": JSONResponse({"error": {}}, 404)})

    assert {each.name: each.value for each in found.figures} == {
        "lcp_all": 2210,
        "cls_all": 0.05,
        "lcp_phone": 2600,
        "cls_phone": 0.12,
    }
    assert {part.name: part.status for part in found.result.parts} == {
        "all": Status.UP,
        "phone": Status.DEGRADED,
        "desktop": Status.UNKNOWN,
    }
    assert all(KEY not in str(request.url) and request.headers["x-goog-api-key"] == KEY for request in crux.requests)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"error": {"code": 404}}, 404), "no field data"),
        (JSONResponse({}, 403), "does not let the key"),
        (JSONResponse({}, 400), "refuses the question"),
        (JSONResponse({}, 429), "limits"),
        (JSONResponse({}, 500), "answered 500"),
        (PlainTextResponse("<html>"), "a web page"),
        (JSONResponse([]), "no p75"),
    ],
)
async def test_what_cannot_be_read_is_unknown(answer, words, crux, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    found = await crux(answer)
    assert found.result.status is Status.UNKNOWN
    assert words in found.result.words
    assert "Canary" not in repr(found) + caplog.text


@pytest.mark.parametrize("origin", ["https://shop.example/x", "shop.example", "https://shop.example/?a"])
def test_an_origin_has_no_path(origin) -> None:
    with pytest.raises(ValidationError):
        Options(api_key=KEY, origin=origin)
