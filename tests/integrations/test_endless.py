"""What every integration has in common: answers without end are cut, and a limit amid a list spoils no number."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain, repeat
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, StreamingResponse

from model import Status

HOME = Path(__file__).resolve().parents[2]
REF = "abcdefghijklmnopqrst"
SENTRY = {"token": "sntryi_x", "org": "acme"}
VERCEL = {"token": "t", "project": "web"}
PLANE = {"anon_key": "sb_publishable_x", "tables": [], "functions": []}
MANAGED = {"ref": REF, "token": "sbp_x"}
EVERY = {
    **{f"sentry.{name}": SENTRY for name in ("issues", "health", "vitals", "privacy")},
    **{f"vercel.{name}": VERCEL for name in ("deployments", "domains")},
    "supabase.data": PLANE,
    "supabase.vitals": PLANE | {"vitals_table": "web_vitals"},
    **{f"supabase.{name}": MANAGED for name in ("project", "disk", "advisors")},
    **{f"stripe.{name}": {"api_key": "rk_live_x"} for name in ("account", "webhooks")},
    "crux.record": {"api_key": "x", "origin": "https://acme.example"},
    "vendors.status": {},
}


@pytest.mark.parametrize("reading", EVERY)
async def test_an_answer_without_end_is_cut_and_unknown(reading, service, read) -> None:
    async def endless(request):
        pieces = chain([b"["], repeat(b'{"a": "' + b"x" * 65_536 + b'"},'))
        return StreamingResponse(pieces, media_type="application/json")

    base = await service(endless)
    options = {"pages": {"acme": {"url": f"{base}/x"}}} if reading == "vendors.status" else {"base": base}
    more = {"url": base} if reading in ("supabase.data", "supabase.vitals") else {}
    found = await read(*reading.split("."), seconds=60.0, **EVERY[reading], **options, **more)

    said = found.result.words + "".join(part.words for part in found.result.parts)
    assert found.result.status is Status.UNKNOWN
    assert "MiB" in said
    assert all(part.status is Status.UNKNOWN for part in found.result.parts)


def paged(first, limit):
    """The first page says that there are more; the second one is refused."""
    asked = []

    async def answer(request):
        if request.url.path in first:
            asked.append(request.url.path)
            body, headers = first[request.url.path]
            if asked.count(request.url.path) == 1:
                return JSONResponse(body, headers=headers)
            return JSONResponse({}, 429, headers=limit)
        return JSONResponse({"detail": "no"}, 404)

    return answer


NEXT = '<https://s/x>; rel="next"; results="true"; cursor="0:100:0"'
ROW = {"id": "1", "firstSeen": "2026-11-23T09:00:00Z", "lastSeen": "2026-11-23T09:00:00Z"}
AMID = {
    "sentry.issues": (SENTRY, {"/api/0/organizations/acme/issues/": ([ROW], {"Link": NEXT})}),
    "vercel.domains": (
        VERCEL,
        {"/v9/projects/web/domains": ({"domains": [{"name": "a.b"}], "pagination": {"next": 1}}, {})},
    ),
    "stripe.webhooks": (
        {"api_key": "rk_live_x"},
        {
            path: ({"data": [{"id": "x", "created": 1, "status": "enabled", "url": "https://x"}], "has_more": True}, {})
            for path in ("/v1/webhook_endpoints", "/v1/events")
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("reading", AMID)
async def test_a_limit_amid_a_list_makes_no_half_number(reading, service, read) -> None:
    options, first = AMID[reading]
    base = await service(paged(first, {"Retry-After": "90"}))

    found = await read(*reading.split("."), base=base, **options)

    assert found.result.status is Status.UNKNOWN
    assert "limits" in found.result.words
    assert (found.figures, found.issues, found.result.findings) == ((), (), ())
    assert 0 < found.wait <= 90


async def test_a_limit_amid_deployments_leaves_what_the_project_says(service, read) -> None:
    row = {"uid": "dpl_9", "created": 1763890000000, "readyState": "READY", "target": "production"}
    about = {"id": "prj_1", "name": "web", "targets": {"production": {"id": "dpl_2", "readyState": "READY"}}}
    asked = []

    async def answer(request):
        if request.url.path == "/v9/projects/web":
            return JSONResponse(about)
        asked.append(1)
        if len(asked) > 2:
            return JSONResponse({}, 429, headers={"Retry-After": "90"})
        return JSONResponse({"deployments": [row], "pagination": {"next": 5}})

    found = await read("vercel", "deployments", base=await service(answer), **VERCEL)

    assert found.deployments == ()
    assert {"deployments", "builds", "facts"} <= set(found.unread)
    assert [part.status for part in found.result.parts] == [Status.UP, Status.UNKNOWN]


def test_who_counts_no_table_pays_for_no_package() -> None:
    """The supabase package costs 25 MiB: it is imported when tables or vitals are asked for, and not before."""
    code = """
import asyncio, sys
from integrations import fetch, open_tools
from model import Integration, Monitor
from registry import member

async def once():
    module = member("integrations", "supabase")
    options = module.Options(url="http://127.0.0.1:9", anon_key="sb_publishable_x", tables=[])
    async with open_tools() as tools:
        for name in ("data", "rls"):
            reading = Monitor(f"supabase.{name}", name, "supabase", None)
            await fetch(Integration("supabase", "S", options), reading, tools)

asyncio.run(once())
assert not {"supabase", "postgrest"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
