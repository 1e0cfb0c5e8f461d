"""Issues, releases, sessions, quota and vitals as Sentry answers them, new and old; what is not offered is said so."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from integrations._sentry._scope import following
from integrations.sentry import Options
from model import Status

TOKEN = "sntryi_canary4242"
O = "/api/0/organizations/acme"  # noqa: E741
ISSUES, PROJECTS = f"{O}/issues/", f"{O}/projects/"
LINK = (
    '<{0}?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
    '<{0}?cursor=x>; rel="next"; results="{1}"; cursor="0:{2}:0"'
)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


@pytest.fixture
def row(noon):
    """One issue as Sentry lists it."""

    def made(uid, substatus="ongoing", hours=100.0, **more):
        stats = [[1763802000 + 3600 * n, n] for n in range(24)]
        return {
            "id": uid,
            "shortId": f"WEB-{uid}",
            "title": f"TypeError {uid}",
            "culprit": "app/cart in pay",
            "level": "error",
            "status": "unresolved",
            "substatus": substatus,
            "priority": "high",
            "isUnhandled": True,
            "count": "25",
            "userCount": 3,
            "firstSeen": (noon - timedelta(hours=hours)).isoformat(),
            "lastSeen": noon.isoformat(),
            "permalink": f"https://acme.sentry.io/issues/{uid}/",
            "stats": {"24h": stats},
            "project": {"id": "1", "slug": "web"},
            "assignedTo": {"email": "someone@acme.example"},
        } | more

    return made


@pytest.fixture
def sentry(service, read):
    """Reads a Sentry that answers these by path; remembers the requests in ``sentry.requests``."""
    requests = []

    async def asked(reading, answers, seconds=8.0, **options):
        async def handler(request):
            requests.append(request)
            assert request.headers["authorization"] == f"Bearer {TOKEN}"
            found = answers.get(request.url.path)
            found = found(request) if callable(found) and not isinstance(found, Response) else found
            if isinstance(found, Response):
                return found
            return JSONResponse(found) if found is not None else JSONResponse({"detail": "no"}, 404)

        options = {"base": await service(handler), "token": TOKEN, "org": "acme"} | options
        return await read("sentry", reading, seconds=seconds, **options)

    asked.requests = requests
    return asked


def figures(found):
    return {each.name: each.value for each in found.figures}


def states(found):
    return {part.name: part.status for part in found.result.parts}


# --- issues ----------------------------------------------------------------------------------------------------------


async def test_unresolved_issues_with_whom_they_hit(sentry, row) -> None:
    rows = [row("1"), row("2", "regressed"), row("3", "escalating"), row("4", "new", hours=2)]

    found = await sentry("issues", {ISSUES: rows})

    assert found.result.status is DEGRADED
    assert found.result.words == "4 unresolved, 1 new, 1 regressed, 1 escalating"
    assert states(found) == {"new": UP, "regressed": DEGRADED, "escalating": DEGRADED}
    assert figures(found) == {
        "issues_unresolved": 4,
        "issues_new_24h": 1,
        "issues_regressed": 1,
        "issues_escalating": 1,
        "users_hit": 12,
        "events_per_hour": 88,
    }
    one = found.issues[0]
    assert (one.id, one.short, one.title, one.project, one.level, one.state) == (
        "1",
        "WEB-1",
        "TypeError 1",
        "web",
        "error",
        "ongoing",
    )
    assert (one.count, one.users, one.culprit, one.priority, one.unhandled) == (25, 3, "app/cart in pay", "high", True)
    assert (one.link, one.hourly[-2:]) == ("https://acme.sentry.io/issues/1/", (22, 23))
    assert "someone@" not in repr(found)
    asked = sentry.requests[0].query_params
    assert asked["query"] == "is:unresolved"
    assert asked.getlist("collapse") == ["lifetime", "filtered"]


async def test_pages_are_followed_and_bounded_and_the_whole_is_counted(sentry, row) -> None:
    cursors = []

    def page(request):
        cursors.append(request.query_params.get("cursor"))
        n = len(cursors)
        return JSONResponse([row(str(n))], headers={"Link": LINK.format(ISSUES, "true", n * 100), "X-Hits": "517"})

    found = await sentry("issues", {ISSUES: page})

    assert cursors == [None, "0:100:0", "0:200:0"]
    assert figures(found)["issues_unresolved"] == 517
    assert len(found.issues) == 3


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        (LINK.format("https://s/x", "true", 100), "0:100:0"),
        (LINK.format("https://s/x", "false", 100), ""),
        ("", ""),
        ("<a>; rel=next", ""),
        ('<a>; rel="next"; results="true"; cursor="../x"', ""),
        ("<" * 5000, ""),
    ],
)
def test_the_next_page_is_where_the_link_says(link, cursor) -> None:
    assert following(link) == cursor


async def test_an_issue_of_two_environments_is_one(sentry, row) -> None:
    def listed(request):
        many = request.query_params["environment"] == "production"
        return JSONResponse([row("1", count="90" if many else "5")] + ([row("2")] if not many else []))

    found = await sentry("issues", {ISSUES: listed}, environments=["production", "staging"])

    assert [(each.id, each.count, each.environment) for each in found.issues] == [
        ("1", 90, "production, staging"),
        ("2", 25, "staging"),
    ]


async def test_a_server_that_wants_projects_by_number_is_asked_so(sentry, row) -> None:
    def listed(request):
        numbers = request.query_params.getlist("project")
        return JSONResponse([row("1")]) if numbers == ["7"] else JSONResponse({"detail": "numbers"}, 400)

    answers = {ISSUES: listed, PROJECTS: [{"id": "7", "slug": "web"}, {"id": "8", "slug": "api"}]}

    found = await sentry("issues", answers, projects=["web"])

    assert [each.id for each in found.issues] == ["1"]


async def test_an_older_server_is_asked_project_by_project(sentry, row) -> None:
    answers = {"/api/0/projects/acme/web/issues/": [row("1")], "/api/0/projects/acme/api/issues/": [row("2")]}

    found = await sentry("issues", answers, projects=["web", "api"])

    assert [each.id for each in found.issues] == ["1", "2"]


async def test_an_older_server_is_paged_as_well(sentry, row) -> None:
    path = "/api/0/projects/acme/web/issues/"

    def page(request):
        n = 2 if request.query_params.get("cursor") else 1
        return JSONResponse([row(str(n))], headers={"Link": LINK.format(path, "true" if n == 1 else "false", 100)})

    found = await sentry("issues", {path: page}, projects=["web"])

    assert [each.id for each in found.issues] == ["1", "2"]


@pytest.mark.parametrize("reading", ["issues", "health"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"environments": ["production", "prodution"]}, "Sentry knows no environment prodution"),
        ({"projects": ["web", "wbe"]}, "Sentry knows no project wbe, or the token does not see it"),
    ],
)
async def test_a_misspelt_name_is_no_older_server(reading, options, words, sentry, row) -> None:
    def answer(request):
        asked = request.query_params
        strange = "prodution" in asked.getlist("environment") or "wbe" in asked.getlist("project")
        return JSONResponse({"detail": "The requested resource does not exist"}, 404) if strange else JSONResponse([])

    paths = (ISSUES, f"{O}/releases/", f"{O}/sessions/", f"{O}/stats_v2/")
    answers = dict.fromkeys(paths, answer) | {PROJECTS: [{"id": "1", "slug": "web"}]}
    if reading == "issues" and "environments" in options:
        options = options | {"projects": ["web"]}

    found = await sentry(reading, answers, **options)

    assert (found.result.status, found.result.words) == (UNKNOWN, words)
    assert "environments" in found.fix


async def test_many_projects_are_seen_page_by_page(sentry, row) -> None:
    def projects(request):
        last = "cursor" in request.query_params
        link = LINK.format(PROJECTS, "false" if last else "true", 100)
        return JSONResponse([{"id": "7", "slug": "web" if last else "api"}], headers={"Link": link})

    found = await sentry("issues", {ISSUES: [], PROJECTS: projects}, projects=["web"])

    assert found.result.status is UP


async def test_errors_of_an_hour_are_those_that_sentry_took(sentry, row, noon) -> None:
    hours = [(noon + timedelta(minutes=30, hours=n - 4)).isoformat() for n in range(5)]
    taken = {"by": {"outcome": "accepted"}, "series": {"sum(quantity)": [1, 2, 30, 417, 5]}}
    dropped = {"by": {"outcome": "rate_limited"}, "series": {"sum(quantity)": [9, 9, 9, 9, 9]}}
    answers = {ISSUES: [row("1")], f"{O}/stats_v2/": {"intervals": hours, "groups": [dropped, taken]}}

    found = await sentry("issues", answers)

    assert figures(found)["events_per_hour"] == 30, "the hour from 10:30 is the last that is over"


@pytest.mark.parametrize(
    ("projects", "seen", "kinds"),
    [
        ([], [], ["sentry-sees-no-project"]),
        (["web"], [{"id": "2", "slug": "api"}], ["sentry-sees-no-project"]),
        (["web"], [{"id": "1", "slug": "web"}], []),
        ([], None, []),
    ],
)
async def test_no_issue_is_only_good_news_when_a_project_is_seen(projects, seen, kinds, sentry) -> None:
    found = await sentry("issues", {ISSUES: [], PROJECTS: seen}, projects=projects)

    assert [each.kind for each in found.result.findings] == kinds
    assert found.result.status is (UNKNOWN if kinds else UP)
    assert bool(found.fix) == bool(kinds)


async def test_odd_rows_and_unknown_words_do_no_harm(sentry, row) -> None:
    rows = [
        row("1", "purple"),
        row("2", None, hours=1),
        row("3", None),
        row("4", status="resolved"),
        row("5", status="ignored", level="loud", count="many", userCount=None, stats={"24h": [[1, "x"], 5]}),
        row("6", permalink="javascript:alert(1)"),
        row("7", permalink="https://x/?token=1"),
        {"id": "8"},
        "x",
        None,
        row("9", title="a@b.example <script>\n" + "x" * 500, project="web", hours=-3),
        row("10", firstSeen=5, lastSeen=True),
    ]

    found = await sentry("issues", {ISSUES: rows})

    by = {each.id: each for each in found.issues}
    assert [by[uid].state for uid in "12345"] == ["unknown", "new", "ongoing", "resolved", "archived"]
    assert (by["5"].level, by["5"].count, by["5"].users, by["5"].hourly) == ("unknown", 0, 0, (0,))
    assert (by["6"].link, by["7"].link) == ("", "")
    assert by["9"].title.startswith("[removed] <script> ")
    assert len(by["9"].title) <= 200
    assert set(by) == set("12345679")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"detail": f"bad {TOKEN}"}, 401), "refuses the token"),
        (JSONResponse({"detail": {"code": "x"}}, 403), "does not let the token"),
        (JSONResponse({"detail": "no"}, 404), "knows no such"),
        (JSONResponse({"detail": "slow"}, 429), "limits"),
        (JSONResponse({}, 500), "answered 500"),
        (JSONResponse({"a": 1}), "another shape"),
        (PlainTextResponse("<html>sign in"), "a web page"),
        (PlainTextResponse("[{"), "not JSON"),
        (Response(status_code=302, headers={"Location": "/login"}), "redirects"),
    ],
)
@pytest.mark.parametrize("reading", ["issues", "health", "vitals", "privacy"])
async def test_what_cannot_be_read_is_unknown_and_tells_no_token(reading, answer, words, sentry, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    class Same(dict):
        def get(self, key, default=None):
            return answer

    found = await sentry(reading, Same())

    said = found.result.words
    assert found.result.status is UNKNOWN
    assert words in said or ("not offered" in said and answer.status_code == 404)
    assert "canary" not in repr(found) + caplog.text


@pytest.mark.parametrize("body", [{"a": 1}, "x", 5, None])
async def test_releases_that_are_no_list_are_not_none(body, sentry) -> None:
    answers = {f"{O}/releases/": JSONResponse(body), f"{O}/sessions/": sessions(("a", 1.0, 200))}

    found = await sentry("health", answers | {f"{O}/stats_v2/": outcomes(accepted=1)})

    assert states(found) == {"releases": UNKNOWN, "crash-free": UP, "quota": UP}
    assert found.result.parts[0].words == "Sentry's list of releases has another shape"
    assert {"releases", "issues"} <= set(found.unread)


@pytest.mark.parametrize("path", ["sessions", "stats_v2"])
async def test_shares_and_losses_that_are_not_said_are_not_good(path, sentry, release) -> None:
    answers = {
        f"{O}/releases/": [release("a", 1)],
        f"{O}/sessions/": sessions(("a", 1.0, 200)),
        f"{O}/stats_v2/": outcomes(accepted=1),
        f"{O}/{path}/": {"groups": 5},
    }

    found = await sentry("health", answers)

    name = {"sessions": "crash-free", "stats_v2": "quota"}[path]
    assert [part.name for part in found.result.parts if part.status is UNKNOWN] == [name]
    assert "another shape" in next(part.words for part in found.result.parts if part.name == name)


async def test_a_token_that_sees_no_project_finds_no_health_in_that(sentry) -> None:
    answers = {
        f"{O}/releases/": [],
        f"{O}/sessions/": {"groups": []},
        f"{O}/stats_v2/": {"groups": []},
        PROJECTS: [],
    }

    found = await sentry("health", answers)

    assert found.result.status is UNKNOWN
    assert [each.kind for each in found.result.findings] == ["sentry-sees-no-project"]
    assert found.fix


async def test_a_limit_that_is_used_up_is_obeyed_until_its_reset(service, read, hand, row) -> None:
    asked = []

    async def handler(request):
        asked.append(1)
        reset = {"X-Sentry-Rate-Limit-Remaining": "0", "X-Sentry-Rate-Limit-Reset": str(int(hand().timestamp()) + 40)}
        return JSONResponse([row("1")], headers=reset)

    base = await service(handler)
    states = []
    for seconds in (0, 39, 2):
        hand.forward(seconds)
        states.append((await read("sentry", "issues", base=base, token=TOKEN, org="acme")).result.status)
    assert len(asked) == 2
    assert states == [UP, UNKNOWN, UP]


async def test_a_slow_service_ends_with_the_deadline(service, read) -> None:
    async def handler(request):
        await asyncio.sleep(5)
        return JSONResponse([])

    found = await read("sentry", "issues", seconds=0.3, base=await service(handler), token=TOKEN, org="acme")

    assert found.result.words == "Sentry did not answer within 0.3 s"


# --- releases, sessions, quota ---------------------------------------------------------------------------------------


@pytest.fixture
def release(noon):
    def made(version, hours):
        at = (noon - timedelta(hours=hours)).isoformat()
        deploy = {"environment": "production", "dateFinished": at, "name": "x"}
        return {
            "version": version,
            "dateCreated": at,
            "newGroups": 2,
            "lastDeploy": deploy,
            "projects": [{"slug": "web"}],
            "authors": [{"email": "someone@acme.example"}],
        }

    return made


def group(by, **totals):
    return {"by": by, "totals": totals}


def sessions(*pairs):
    return {
        "groups": [
            group({"release": name}, **{"crash_free_rate(session)": rate, "sum(session)": n}) for name, rate, n in pairs
        ]
    }


def outcomes(**counts):
    return {"groups": [group({"outcome": name}, **{"sum(quantity)": n}) for name, n in counts.items()]}


async def test_releases_sessions_and_quota(sentry, release, row) -> None:
    def listed(request):
        assert request.query_params["query"] in ('is:unresolved firstRelease:"b"', 'is:unresolved firstRelease:"a"')
        return JSONResponse([row("9")] if '"b"' in request.query_params["query"] else [])

    answers = {
        f"{O}/releases/": [release("b", 1), release("a", 30)],
        ISSUES: listed,
        f"{O}/sessions/": sessions(("b", 0.99, 300), ("a", 1.0, 100), ("", 0.5, 9), ("c", None, 9)),
        f"{O}/stats_v2/": outcomes(accepted=900, filtered=50, rate_limited=100),
    }

    def explored(request):
        release = request.query_params["query"]
        return JSONResponse({"data": [OLD | many(400)] if release == 'release:"b"' else []})

    found = await sentry("health", answers | {EVENTS: explored})

    assert [{figure.name: figure.value for figure in each.vitals} for each in found.releases] == [
        {"lcp_p75": 2000, "lcp_samples": 400, "samples": 400},
        {},
    ]

    assert [
        (each.version, each.environment, each.new_issues, each.crash_free, each.sessions) for each in found.releases
    ] == [
        ("b", "production", 2, 99.0, 300),
        ("a", "production", 2, 100.0, 100),
    ]
    assert [(each.id, each.release) for each in found.issues] == [("9", "b")]
    assert states(found) == {"releases": UP, "crash-free": UP, "quota": DEGRADED}
    assert figures(found) == {"crash_free": 99.25, "sessions": 400, "events_accepted": 900, "events_dropped": 100}
    assert [(each.kind, each.of) for each in found.result.findings] == [("sentry-drops-events", "quota")]
    assert found.unread == ()
    assert "10.0 %" in found.result.findings[0].words
    assert "someone@" not in repr(found)


@pytest.mark.parametrize("refused", [False, True])
async def test_a_release_says_whether_it_was_asked_which_issues_it_brought(refused, sentry, release, row) -> None:
    def listed(_request):
        return JSONResponse({"detail": "no"}, 500) if refused else JSONResponse([])

    answers = {
        f"{O}/releases/": [release(each, hours) for hours, each in enumerate("dcba")],
        ISSUES: listed,
        f"{O}/sessions/": sessions(("d", 0.99, 300)),
        f"{O}/stats_v2/": outcomes(accepted=1),
        EVENTS: {"data": []},
    }

    found = await sentry("health", answers)

    assert [each.asked for each in found.releases] == [not refused] * 3 + [False]


@pytest.mark.parametrize(
    ("free", "n", "state"),
    [(0.995, 200, UP), (0.98, 200, DEGRADED), (0.9, 200, DOWN), (0.5, 99, UNKNOWN), (1.5, 200, UNKNOWN)],
)
async def test_crash_free_sessions_are_judged_when_there_are_enough(free, n, state, sentry) -> None:
    answers = {f"{O}/releases/": [], f"{O}/sessions/": sessions(("a", free, n)), f"{O}/stats_v2/": outcomes(accepted=1)}

    assert states(await sentry("health", answers))["crash-free"] is state


async def test_what_a_server_does_not_offer_is_said_so(sentry, release) -> None:
    found = await sentry("health", {f"{O}/releases/": [release("a", 1)]})

    assert states(found) == {"releases": UP, "crash-free": UNKNOWN, "quota": UNKNOWN}
    assert {part.words for part in found.result.parts[1:]} == {"not offered by this server"}
    assert {"crash-free", "quota"} <= set(found.unread)
    assert found.releases[0].crash_free is None


# --- vitals ----------------------------------------------------------------------------------------------------------

EVENTS = f"{O}/events/"
VITALS = {"lcp": 2310.4, "inp": 600, "cls": 0.04, "fcp": 1000, "ttfb": 900}
NEW = {f"p75(browser.web_vital.{name}.value)": value for name, value in VITALS.items()}
OLD = {"p75(measurements.lcp)": 2000.0}


def many(n, **others):
    """How many measurements of each vital, beside a hundred thousand spans of all kinds."""
    counts = {f"count(browser.web_vital.{name}.value)": others.get(name, n) for name in VITALS}
    return counts | {"count(measurements.lcp)": n, "count_web_vitals(measurements.lcp, any)": n, "count()": 100_000}


async def test_vitals_are_graded_at_the_75th_percentile(sentry) -> None:
    def events(request):
        failing = "failure_rate()" in request.query_params.getlist("field")
        return JSONResponse({"data": [{"failure_rate()": 0.021} if failing else NEW | many(812)], "meta": {}})

    found = await sentry("vitals", {EVENTS: events})

    assert states(found) == {"lcp": UP, "inp": DEGRADED, "cls": UP, "fcp": UP, "ttfb": DEGRADED}
    assert figures(found)["lcp_p75"] == 2310.4
    assert figures(found)["failure_rate"] == pytest.approx(2.1)
    assert found.result.facts == (("dataset", "spans"),)
    assert "poor" in found.result.words
    failing = [each for each in sentry.requests if "failure_rate()" in each.query_params.getlist("field")]
    assert [each.query_params["query"] for each in failing] == ["is_transaction:true"], "requests, not all spans"


async def test_old_names_and_datasets_are_tried_when_the_new_hold_nothing(sentry) -> None:
    asked = []

    def events(request):
        fields = request.query_params.getlist("field")
        asked.append((request.query_params["dataset"], "measurements" in fields[0]))
        if "failure_rate()" in fields:
            return JSONResponse({"detail": "Internal Error"}, 500)
        if asked[-1] == ("metricsEnhanced", True):
            return JSONResponse({"data": [OLD | many(500)]})
        return JSONResponse({"data": [dict.fromkeys(NEW)]}) if asked[-1][0] == "spans" else JSONResponse({}, 400)

    found = await sentry("vitals", {EVENTS: events})

    order = [("spans", False), ("spans", True), ("metricsEnhanced", False), ("metricsEnhanced", True)]
    assert list(dict.fromkeys(asked))[:4] == order
    assert states(found) == {"lcp": UP}
    assert "failure_rate" not in figures(found)
    assert found.result.facts == (("dataset", "metricsEnhanced"),)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": []}, "holds no Web Vitals"),
        ({"data": [dict.fromkeys(NEW)]}, "holds no Web Vitals"),
        (None, "not offered"),
    ],
)
async def test_nothing_measured_is_unknown_never_zero(answer, words, sentry) -> None:
    found = await sentry("vitals", {EVENTS: answer})

    assert found.result.status is UNKNOWN
    assert words in found.result.words
    assert found.figures == ()


async def test_few_measurements_are_not_enough_data_however_many_spans_there_are(sentry) -> None:
    found = await sentry("vitals", {EVENTS: {"data": [NEW | many(99, lcp=100)]}})

    assert states(found) == {"lcp": UP, "inp": UNKNOWN, "cls": UNKNOWN, "fcp": UNKNOWN, "ttfb": UNKNOWN}
    assert found.result.parts[1].words == "not enough data (99 of 100)"
    assert (figures(found)["lcp_samples"], figures(found)["samples"]) == (100, 99)


async def test_a_number_that_is_not_said_is_not_guessed(sentry) -> None:
    found = await sentry("vitals", {EVENTS: {"data": [NEW | {"count()": 5000}]}})

    assert set(states(found).values()) == {UNKNOWN}
    assert found.result.parts[0].words == "2310 ms; of how many is not said"


async def test_a_server_that_counts_no_field_is_asked_vital_by_vital(sentry) -> None:
    def events(request):
        query = request.query_params
        if any(each.startswith("count(browser") for each in query.getlist("field")):
            return JSONResponse({"detail": "count takes no field"}, 400)
        name = query.get("query", "").partition("web_vital.")[2].partition(".")[0]
        if name == "inp":
            return JSONResponse({"detail": "unknown field"}, 400)
        return JSONResponse({"data": [{f"p75(browser.web_vital.{name}.value)": 50.0, "count()": 120}]})

    found = await sentry("vitals", {EVENTS: events})

    assert set(states(found)) == {"lcp", "cls", "fcp", "ttfb"}
    assert figures(found)["samples"] == 120
    asked = {each.query_params.get("query") for each in sentry.requests}
    assert "has:browser.web_vital.lcp.value" in asked


# --- configuration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("good", ["sntryi_x", "sntryu_x", "sntrya_x", "ab" * 32, " sntryi_x\n"])
def test_tokens_that_can_read_issues_are_taken(good) -> None:
    assert Options(token=good, org="acme").token.get_secret_value() == good.strip()


@pytest.mark.parametrize(
    "bad", ["sntrys_canary", "canary", "sntryi_canary\nsntryi_two", "sntryi_can ary", "", "AB" * 32]
)
def test_tokens_that_cannot_are_refused_at_start(bad) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(token=bad, org="acme")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"org": "../x"}, {"projects": ["a/b"]}, {"base": "https://u:p@x"}, {"sample": 0}])
def test_what_cannot_be_meant_is_refused_at_start(wrong) -> None:
    with pytest.raises(ValidationError):
        Options(**{"token": TOKEN, "org": "acme"} | wrong)
