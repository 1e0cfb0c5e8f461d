"""Vendors' pages in every format become parts with words; what cannot be read is unknown and hides nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from integrations import vendors
from model import Status

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


def statuspage(indicator="none", components=(), incidents=(), planned=()):
    return {
        "page": {"name": "Acme", "url": "https://status.acme.example"},
        "status": {"indicator": indicator, "description": f"says {indicator}"},
        "components": [
            {"id": "g", "name": "Core", "status": "major_outage", "group": True},
            *({"id": name, "name": name, "status": state, "group": False} for name, state in components),
        ],
        "incidents": list(incidents),
        "scheduled_maintenances": list(planned),
    }


INCIDENT = {
    "id": "i1", "name": "Elevated errors <b>now</b>", "status": "monitoring", "impact": "major",
    "shortlink": "https://stspg.example/x", "started_at": "2026-11-23T09:00:00Z", "resolved_at": None,
}  # fmt: skip
PLANNED = {"id": "m1", "name": "Move", "status": "scheduled", "scheduled_for": "2026-11-25T09:00:00Z"}


def incident(impact, *components, **more):
    return {
        "id": "01ABC", "name": "Slow <b>queries</b>", "status": "monitoring", "current_worst_impact": impact,
        "url": "https://status.acme.example/incidents/1", "last_update_at": "2026-11-23T09:00:00Z",
        "affected_components": [{"id": name, "name": name} for name in components],
    } | more  # fmt: skip


def widget(*ongoing, working=(), planned=()):
    return {
        "page_title": "Acme", "ongoing_incidents": list(ongoing), "in_progress_maintenances": list(working),
        "scheduled_maintenances": list(planned),
    }  # fmt: skip


@pytest.fixture
def look(service, read):
    """Reads pages that answer these bodies, by vendor."""

    async def looked(pin=(), **bodies):
        async def handler(request):
            body = bodies[request.path_params["path"]]
            return body if isinstance(body, PlainTextResponse) else JSONResponse(body)

        base = await service(handler)
        pages = {name: {"url": f"{base}/{name}", "pin": pin} for name in bodies}
        return await read("vendors", "status", pages=pages)

    return looked


FORMATS = {
    "statuspage, all well": (statuspage(), UP),
    "statuspage, minor": (statuspage("minor"), DEGRADED),
    "statuspage, major": (statuspage("major"), DEGRADED),
    "statuspage, critical": (statuspage("critical"), DOWN),
    "statuspage, a word nobody knows": (statuspage("purple"), UNKNOWN),
    "stripe up": ({"largestatus": "up", "message": "All services are online.", "statuses": {"api": "up"}}, UP),
    "stripe down": ({"largestatus": "down", "message": "x", "statuses": {}}, DOWN),
    "instatus": ({"page": {"name": "x", "status": "HASISSUES"}}, DEGRADED),
    "better stack": ({"data": {"attributes": {"aggregate_state": "downtime"}}}, DOWN),
    "incident.io, all well": (widget(), UP),
    "incident.io, slow": (widget(incident("degraded_performance")), DEGRADED),
    "incident.io, out": (widget(incident("full_outage")), DOWN),
    "incident.io, an impact nobody knows": (widget(incident("purple")), DEGRADED),
    "incident.io, at work": (
        widget(working=[{"id": "m", "name": "Move", "started_at": "2026-11-23T09:00:00Z"}]),
        DEGRADED,
    ),
    "incident.io, planned": (widget(planned=[{"id": "m", "name": "Move", "starts_at": "2026-11-25T09:00:00Z"}]), UP),
    "rootly": (
        {"page": {"name": "x"}, "status": {"indicator": "major", "description": "x"}, "incidents": []},
        DEGRADED,
    ),
    "another format": ({"hello": 1}, UNKNOWN),
    "a list": ([1, 2], UNKNOWN),
    "nothing where tables should be": ({"status": {"indicator": "none"}, "components": 5, "incidents": "x"}, UP),
    "a web page": (PlainTextResponse("<html>sign in"), UNKNOWN),
    "a server error": (PlainTextResponse("", 500), UNKNOWN),
}


@pytest.mark.parametrize("case", FORMATS)
async def test_each_format_has_its_state(case, look) -> None:
    body, state = FORMATS[case]

    found = await look(acme=body)

    assert found.result.status is state
    assert [(part.name, part.status) for part in found.result.parts] == [("acme", state)]
    assert bool(found.fix) == (state is UNKNOWN)


async def test_a_page_that_cannot_be_read_hides_neither_trouble_nor_what_is_good(look) -> None:
    found = await look(good=statuspage(), bad=statuspage("minor"), gone=PlainTextResponse("", 503))

    assert found.result.status is DEGRADED
    assert found.result.words == "bad: says minor"
    assert found.fix == "look at the addresses in [vendors.pages]: gone"
    assert found.unread == ("gone", "gone.*")
    assert [(part.name, part.status, part.words) for part in found.result.parts] == [
        ("good", UP, "says none"), ("bad", DEGRADED, "says minor"), ("gone", UNKNOWN, "gone answered 503"),
    ]  # fmt: skip


async def test_a_page_that_is_read_but_says_nothing_known_is_read_all_the_same(look) -> None:
    found = await look(acme=statuspage("purple", incidents=[INCIDENT]), good=statuspage())

    assert found.result.parts[0].status is UNKNOWN
    assert found.unread == ()
    assert len(found.incidents) == 1


PINS = {
    "operational": UP, "degraded_performance": DEGRADED, "under_maintenance": DEGRADED,
    "partial_outage": DOWN, "major_outage": DOWN, "lost_in_space": UNKNOWN,
}  # fmt: skip


@pytest.mark.parametrize("state", PINS)
async def test_only_pinned_components_count_where_some_are_pinned(state, look) -> None:
    body = statuspage("critical", [("Auth", state), ("Edge", "major_outage")])

    found = await look(acme=body, pin=["auth"])

    assert found.result.status is PINS[state]
    assert [(part.name, part.status) for part in found.result.parts] == [
        ("acme", PINS[state]),
        ("acme.auth", PINS[state]),
    ]


async def test_a_pinned_component_that_is_not_named_is_unknown(look) -> None:
    found = await look(acme=statuspage("none", [("Auth", "operational")]), pin=["Auth", "Storage"])

    assert [(part.name, part.status) for part in found.result.parts] == [
        ("acme", UP), ("acme.auth", UP), ("acme.storage", UNKNOWN),
    ]  # fmt: skip


async def test_incidents_and_planned_work_are_told_with_harmless_text(look) -> None:
    hostile = INCIDENT | {
        "id": "i2",
        "name": "x\x00\u202e" * 500,
        "status": "odd",
        "impact": 7,
        "shortlink": "javascript:1",
    }
    found = await look(acme=statuspage("major", incidents=[INCIDENT, hostile, {"id": "i3"}, 5], planned=[PLANNED]))

    first, second, third = found.incidents
    assert (first.id, first.state, first.impact, first.link) == (
        "acme:i1",
        "monitoring",
        "major",
        "https://stspg.example/x",
    )
    assert (second.state, second.impact, second.link) == ("unknown", "unknown", "")
    assert len(second.title) <= 120
    assert second.title.isprintable()
    assert (third.impact, third.state) == ("maintenance", "scheduled")


async def test_incidents_of_another_make_are_told_as_well(look) -> None:
    planned = {"id": "m1", "name": "Move", "starts_at": "2026-11-25T09:00:00Z", "status": "maintenance_scheduled"}
    body = widget(incident("partial_outage", "Auth"), {"id": 5}, planned=[planned, "x"])

    found = await look(acme=body, pin=["auth", "Storage"])

    assert [(part.name, part.status) for part in found.result.parts] == [
        ("acme", DOWN), ("acme.auth", DOWN), ("acme.storage", UP),
    ]  # fmt: skip
    first, second = found.incidents
    assert (first.id, first.state, first.impact) == ("acme:01ABC", "monitoring", "major")
    assert first.link == "https://status.acme.example/incidents/1"
    assert (second.state, second.impact) == ("scheduled", "maintenance")


@pytest.mark.parametrize("states", [("operational", "major_outage"), ("major_outage", "operational")])
async def test_of_several_components_with_one_name_the_worst_counts(states, look) -> None:
    found = await look(acme=statuspage("none", [("Auth", each) for each in states]), pin=["Auth"])

    assert found.result.status is DOWN


async def test_a_page_that_did_not_change_is_not_sent_again(service, read) -> None:
    asked, now = [], {"etag": '"1"', "body": statuspage("minor", incidents=[INCIDENT])}

    async def handler(request):
        asked.append(request.headers.get("if-none-match"))
        if asked[-1] == now["etag"]:
            return Response(status_code=304, headers={"ETag": now["etag"]})
        return JSONResponse(now["body"], headers={"ETag": now["etag"]})

    pages = {"acme": {"url": f"{await service(handler)}/x"}}
    looks = [await read("vendors", "status", pages=pages) for _ in range(2)]
    now |= {"etag": '"2"', "body": statuspage()}
    looks.append(await read("vendors", "status", pages=pages))

    assert asked == [None, '"1"', '"1"']
    assert [each.result.status for each in looks] == [DEGRADED, DEGRADED, UP]
    assert [len(each.incidents) for each in looks] == [1, 1, 0]


async def test_a_page_that_becomes_something_else_is_not_taken_for_unchanged(service, read) -> None:
    answers = [JSONResponse(statuspage(), headers={"ETag": '"1"'}), PlainTextResponse("<html>"), PlainTextResponse("")]

    async def handler(request):
        return answers.pop(0)

    pages = {"acme": {"url": f"{await service(handler)}/x"}}
    looks = [await read("vendors", "status", pages=pages) for _ in range(3)]

    assert [each.result.status for each in looks] == [UP, UNKNOWN, UNKNOWN]


def test_an_empty_table_reads_the_four_vendors_of_the_platform() -> None:
    assert list(vendors.Options().pages) == ["vercel", "supabase", "stripe", "sentry"]


@pytest.mark.parametrize(
    "pages", [{"Acme!": {"url": "https://x.example/"}}, {"acme": {"url": "ftp://x"}}, {"acme": {}}]
)
def test_pages_that_make_no_sense_are_refused(pages) -> None:
    with pytest.raises(ValidationError):
        vendors.Options(pages=pages)
