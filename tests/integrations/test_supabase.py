"""Tables, services and row level security from outside; the project, its disk, backups and advisors from its makers."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from integrations._supabase import _tables
from integrations.supabase import Options, readings
from model import Status

REF = "abcdefghijklmnopqrst"
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
ANON, SERVICE, TOKEN = "sb_publishable_canary1", "sb_secret_canary2", "sbp_canary3"
HEALTHY = {
    "/auth/v1/health": {"version": "v2", "name": "GoTrue"},
    "/storage/v1/health": {"healthy": True},
    "/realtime/v1/api/ping": {"message": "Success"},
}
P = f"/v1/projects/{REF}"


def jwt(role: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"role": role, "ref": REF}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.canary"


def head(range_, status=200, code=""):
    """What PostgREST answers to HEAD."""
    headers = {"Content-Range": range_} if range_ else {}
    return Response(b"", status, headers | ({"Proxy-Status": f"PostgREST; error={code}"} if code else {}))


@pytest.fixture
def supabase(service, read):
    """Reads a Supabase that answers these by path, or by (path, key)."""
    requests = []

    async def asked(reading, answers, **options):
        async def handler(request):
            requests.append(request)
            path, key = request.url.path, request.headers.get("apikey", "")
            found = answers.get((path, key), answers.get(path))
            found = found(request) if callable(found) and not isinstance(found, Response) else found
            if isinstance(found, Response):
                return found
            return JSONResponse(found) if found is not None else JSONResponse({"message": "no"}, 404)

        base = await service(handler)
        seconds = options.pop("seconds", 8.0)
        return await read("supabase", reading, **{"ref": REF, "url": base, "base": base} | options, seconds=seconds)

    asked.requests = requests
    return asked


def states(found):
    return {part.name: part.status for part in found.result.parts}


# --- the data plane --------------------------------------------------------------------------------------------------


async def test_tables_are_counted_through_the_package_without_a_row(supabase) -> None:
    answers = HEALTHY | {"/rest/v1/user_profiles": head("0-0/42", 206), "/rest/v1/medicines": head("*/0")}

    found = await supabase("data", answers, service_key=SERVICE, tables=["user_profiles", "medicines"])

    assert states(found) == {
        "user_profiles": UP,
        "medicines": UP,
        "auth": UP,
        "storage": UP,
        "realtime": UP,
    }
    assert {each.name: each.value for each in found.figures} == {"rows_user_profiles": 42, "rows_medicines": 0}
    rest = [request for request in supabase.requests if request.url.path.startswith("/rest/")]
    assert {request.method for request in rest} == {"HEAD"}
    assert all("count=exact" in request.headers["prefer"] for request in rest)
    assert {request.headers["apikey"] for request in supabase.requests} == {SERVICE}


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (head("", 503, "PGRST000"), DOWN, ""),
        (JSONResponse({"code": "PGRST003", "message": "x"}, 504), DOWN, ""),
        (head("", 404, "PGRST205"), UNKNOWN, ""),
        (head("", 401), UNKNOWN, ""),
        (head("0-0/*", 206), UNKNOWN, "no count"),
        (PlainTextResponse("<html>", 502), DOWN, ""),
    ],
)
async def test_a_table_that_does_not_answer_is_down_and_what_is_ours_is_unknown(answer, state, words, supabase) -> None:
    answers = HEALTHY | {"/rest/v1/user_profiles": answer}

    found = await supabase("data", answers, anon_key=ANON, tables=["user_profiles"])

    assert found.result.parts[0].status is state
    assert words in found.result.parts[0].words
    assert len([r for r in supabase.requests if r.url.path.startswith("/rest/")]) == 1, "no silent retry"


async def test_a_slow_table_is_degraded(supabase) -> None:
    answers = HEALTHY | {"/rest/v1/user_profiles": head("0-0/42", 206)}

    found = await supabase("data", answers, anon_key=ANON, tables=["user_profiles"], slow=0.0001)

    assert found.result.parts[0].status is DEGRADED
    assert found.result.parts[0].latency > 0


@pytest.mark.parametrize(
    ("path", "answer", "state", "words"),
    [
        ("/auth/v1/health", JSONResponse({}, 500), DOWN, "answered 500"),
        ("/auth/v1/health", JSONResponse({"message": "x"}, 540), DOWN, "paused"),
        ("/auth/v1/health", JSONResponse({"message": "Invalid API key"}, 401), UNKNOWN, "key"),
        ("/storage/v1/health", JSONResponse({"healthy": False}), DOWN, "not healthy"),
        ("/realtime/v1/api/ping", PlainTextResponse("", 404), UNKNOWN, "no such service"),
        *((path, HTMLResponse("<html>welcome"), UNKNOWN, "a web page") for path in HEALTHY),
        *((path, JSONResponse(["fine"]), UNKNOWN, "is this Supabase?") for path in HEALTHY),
        *((path, Response(b""), UNKNOWN, "is this Supabase?") for path in HEALTHY),
        ("/storage/v1/health", JSONResponse({"healthy": "yes"}), UNKNOWN, "is this Supabase?"),
        ("/functions/v1/health", JSONResponse({"code": "BOOT_ERROR"}, 503), DOWN, "BOOT"),
        ("/functions/v1/health", PlainTextResponse("ok"), UP, ""),
        ("/functions/v1/health", JSONResponse({}, 429), UNKNOWN, "limits"),
    ],
)
async def test_each_service_speaks_for_itself(path, answer, state, words, supabase) -> None:
    answers = HEALTHY | {"/functions/v1/health": {}, path: answer}

    found = await supabase("data", answers, anon_key=ANON, tables=[], functions=["health"])

    part = next(
        part for part in found.result.parts if part.name in (path.split("/")[1], "function-" + path.split("/")[3])
    )
    assert (part.status, words in part.words) == (state, True)
    assert [each for each in found.result.parts if each.status is not UP] == ([part] if state is not UP else [])


async def test_a_data_plane_that_nobody_reaches_may_be_our_own_line(read) -> None:
    found = await read("supabase", "data", url="http://127.0.0.1:9", anon_key=ANON, tables=["a"])

    assert found.result.status is DOWN
    assert found.result.network


async def test_rows_of_our_own_tables_can_be_read(supabase, tools, service) -> None:
    async def handler(request):
        assert request.query_params["order"] == "created_at.desc"
        assert request.query_params["limit"] == "2"
        return JSONResponse([{"name": "LCP", "value": 2100.5}, {"name": "CLS", "value": 0.1}])

    options = Options(url=await service(handler), anon_key=ANON, vitals_table="web_vitals")

    found = await _tables.rows(options, tools, "web_vitals", "name,value", "created_at", 2)

    assert found == [{"name": "LCP", "value": 2100.5}, {"name": "CLS", "value": 0.1}]


async def test_a_table_of_vitals_is_read_as_strangers_wrote_it(service, read) -> None:
    async def handler(request):
        assert request.query_params["select"] == "metric_id,name,value,path,device,failed,created_at"
        rows = [
            {
                "metric_id": "v6-1",
                "name": "LCP",
                "value": 2100,
                "path": "/x",
                "device": None,
                "created_at": "2026-11-23T11:00:00Z",
            },
            {"metric_id": "", "name": "LCP", "value": 1},
            {"metric_id": "7", "name": "api.x", "value": 8, "failed": True, "created_at": "2026-11-23T11:00:00Z"},
            {"metric_id": "v6-2", "value": "x", "created_at": 5},
            7,
        ]
        return JSONResponse(rows)

    found = await read("supabase", "vitals", url=await service(handler), anon_key=ANON, vitals_table="web_vitals")

    said = [(each.uid, each.name, each.value, each.failed) for each in found.sent]
    assert said == [("v6-1", "LCP", 2100.0, False), ("7", "api.x", 8.0, True)]


async def test_a_table_that_may_not_be_read_is_unknown(service, read) -> None:
    async def handler(request):
        return JSONResponse({"code": "42501", "message": "permission denied canary"}, 401)

    found = await read("supabase", "vitals", url=await service(handler), anon_key=ANON, vitals_table="web_vitals")

    assert found.result.status is UNKNOWN
    assert "42501" in found.result.words
    assert "canary" not in repr(found)


# --- row level security ----------------------------------------------------------------------------------------------

T = "/rest/v1/prescriptions"


async def rls(supabase, answers, **more):
    return await supabase("rls", answers, anon_key=ANON, protected=["prescriptions"], **more)


@pytest.mark.parametrize("range_", ["0-0/42", "0-0/*", "0-0/1"])
async def test_a_row_that_a_stranger_sees_is_the_gravest_finding(range_, supabase) -> None:
    found = await rls(supabase, {T: head(range_, 206)})

    assert found.result.status is DOWN
    assert [(each.kind, each.of) for each in found.result.findings] == [("rls-open-prescriptions", "prescriptions")]
    assert found.result.words == "anyone on the internet can read rows of prescriptions"
    assert {request.method for request in supabase.requests} == {"HEAD"}, "no row may come over the wire"


async def test_tables_are_closed_only_when_every_one_was_looked_at(supabase) -> None:
    answers = {T: head("*/0"), "/rest/v1/notes": head("", 503, "PGRST000")}

    found = await supabase("rls", answers, anon_key=ANON, protected=["prescriptions", "notes"])

    assert (found.result.status, found.unread) == (UNKNOWN, ("notes",))
    assert found.result.words == "notes: Supabase: the database cannot be reached (PGRST000)"


@pytest.mark.parametrize(
    ("stranger", "ours", "state", "words"),
    [
        (head("*/0"), head("0-0/9", 206), UP, "closed"),
        (head("*/*"), head("0-0/*", 206), UP, "closed"),
        (head("*/0"), head("*/0"), UNKNOWN, "empty"),
        (head("*/0"), head("", 500), UP, "could not look"),
        (head("", 401, "42501"), head(""), UP, "no grant"),
        (head("", 401), head(""), UNKNOWN, "refuses the anon key"),
        (head("", 404, "PGRST205"), head(""), UNKNOWN, "no table"),
        (head("", 503, "PGRST000"), head(""), UNKNOWN, "cannot be reached"),
        (head(""), head(""), UNKNOWN, "does not say"),
    ],
)
async def test_what_is_seen_from_outside_is_judged_with_what_is_there(stranger, ours, state, words, supabase) -> None:
    found = await rls(supabase, {(T, ANON): stranger, (T, SERVICE): ours}, service_key=SERVICE)

    assert found.result.status is state
    said = found.result.words + "".join(part.words for part in found.result.parts)
    assert words in said
    assert found.result.findings == ()


async def test_without_a_secret_key_it_is_said_that_nothing_is_proven(supabase) -> None:
    found = await rls(supabase, {T: head("*/0")})

    assert found.result.status is UP
    assert "not known" in found.result.parts[0].words


# --- the management API ----------------------------------------------------------------------------------------------

GOOD = {
    P: {"id": REF, "status": "ACTIVE_HEALTHY", "region": "eu-central-1", "database": {"version": "17.4"}},
    f"{P}/health": [{"name": "db", "healthy": True, "status": "ACTIVE_HEALTHY"}],
    f"{P}/readonly": {"enabled": False, "override_enabled": False},
}


async def test_the_project_its_services_and_its_mode(supabase) -> None:
    found = await supabase("project", GOOD, token=TOKEN)

    assert states(found) == {"project": UP, "db": UP, "writes": UP}
    assert dict(found.result.facts) == {"region": "eu-central-1", "postgres": "17.4"}
    asked = next(request for request in supabase.requests if request.url.path.endswith("/health"))
    assert asked.query_params.getlist("services") == ["auth", "db", "pooler", "realtime", "rest", "storage"]
    assert {request.headers["authorization"] for request in supabase.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("path", "body", "part", "state"),
    [
        (P, {"status": "INACTIVE"}, "project", DOWN),
        (P, {"status": "ACTIVE_UNHEALTHY"}, "project", DEGRADED),
        (P, {"status": "PURPLE"}, "project", UNKNOWN),
        (P, JSONResponse({}, 403), "project", UNKNOWN),
        (f"{P}/health", [{"name": "pooler", "healthy": False, "status": "UNHEALTHY", "error": "full"}], "pooler", DOWN),
        (f"{P}/health", [{"name": "rest", "healthy": False, "status": "ACTIVE_HEALTHY"}], "rest", DOWN),
        (f"{P}/health", [{"name": "rest", "status": "PURPLE"}], "rest", UNKNOWN),
        (f"{P}/health", {"x": 1}, "services", UNKNOWN),
        (f"{P}/readonly", {"enabled": True, "override_enabled": False}, "writes", DOWN),
        (f"{P}/readonly", {"enabled": True, "override_enabled": True}, "writes", UP),
        (f"{P}/readonly", {}, "writes", UNKNOWN),
    ],
)
async def test_each_part_of_the_project(path, body, part, state, supabase) -> None:
    found = await supabase("project", GOOD | {path: body}, token=TOKEN)

    assert states(found)[part] is state
    assert [each.kind for each in found.result.findings] == ["supabase-read-only"] * (
        part == "writes" and state is DOWN
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"message": "x"}, 401), "refuses the token"),
        (JSONResponse({"message": "x"}, 402), "plan"),
        (JSONResponse({"message": "x"}, 403), "does not let the token"),
        (JSONResponse({"message": "x"}, 404), "no such project"),
        (JSONResponse({"message": "x"}, 500), "answered 500"),
        (PlainTextResponse("<html>"), "a web page"),
        (PlainTextResponse("{"), "not JSON"),
    ],
)
@pytest.mark.parametrize("reading", ["project", "disk", "backups", "advisors"])
async def test_what_cannot_be_read_is_unknown_with_the_reason(reading, answer, words, supabase, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    class Same(dict):
        def get(self, key, default=None):
            return answer

    found = await supabase(reading, Same(), token=TOKEN)

    assert found.result.status is UNKNOWN
    accepted = reading == "advisors" and answer.status_code == 404
    assert words in found.result.words or accepted
    assert found.result.words
    assert "canary" not in repr(found) + caplog.text


async def test_a_limit_counts_seconds_that_are_left(supabase, service, read, hand) -> None:
    asked = []

    async def handler(request):
        asked.append(1)
        return JSONResponse({"message": "x"}, 429, {"X-RateLimit-Reset": "30", "X-RateLimit-Remaining": "0"})

    base = await service(handler)
    for seconds in (0, 29, 2):
        hand.forward(seconds)
        await read("supabase", "backups", base=base, ref=REF, token=TOKEN)
    assert len(asked) == 2


def util(used):
    return {"metrics": {"fs_size_bytes": 1000, "fs_used_bytes": used, "fs_avail_bytes": 1}}


@pytest.mark.parametrize(("used", "state"), [(799, UP), (800, DEGRADED), (950, DOWN), (1001, UNKNOWN), ("x", UNKNOWN)])
async def test_the_disk(used, state, supabase) -> None:
    counts = [
        {"timestamp": "2026-11-23T10:00:00", "total_rest_requests": 7},
        {"timestamp": "2026-11-23T11:00:00", "total_rest_requests": 9, "total_auth_requests": "3"},
    ]
    answers = {
        f"{P}/config/disk/util": util(used),
        f"{P}/functions": [{"slug": "mail", "status": "THROTTLED"}, {"slug": "old", "status": "REMOVED"}],
        f"{P}/analytics/endpoints/usage.api-counts": {"result": counts},
    }

    found = await supabase("disk", answers, token=TOKEN)

    assert states(found) == {"disk": state, "function-mail": DEGRADED}
    figures = {each.name: each.value for each in found.figures}
    assert (figures["requests_rest"], figures["requests_auth"]) == (9, 3)
    assert figures.get("disk") == (used / 10 if state is not UNKNOWN else None)
    assert [each.kind for each in found.result.findings] == ["supabase-disk"] * (state in (DEGRADED, DOWN))


async def backup(supabase, promised="7d", **body):
    shape = {"region": "x", "walg_enabled": True, "pitr_enabled": False, "backups": [], "physical_backup_data": {}}
    return await supabase("backups", {f"{P}/database/backups": shape | body}, token=TOKEN, recovery_window=promised)


@pytest.mark.parametrize(("hours", "state"), [(3, UP), (27, DEGRADED), (51, DOWN), (-1, UP)])
async def test_a_daily_backup_grows_old(hours, state, supabase, noon) -> None:
    at = (noon - timedelta(hours=hours)).isoformat()
    rows = [
        {"id": 1, "status": "COMPLETED", "inserted_at": at},
        {"id": 2, "status": "COMPLETED", "inserted_at": "2020-01-01T00:00:00Z"},
    ]

    found = await backup(supabase, backups=rows)

    assert found.result.status is state
    assert found.figures[0].value == max(0, hours)


async def test_a_backup_that_failed_is_degraded_though_an_older_one_is_fresh(supabase, noon) -> None:
    rows = [
        {"status": "FAILED", "inserted_at": (noon - timedelta(hours=1)).isoformat()},
        {"status": "COMPLETED", "inserted_at": (noon - timedelta(hours=25)).isoformat()},
    ]

    found = await backup(supabase, backups=rows)

    assert found.result.status is DEGRADED
    assert "failed" in found.result.words


def window(noon, days: float, hours: float) -> dict[str, int]:
    """A window that begins so many days ago, and ends so many hours ago."""
    return {
        "earliest_physical_backup_date_unix": int(noon.timestamp() - days * 86_400),
        "latest_physical_backup_date_unix": int(noon.timestamp() - hours * 3600),
    }


async def test_point_in_time_recovery_has_a_window(supabase, noon) -> None:
    found = await backup(supabase, pitr_enabled=True, physical_backup_data=window(noon, 7, 1 / 30))

    assert (found.result.status, found.result.findings) == (UP, ())
    assert {each.name: round(each.value, 2) for each in found.figures} == {"recovery_window": 7.0, "backup_age": 0.03}
    assert dict(found.result.facts) == {
        "recovery": "point in time",
        "promised": "7 d",
        "last write kept": "2 min ago",
    }


@pytest.mark.parametrize(
    ("days", "promised", "state"), [(7, "7d", UP), (6.9, "7d", DEGRADED), (7, "14d", DEGRADED), (3, "2d", UP)]
)
async def test_a_window_that_is_shorter_than_promised_is_degraded(days, promised, state, supabase, noon) -> None:
    answers = {"pitr_enabled": True, "physical_backup_data": window(noon, days, 0.1)}

    found = await backup(supabase, promised=promised, **answers)

    assert found.result.status is state
    assert [each.kind for each in found.result.findings] == ["supabase-recovery-window"] * (state is DEGRADED)
    assert ("promised" in found.result.words) is (state is DEGRADED)


async def test_an_idle_database_is_no_alarm(supabase, noon) -> None:
    """It writes no log, so the newest moment is old; one can go back as far as ever."""
    found = await backup(supabase, pitr_enabled=True, physical_backup_data=window(noon, 7, 60))

    assert (found.result.status, found.result.findings) == (UP, ())
    assert dict(found.result.facts)["last write kept"] == "2 d 12 h ago"


async def test_a_window_that_is_not_said_is_unknown(supabase) -> None:
    found = await backup(supabase, pitr_enabled=True)

    assert (found.result.status, found.result.findings) == (UNKNOWN, ())


async def test_no_backup_at_all_is_unknown_and_a_finding(supabase) -> None:
    found = await backup(supabase)

    assert found.result.status is UNKNOWN
    assert [each.kind for each in found.result.findings] == ["supabase-no-backup"]


def lint(name, level="ERROR", table="t", **more):
    return {
        "name": name, "title": f"Title of {name}", "level": level, "remediation": "https://supabase.com/docs/x",
        "metadata": {"schema": "public", "name": table, "type": "table"}, "detail": "canary",
    } | more  # fmt: skip


ADVISORS = f"{P}/advisors/security"


async def test_advisors_become_findings(supabase) -> None:
    lints = [
        lint("rls_disabled_in_public"),
        lint("rls_disabled_in_public", table="u"),
        lint("function_search_path_mutable", "WARN"),
        lint("trivial", "INFO"),
        lint("brand_new_lint", "WARN", remediation="javascript:x"),
        {"name": 5},
        "x",
    ]

    found = await supabase("advisors", {ADVISORS: {"lints": lints}}, token=TOKEN)

    assert found.result.status is DOWN
    assert [each.kind for each in found.result.findings] == [
        "supabase-rls_disabled_in_public-public.t",
        "supabase-rls_disabled_in_public-public.u",
        "supabase-function_search_path_mutable-public.t",
        "supabase-brand_new_lint-public.t",
    ]
    assert all("https://supabase.com/" in each.fix for each in found.result.findings)
    assert {each.name: each.value for each in found.figures} == {"advisors_grave": 2, "advisors": 2}


@pytest.mark.parametrize(("lints", "state"), [([], UP), ([lint("no_backup_admin", "WARN")], DEGRADED)])
async def test_where_the_old_advisors_are_gone_the_new_ones_are_asked(lints, state, supabase) -> None:
    answers = {f"/v2/projects/{REF}/advisors/run": {"data": {"attributes": {"lints": lints}}}}

    found = await supabase("advisors", answers, token=TOKEN)

    assert found.result.status is state
    assert [request.method for request in supabase.requests] == ["GET", "POST"]


async def test_advisors_that_could_not_run_are_unknown(supabase) -> None:
    found = await supabase("advisors", {ADVISORS: {"lints": [lint("project_not_active")]}}, token=TOKEN)

    assert found.result.status is UNKNOWN


async def test_a_slow_service_ends_with_the_deadline(service, read) -> None:
    async def handler(request):
        await asyncio.sleep(5)
        return JSONResponse({})

    base = await service(handler)
    found = await read("supabase", "rls", seconds=0.3, url=base, anon_key=ANON, protected=["prescriptions"])

    assert found.result.words == "Supabase did not answer within 0.3 s"


# --- configuration ---------------------------------------------------------------------------------------------------


def test_each_reading_runs_where_it_has_what_it_needs() -> None:
    def names(**options):
        return [each.name for each in readings(Options(**options))]

    managed = ["project", "disk", "backups", "advisors"]
    assert names(ref=REF, anon_key=ANON) == ["data", "rls"]
    assert names(ref=REF, service_key=SERVICE) == ["data"]
    assert names(ref=REF, token=TOKEN) == managed
    assert names(ref=REF, anon_key=jwt("anon"), service_key=jwt("service_role"), token=TOKEN) == [
        "data",
        "rls",
        *managed,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ref": REF},
        {"anon_key": ANON},
        {"url": "https://x.example", "token": TOKEN},
        {"ref": "short", "anon_key": ANON},
        {"ref": REF, "anon_key": SERVICE},
        {"ref": REF, "anon_key": jwt("service_role")},
        {"ref": REF, "service_key": jwt("anon")},
        {"ref": REF, "service_key": ANON},
        {"ref": REF, "token": "canary"},
        {"ref": REF, "anon_key": ANON + "\nx"},
        {"ref": REF, "anon_key": ANON, "tables": ["a;drop"]},
        {"ref": REF, "anon_key": "eyJ.canary.x"},
    ],
)
def test_what_cannot_be_meant_is_refused_at_start(wrong) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(**wrong)
    assert "canary" not in str(caught.value)
