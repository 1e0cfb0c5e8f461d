"""What really serves, what failed, what to go back to; domains that point elsewhere. Wardround only ever asks."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from integrations._vercel import domains
from integrations.vercel import Options
from model import Status

TOKEN = "canary-token-4242"
PROJECT, LIST, ROLLING = "/v9/projects/web", "/v7/deployments", "/v1/projects/prj_1/rolling-release"
DOMAINS, CERTS = "/v9/projects/web/domains", "/v8/certs"


@pytest.fixture
def row(noon):
    """One deployment, made so many minutes ago."""

    def made(uid, minutes, state="READY", target="production", **more):
        at = int((noon - timedelta(minutes=minutes)).timestamp() * 1000)
        shape = {
            "uid": uid,
            "name": "web",
            "created": at,
            "state": state,
            "readyState": state,
            "target": target,
            "inspectorUrl": f"https://vercel.com/acme/web/{uid}",
            "creator": {"email": "someone@acme.example"},
            "meta": {
                "githubCommitSha": f"{uid[4:]}abc1234",
                "githubCommitRef": "main",
                "githubCommitMessage": "fix *it*",
            },
        }
        times = {"buildingAt": at + 2000, "ready": at + 61_000} if state == "READY" else {}
        return shape | times | more

    return made


def project(serves="dpl_2", **more):
    return {"id": "prj_1", "name": "web", "targets": {"production": {"id": serves, "readyState": "READY"}}} | more


def listed(*rows, following=None):
    return {"deployments": list(rows), "pagination": {"count": len(rows), "next": following}}


@pytest.fixture
def vercel(service, read):
    """Reads a Vercel that answers these by path; remembers the requests in ``vercel.asked``."""
    requests = []

    async def asked(reading, answers, **options):
        async def handler(request):
            requests.append(request)
            assert request.headers["authorization"] == f"Bearer {TOKEN}"
            found = answers.get(request.url.path)
            found = found(request) if callable(found) and not isinstance(found, Response) else found
            if isinstance(found, Response):
                return found
            return JSONResponse(found) if found is not None else JSONResponse({"error": {"code": "not_found"}}, 404)

        options = {"base": await service(handler), "token": TOKEN, "project": "web"} | options
        return await read("vercel", reading, **options)

    asked.asked = requests
    return asked


async def test_what_serves_is_what_the_project_says_not_the_newest(vercel, row) -> None:
    rows = [row("dpl_3", 5, target=None), row("dpl_2", 30), row("dpl_1", 90, readySubstate="PROMOTED")]

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(*rows)})

    assert found.result.status is Status.UP
    assert [(each.id, each.target, each.state, each.serving) for each in found.deployments] == [
        ("dpl_3", "preview", "ready", False),
        ("dpl_2", "production", "ready", True),
        ("dpl_1", "production", "ready", False),
    ]
    one = found.deployments[1]
    assert (one.commit, one.branch, one.message, one.queued, one.built) == ("2abc1234", "main", "fix *it*", 2.0, 59.0)
    assert one.link == "https://vercel.com/acme/web/dpl_2"
    assert dict(found.result.facts) == {
        "serving": "2abc123",
        "previous": "1abc123",
        "rollback": "vercel rollback dpl_1",
    }
    assert {each.name: each.value for each in found.figures} == {
        "deployments_24h": 3,
        "failed_24h": 0,
        "build": 59,
        "queue": 2,
    }
    assert "someone@" not in repr(found)
    assert {request.method for request in vercel.asked} == {"GET"}


@pytest.mark.parametrize(("team", "name"), [("team_9", "teamId"), ("acme", "slug")])
async def test_the_team_is_named_in_every_question_and_in_the_command(team, name, vercel, row) -> None:
    answers = {PROJECT: project(rollingRelease={}), LIST: listed(row("dpl_2", 3), row("dpl_1", 9))}

    found = await vercel("deployments", answers, team=team)

    assert [request.query_params[name] for request in vercel.asked] == [team] * len(vercel.asked)
    assert dict(found.result.facts)["rollback"] == f"vercel rollback dpl_1 --scope {team}"


async def test_one_goes_back_to_what_served_before(vercel, row) -> None:
    rows = [row("dpl_2", 1), row("dpl_x", 2, readySubstate="STAGED"), row("dpl_1", 3, isRollbackCandidate=True)]

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(*rows)})

    assert dict(found.result.facts)["previous"] == "1abc123"


async def test_a_failed_build_is_degraded_while_the_old_one_serves(vercel, row) -> None:
    rows = [row("dpl_4", 1, "BUILDING"), row("dpl_3", 5, "ERROR", errorCode="BUILD_FAILED"), row("dpl_2", 30)]

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(*rows)})

    assert {part.name: part.status for part in found.result.parts} == {
        "production": Status.UP,
        "builds": Status.DEGRADED,
    }
    assert "3abc123 failed (BUILD_FAILED)" in found.result.words
    assert {each.name: each.value for each in found.figures}["failed_24h"] == 1


async def test_production_that_is_pinned_by_a_rollback_is_a_finding(vercel, row) -> None:
    back = {"type": "rollback", "jobStatus": "succeeded", "toDeploymentId": "dpl_1", "fromDeploymentId": "dpl_2"}
    about = project("dpl_1", lastAliasRequest=back)

    found = await vercel("deployments", {PROJECT: about, LIST: listed(row("dpl_2", 3), row("dpl_1", 30))})

    assert [each.kind for each in found.result.findings] == ["vercel-pinned"]


@pytest.mark.parametrize("state", ["pending", "failed"])
async def test_a_rollback_that_did_not_happen_pins_nothing(state, vercel, row) -> None:
    back = {"type": "rollback", "jobStatus": state, "toDeploymentId": "dpl_2"}

    found = await vercel("deployments", {PROJECT: project(lastAliasRequest=back), LIST: listed(row("dpl_2", 3))})

    assert found.result.findings == ()


async def test_a_ready_one_that_does_not_serve_is_a_finding(vercel, row) -> None:
    found = await vercel("deployments", {PROJECT: project(), LIST: listed(row("dpl_3", 3), row("dpl_2", 30))})

    assert [each.kind for each in found.result.findings] == ["vercel-not-serving"]


@pytest.mark.parametrize(
    ("release", "status", "words"),
    [
        ({"state": "ACTIVE", "activeStage": {"index": 0, "targetPercentage": 25}}, Status.UP, "25 %"),
        ({"state": "ABORTED"}, Status.DEGRADED, "aborted"),
        ({"state": "PURPLE"}, Status.UNKNOWN, "not known"),
    ],
)
async def test_a_rolling_release_is_a_part(release, status, words, vercel, row) -> None:
    answers = {
        PROJECT: project(rollingRelease={"target": "production"}),
        LIST: listed(row("dpl_2", 3)),
        ROLLING: {"rollingRelease": release},
    }

    found = await vercel("deployments", answers)

    part = found.result.parts[-1]
    assert (part.name, part.status) == ("rolling", status)
    assert words in part.words


async def test_pages_are_read_until_what_serves_is_among_them(vercel, row) -> None:
    def page(request):
        until = request.query_params.get("until")
        return JSONResponse(listed(row("dpl_2", 300)) if until else listed(row("dpl_9", 3), following=1763890000000))

    found = await vercel("deployments", {PROJECT: project(), LIST: page})

    assert [each.id for each in found.deployments] == ["dpl_9", "dpl_2"]


async def test_pages_are_bounded(vercel, row) -> None:
    answer = JSONResponse(listed(row("dpl_9", 3), following=5))

    await vercel("deployments", {PROJECT: project(), LIST: lambda _: answer})

    asked = [request.query_params.get("target") for request in vercel.asked if request.url.path == LIST]
    assert asked == [None, "production", "production", "production"]


async def test_previews_do_not_crowd_out_the_way_back(vercel, row) -> None:
    def page(request):
        if request.query_params.get("target") == "production":
            return JSONResponse(listed(row("dpl_2", 300), row("dpl_1", 900, isRollbackCandidate=True)))
        return JSONResponse(listed(*(row(f"dpl_p{n}", n, target=None) for n in range(50)), following=5))

    found = await vercel("deployments", {PROJECT: project(), LIST: page})

    assert len(found.deployments) == 52
    assert [each.id for each in found.deployments if each.serving] == ["dpl_2"]
    assert dict(found.result.facts)["rollback"] == "vercel rollback dpl_1"


async def test_what_serves_as_the_last_of_a_page_has_one_before_it(vercel, row) -> None:
    def page(request):
        if request.query_params.get("target") != "production":
            return JSONResponse(listed())
        if "until" in request.query_params:
            return JSONResponse(listed(row("dpl_1", 900)))
        return JSONResponse(listed(row("dpl_2", 300), following=7))

    found = await vercel("deployments", {PROJECT: project(), LIST: page})

    assert dict(found.result.facts)["rollback"] == "vercel rollback dpl_1"


@pytest.mark.parametrize("uid", ["--yes", "dpl_1; rm", "dpl_1\n", "../x", "dpl_\u202e1", "", 5, "x" * 65])
async def test_an_id_that_is_none_never_becomes_part_of_a_command(uid, vercel, row) -> None:
    rows = [row("dpl_2", 3), row("dpl_1", 9) | {"uid": uid, "id": None}]

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(*rows)})

    assert [each.id for each in found.deployments] == ["dpl_2"]
    assert "rollback" not in dict(found.result.facts)


@pytest.mark.parametrize(
    ("sha", "commit"), [("3f2c9aa" + "0" * 33, "3f2c9aa" + "0" * 33), ("$(x)", ""), ("main", ""), (None, "")]
)
async def test_a_commit_is_hexadecimal_or_none(sha, commit, vercel, row) -> None:
    one = row("dpl_2", 3, meta={"githubCommitSha": sha})

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(one)})

    assert found.deployments[0].commit == commit


async def test_an_older_server_is_asked_the_older_way(vercel, row) -> None:
    found = await vercel("deployments", {PROJECT: project(), "/v6/deployments": listed(row("dpl_2", 3))})

    assert [each.id for each in found.deployments] == ["dpl_2"]


async def test_unknown_states_and_odd_rows_do_no_harm(vercel, row) -> None:
    rows = [
        row("dpl_9", 1, "PURPLE"),
        row("dpl_8", 1, "BLOCKED", target={"x": 1}),
        {"uid": 5},
        "x",
        {"created": "never"},
        row(
            "dpl_2",
            -600,
            inspectorUrl="javascript:alert(1)",
            meta={"githubCommitMessage": "a\x00b\n<script>" + "x" * 999},
        ),
    ]

    found = await vercel("deployments", {PROJECT: project(), LIST: listed(*rows)})

    assert {each.id: each.state for each in found.deployments} == {
        "dpl_9": "unknown",
        "dpl_8": "blocked",
        "dpl_2": "ready",
    }
    odd = next(each for each in found.deployments if each.id == "dpl_2")
    assert odd.link == ""
    assert len(odd.message) <= 200
    assert "\n" not in odd.message


@pytest.mark.parametrize(
    ("about", "status", "words"),
    [
        ({"id": "prj_1", "targets": {}}, Status.UNKNOWN, ""),
        ({"id": "prj_1", "paused": True, "targets": {"production": {"id": "dpl_2"}}}, Status.DOWN, "paused"),
        ({"hello": 1}, Status.UNKNOWN, "names no project"),
        ([1], Status.UNKNOWN, "names no project"),
        (JSONResponse({"error": {"invalidToken": True}}, 403), Status.UNKNOWN, "does not belong to the team"),
        (JSONResponse({}, 401), Status.UNKNOWN, "refuses the token"),
        (JSONResponse({}, 402), Status.UNKNOWN, "plan"),
        (JSONResponse({}, 404), Status.UNKNOWN, "no such project"),
        (JSONResponse({}, 502), Status.UNKNOWN, "answered 502"),
        (PlainTextResponse("<html>"), Status.UNKNOWN, "a web page"),
        (PlainTextResponse("{{{"), Status.UNKNOWN, "not JSON"),
    ],
)
async def test_the_project_decides(about, status, words, vercel, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    found = await vercel("deployments", {PROJECT: about, LIST: listed()})

    assert found.result.status is status
    assert words in found.result.words
    assert "canary" not in repr(found) + caplog.text


async def test_a_limit_that_is_used_up_is_obeyed_until_its_reset(vercel, row, hand, service, read) -> None:
    reset = int(hand().timestamp()) + 90
    asked = []

    async def handler(request):
        asked.append(request.url.path)
        return JSONResponse({"error": {"code": "rate_limited"}}, 429, {"X-RateLimit-Reset": str(reset)})

    base = await service(handler)
    for seconds in (0, 89, 2):
        hand.forward(seconds)
        found = await read("vercel", "deployments", base=base, token=TOKEN, project="web")
        assert "limits" in found.result.words
    assert len(asked) == 2


async def test_a_list_that_fails_leaves_what_the_project_says(vercel) -> None:
    found = await vercel("deployments", {PROJECT: project(), LIST: JSONResponse({}, 500)})

    assert {part.name: part.status for part in found.result.parts} == {
        "production": Status.UP,
        "builds": Status.UNKNOWN,
    }
    assert found.figures == ()
    assert {"builds", "deployments", "facts"} <= set(found.unread), "what was known of them stands"


async def test_domains_and_their_certificate_are_parts(vercel, noon) -> None:
    ms = int(noon.timestamp() * 1000)
    day = 86_400_000
    answers = {
        DOMAINS: {
            "domains": [
                {"name": "a.example", "verified": True},
                {"name": "b.example", "verified": True},
                {"name": "c.example", "verified": False},
                {"name": "d.example"},
                {"name": "../x"},
                5,
            ]
        },
        "/v6/domains/a.example/config": {"misconfigured": False, "configuredBy": "CNAME"},
        "/v6/domains/b.example/config": {"misconfigured": True},
        "/v6/domains/c.example/config": {"misconfigured": False},
        "/v6/domains/d.example/config": JSONResponse({}, 500),
        CERTS: {
            "certs": [
                {"cns": ["a.example"], "expiresAt": ms + 2 * day},
                {"cns": ["a.example"], "expiresAt": ms + 60 * day},
                {"cns": ["b.example", "www.b.example"], "expiresAt": ms + 5 * day},
                {"cns": ["other.example"], "expiresAt": ms},
            ]
        },
    }

    found = await vercel("domains", answers)

    assert {part.name: part.status for part in found.result.parts} == {
        "a.example": Status.UP,
        "b.example": Status.DOWN,
        "c.example": Status.DEGRADED,
        "d.example": Status.UNKNOWN,
        "certificates": Status.DEGRADED,
    }
    assert found.result.parts[-1].words == "b.example: 5 days left", "an older certificate that was renewed is no news"
    assert [(each.kind, each.of) for each in found.result.findings] == [("vercel-domain-b.example", "b.example")]
    assert found.unread == ("d.example",)
    assert {each.name: each.value for each in found.figures} == {"domains": 4, "certificate_days": 5}


async def test_lists_of_domains_and_certificates_are_paged(vercel, noon) -> None:
    end = int(noon.timestamp() * 1000) + 5 * 86_400_000

    def domains(request):
        n = int(request.query_params.get("until", 0))
        following = n + 1 if n < 2 else None
        return JSONResponse({"domains": [{"name": f"d{n}.example"}], "pagination": {"next": following}})

    def certs(request):
        n = int(request.query_params.get("until", 0))
        covered = [{"cns": ["d2.example"], "expiresAt": end}] if n else []
        return JSONResponse({"certs": covered or [{"cns": ["x"]}], "pagination": {"next": None if n else 1}})

    configs = {f"/v6/domains/d{n}.example/config": {"misconfigured": False} for n in range(3)}
    found = await vercel("domains", configs | {DOMAINS: domains, CERTS: certs})

    names = [part.name for part in found.result.parts]
    assert names == ["d0.example", "d1.example", "d2.example", "certificates"]
    assert found.result.parts[-1].words == "d2.example: 5 days left"


async def test_domains_that_were_not_looked_at_are_said(vercel, monkeypatch) -> None:
    monkeypatch.setattr(domains, "MOST", 3)
    many = {"domains": [{"name": f"d{n}.example"} for n in range(5)]}
    endless = {"certs": [{"cns": ["x.example"]}] * 2, "pagination": {"next": 1}}
    configs = {f"/v6/domains/d{n}.example/config": {"misconfigured": False} for n in range(5)}

    found = await vercel("domains", configs | {DOMAINS: many, CERTS: endless})

    said = {part.name: (part.status, part.words) for part in found.result.parts}
    assert said["more-domains"] == (Status.UNKNOWN, "2 domains not looked at")
    assert said["more-certificates"] == (Status.UNKNOWN, "only the first 10 certificates were looked at")
    assert {each.name: each.value for each in found.figures}["domains"] == 5


async def test_no_domain_and_no_list_of_certificates_are_no_trouble(vercel) -> None:
    found = await vercel("domains", {DOMAINS: {"domains": []}})

    assert found.result.status is Status.UP
    assert found.result.words == "the project has no domain"


@pytest.mark.parametrize("wrong", [{"token": "canary\nx"}, {"token": ""}, {"team": "a b"}, {"project": "../x"}])
def test_what_cannot_be_meant_is_refused_at_start(wrong) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(**{"token": TOKEN, "project": "web"} | wrong)
    assert "canary" not in str(caught.value)
