"""Beacons come in from the platform's own pages, are committed before they are answered, and bring nobody along."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

import settings
from data import copies, deployments, store, vitals, watch
from model import Deployment, VitalRollup
from routes import _intake, _shipped, _store
from routes import vitals as door
from routes._throttle import Throttle
from rules import drains
from tests.generated import bodies, searched
from tests.routes.test_hooks import sign
from tests.serving import Stage, forget, guarded

ORIGIN = "https://shop.example"
SHA = "3f2c" * 10
GENERATED = int(os.environ.get("WARDROUND_GENERATED", "20000"))
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Mobile/15E148"


@pytest.fixture
def open_door(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage, with pages that may send; and nothing that waits from another test."""
    path = settings.current().path
    text = path.read_text(encoding="utf-8")
    table = f'\n[vitals]\norigins = ["{ORIGIN}"]\nroutes = ["/", "/prescriptions/[id]"]\n'
    hook = '\n[vercel]\ntoken = "t"\nproject = "web"\ndrain_secret = "hook-secret-of-the-test"\n'
    path.write_text(text + table + hook, encoding="utf-8")
    forget()
    monkeypatch.setattr(door, "PAUSE", 0.0)
    monkeypatch.setattr(door, "REST", 0.05)
    door.Doors.intake = door.Intake()
    door.Doors.releases = _shipped.Releases()
    door.Doors.throttle = Throttle(1e9, 1e9, 1e9, 1e9)
    return stage


async def sent(stage: Stage, body: Any, **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"} | headers
    return await stage.client.post("/api/vitals", content=raw, headers=told)


def kept(stage: Stage) -> tuple[VitalRollup, ...]:
    with store.reading(_store.engine(stage.url, False)) as c:
        return vitals.between(c, "hour", stage.now - timedelta(hours=2), stage.now + timedelta(hours=2))


def on_disk(stage: Stage) -> bytes:
    return b"".join(path.read_bytes() for path in Path(stage.folder).rglob("*") if path.is_file())


def counted(stage: Stage) -> dict[str, Any]:
    with store.reading(_store.engine(stage.url, False)) as c:
        return json.loads(watch.noted(c).get("beacons") or "{}")


async def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not what():
        assert asyncio.get_running_loop().time() < end, f"did not come true within {seconds:g} s"
        await asyncio.sleep(0.02)


METRIC = {
    "name": "LCP",
    "value": 2410.5,
    "id": "v6-1-1",
    "path": "/prescriptions/42?mrn=1",
    "rating": "good",
    "delta": 2410.5,
}


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json", "", "application/octet-stream"])
async def test_a_beacon_is_committed_before_it_is_answered(open_door: Stage, kind: str) -> None:
    answer = await sent(open_door, METRIC, **{"Content-Type": kind})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    (one,) = kept(open_door)
    assert (one.name, one.route, one.device, one.good, one.n) == ("LCP", "/prescriptions/[id]", "desktop", 1, 1)
    assert counted(open_door)["accepted"] == 1


async def test_a_list_of_vitals_and_metrics(open_door: Stage) -> None:
    body = [
        METRIC,
        METRIC | {"name": "CLS", "value": 0.05},
        {"name": "api.prescriptions", "value": 90, "tags": {"status": "error"}},
    ]

    assert (await sent(open_door, body, **{"User-Agent": AGENT})).status_code == 204
    assert {(each.name, each.device, each.poor) for each in kept(open_door)} == {
        ("LCP", "phone", 0),
        ("CLS", "phone", 0),
        ("api.prescriptions", "phone", 1),
    }


ANDROID = "Mozilla/5.0 (Linux; Android 16; SM-X920) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"


@pytest.mark.parametrize(
    ("headers", "device"),
    [
        ({"User-Agent": AGENT}, "phone"),
        ({"User-Agent": f"{ANDROID} Mobile Safari/537.36"}, "phone"),
        ({"User-Agent": f"{ANDROID} Safari/537.36"}, "tablet"),
        ({"User-Agent": f"{ANDROID} Safari/537.36", "Sec-CH-UA-Mobile": "?1"}, "phone"),
        ({"User-Agent": "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Mobile/15E148"}, "tablet"),
        ({"User-Agent": "Mozilla/5.0 (Android 16; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0"}, "tablet"),
        ({"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15"}, "desktop"),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Sec-CH-UA-Mobile": "?0"}, "desktop"),
        ({"User-Agent": ""}, "desktop"),
    ],
)
async def test_the_class_of_the_device_is_read_from_what_the_browser_says(open_door: Stage, headers, device) -> None:
    await sent(open_door, METRIC, **headers)
    assert [each.device for each in kept(open_door)] == [device]


async def test_what_is_sent_again_counts_once(open_door: Stage) -> None:
    for value in (2000, 2600, 2100):
        assert (await sent(open_door, METRIC | {"value": value})).status_code == 204
    (one,) = kept(open_door)
    assert (one.good, one.needs) == (0, 1)


def shipped(stage: Stage, days: float, sha: str = SHA, name: str = "dpl_1") -> None:
    at = stage.now - timedelta(days=days)
    with store.writing(_store.engine(stage.url, False)) as c:
        deployments.put(c, [Deployment(name, "web", "production", "ready", at, at, sha)])


@pytest.mark.parametrize("days", [0.01, 89, 400])
async def test_a_release_that_was_deployed_is_kept_from_the_first_beacon_on(open_door: Stage, days: float) -> None:
    shipped(open_door, days)
    await sent(open_door, METRIC | {"release": SHA})
    await sent(open_door, METRIC | {"id": "v6-2", "release": "4b" * 20})
    assert {(each.release, each.n) for each in kept(open_door)} == {("", 1), (SHA, 1)}


async def test_a_release_that_comes_later_is_known_soon(open_door: Stage, monkeypatch) -> None:
    monkeypatch.setattr(_shipped, "FRESH", 0.0)
    await sent(open_door, METRIC | {"release": SHA})
    shipped(open_door, 0.01)
    await sent(open_door, METRIC | {"id": "v6-2", "release": SHA})
    assert {(each.release, each.n) for each in kept(open_door)} == {("", 1), (SHA, 1)}


async def test_the_releases_are_read_once_for_all_that_come_together(open_door: Stage, monkeypatch) -> None:
    asked, read = [], _store.read

    async def counting(work: Any) -> Any:
        asked.append(work)
        return await read(work)

    monkeypatch.setattr(_store, "read", counting)
    await asyncio.gather(*(sent(open_door, METRIC | {"id": f"v6-{n}"}) for n in range(20)))
    assert len(asked) == 1


async def test_without_an_answer_of_the_store_a_beacon_is_judged_all_the_same(open_door: Stage, monkeypatch) -> None:
    async def away(_work: Any) -> Any:
        raise store.StoreError("away")

    monkeypatch.setattr(_store, "read", away)
    assert (await sent(open_door, METRIC | {"release": SHA})).status_code == 204


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (ORIGIN, 204),
        ("https://SHOP.example", 204),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        (f"{ORIGIN}.evil", 403),
        ("http://shop.example", 403),
        (f"{ORIGIN}:444", 403),
    ],
)
async def test_only_pages_of_the_platform_may_send(open_door: Stage, origin: str, status: int) -> None:
    answer = await sent(open_door, METRIC, Origin=origin)
    assert answer.status_code == status
    assert ("access-control-allow-origin" in answer.headers) == (status == 204)
    assert answer.headers.get("access-control-allow-credentials") is None
    ask = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    before = await open_door.client.options("/api/vitals", headers=ask)
    assert before.status_code == status
    assert before.headers.get("access-control-allow-origin", "") in ("", origin)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/html"}, METRIC, 415),
        ({"Content-Type": "multipart/form-data"}, METRIC, 415),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"{}", mtime=0), 415),
        ({}, b"", 400),
        ({}, b"{", 400),
        ({}, b"\xff\xfe", 400),
        ({}, b"[" * 8000, 400),
        ({}, b"x" * 17_000, 413),
        ({}, {"name": "LCP"}, 400),
        ({}, b'{"name":"LCP","value":NaN}', 400),
        ({}, b'{"name":"LCP","value":1e999}', 400),
    ],
)
async def test_what_is_no_beacon_is_refused(open_door: Stage, headers: dict[str, str], body: Any, status: int) -> None:
    assert (await sent(open_door, body, **headers)).status_code == status
    assert kept(open_door) == ()


async def test_a_body_too_long_is_counted_as_refused(open_door: Stage) -> None:
    assert (await sent(open_door, b"x" * 17_000)).status_code == 413
    await until(lambda: counted(open_door).get("refused") == 1)


async def test_a_body_too_slow_is_counted_as_refused(open_door: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_intake, "PATIENCE", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield b"["
            await asyncio.sleep(0.02)

    answer = await open_door.client.post("/api/vitals", content=slow(), headers={"Origin": ORIGIN})
    assert answer.status_code == 408
    await until(lambda: counted(open_door).get("refused") == 1)


async def test_two_without_an_id_are_two(open_door: Stage) -> None:
    bare = {"name": "LCP", "value": 2000, "path": "/"}
    assert [(await sent(open_door, body)).status_code for body in (bare, [bare] * 12, bare)] == [204] * 3
    assert [each.n for each in kept(open_door)] == [14]


async def test_other_methods_have_no_door(open_door: Stage) -> None:
    assert (await open_door.client.get("/api/vitals")).status_code == 405
    assert (await open_door.client.put("/api/vitals", content=b"{}")).status_code == 405


async def test_one_address_cannot_flood_and_what_is_shed_is_counted(open_door: Stage) -> None:
    clock = [1000.0]
    door.Doors.throttle = Throttle(1.0, 5.0, 1e9, 1e9, lambda: clock[0])
    answers = [await sent(open_door, METRIC | {"id": f"v6-{n}"}) for n in range(9)]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429] * 4
    assert answers[-1].headers["retry-after"]
    clock[0] += 2
    assert [(await sent(open_door, METRIC | {"id": f"v6-a{n}"})).status_code for n in range(3)] == [204, 204, 429]
    await until(lambda: counted(open_door) == counted(open_door) | {"accepted": 7, "shed": 5})


async def test_a_body_costs_what_is_in_it(open_door: Stage) -> None:
    door.Doors.throttle = Throttle(1.0, 50.0, 1e9, 1e9, lambda: 1000.0)
    whole = [METRIC | {"id": f"v6-{n}"} for n in range(30)]
    assert [(await sent(open_door, whole)).status_code for _ in range(2)] == [204, 429]
    assert sum(each.n for each in kept(open_door)) == 30
    await until(lambda: counted(open_door) == counted(open_door) | {"accepted": 30, "shed": 30})


async def test_what_fits_is_kept_and_what_does_not_is_counted(open_door: Stage) -> None:
    body = [METRIC, 5, METRIC | {"name": "XYZ"}, METRIC | {"id": "v6-2"}, METRIC | {"value": -1, "id": "v6-3"}]
    assert (await sent(open_door, body)).status_code == 204
    assert [each.n for each in kept(open_door)] == [2]
    assert (await sent(open_door, [5, "x", METRIC | {"value": "y"}])).status_code == 400
    await until(lambda: counted(open_door) == counted(open_door) | {"accepted": 2, "refused": 6})


async def test_of_a_long_list_the_first_fifty_are_kept(open_door: Stage) -> None:
    body = [{"name": "LCP", "value": 2000, "id": f"v6-{n}", "path": "/"} for n in range(80)]
    assert (await sent(open_door, body)).status_code == 204
    assert sum(each.n for each in kept(open_door)) == 50
    await until(lambda: counted(open_door) == counted(open_door) | {"accepted": 50, "refused": 30})


async def test_more_than_can_wait_is_shed_and_what_was_accepted_is_there(open_door: Stage, monkeypatch) -> None:
    monkeypatch.setattr(door, "WAITING", 40)
    answers = await asyncio.gather(
        *(sent(open_door, [METRIC | {"id": f"v6-{n}-{m}"} for m in range(10)]) for n in range(12))
    )
    codes = [answer.status_code for answer in answers]
    assert set(codes) == {204, 503}
    assert sum(each.n for each in kept(open_door)) == 10 * codes.count(204)


@pytest.mark.parametrize("trouble", [store.Full("the disk is full"), ValueError("a mistake of ours")])
async def test_what_cannot_be_kept_is_not_acknowledged(open_door: Stage, monkeypatch, trouble: Exception) -> None:
    def broken(*_: Any) -> int:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(vitals, "add", broken)
        assert [(await sent(open_door, [METRIC, METRIC | {"id": "v6-2"}])).status_code for _ in range(2)] == [503, 503]
        assert kept(open_door) == ()
    assert (await sent(open_door, METRIC)).status_code == 204
    await until(lambda: counted(open_door).get("shed") == 4)


@pytest.mark.parametrize("note", ["{", "[]", "5", '{"day": "DAY", "accepted": "x", "shed": [], "refused": -1}'])
async def test_a_damaged_account_is_begun_anew(open_door: Stage, note: str) -> None:
    with store.writing(_store.engine(open_door.url, False)) as c:
        watch.note(c, "beacons", note.replace("DAY", datetime.now(UTC).date().isoformat()))
    assert (await sent(open_door, METRIC)).status_code == 204
    assert counted(open_door)["accepted"] == 1


async def test_what_is_turned_away_during_a_commit_is_written_without_another_beacon(
    open_door: Stage, monkeypatch
) -> None:
    begun, go_on, add = threading.Event(), threading.Event(), vitals.add

    def slow(*given: Any) -> int:
        begun.set()
        assert go_on.wait(30)
        return add(*given)

    monkeypatch.setattr(vitals, "add", slow)
    first = asyncio.create_task(sent(open_door, METRIC))
    await until(begun.is_set)
    assert (await sent(open_door, METRIC, Origin="https://evil.example")).status_code == 403
    go_on.set()
    assert (await first).status_code == 204
    await until(lambda: counted(open_door).get("refused") == 1)


async def test_a_store_that_cannot_be_written_is_not_asked_without_a_rest(open_door: Stage, monkeypatch) -> None:
    asked: list[float] = []

    async def full(_work: Any) -> None:
        asked.append(asyncio.get_running_loop().time())
        raise store.Full("the disk is full")

    monkeypatch.setattr(door, "REST", 0.2)
    with monkeypatch.context() as patched:
        patched.setattr(_store, "write", full)
        await sent(open_door, METRIC, Origin="https://evil.example")
        await until(lambda: len(asked) >= 4)
    assert min(b - a for a, b in pairwise(asked)) > 0.15
    await until(lambda: counted(open_door).get("refused") == 1)


async def test_a_thousand_replays_with_any_clock_are_one_row_at_our_time(open_door: Stage) -> None:
    """I6: the moment is ours, whatever a page says of its own, and an id counts once."""
    clocks = ["2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 4_102_444_800_000, 0, -1, "soon", None]
    body = [
        METRIC | dict.fromkeys(("timestamp", "at", "created_at", "startTime", "navigationStartTime"), clock)
        for clock in clocks
    ]
    before = datetime.now(UTC)
    for n in range(20):
        assert (await sent(open_door, [body[(n + m) % len(body)] for m in range(50)])).status_code == 204
    with store.reading(_store.engine(open_door.url, False)) as c:
        rows = c.execute(vitals.VITALS.select()).all()
    assert len(rows) == 1
    assert before <= datetime.fromtimestamp(rows[0].at / 1e6, UTC) <= datetime.now(UTC)
    assert [each.n for each in kept(open_door)] == [1]


WHO = [
    "Amara",
    "Bjarne",
    "Chiyoko",
    "Dragomir",
    "Eleonora",
    "Farrukh",
    "Gwendolyn",
    "Hieronymus",
    "Ingeborg",
    "Jaroslav",
]
CANARIES = [
    canary
    for n, who in enumerate(WHO)
    for canary in (
        f"{who}Canary{n}",
        f"{who.lower()}.canary{n}@clinic{n}.example",
        f"MRN-CANARY-{4711 * (n + 3)}",
        f"eyJcanary{n}.{who[::-1]}{n}.sig{n}",
        f"+49170canary{n}{n * 7919:06d}",
    )
]


async def canaried(stage: Stage, canary: str) -> None:
    """The canary in every field of a beacon, in its headers and its address, and in every field of a drain."""
    for body in (
        METRIC | {"id": canary, "path": f"/{canary}", "release": canary, "device": canary, "rating": canary},
        METRIC | {"id": f"{canary}2", "route": f"/prescriptions/{canary}", "navigationType": canary, "url": canary},
        {
            "name": f"api.{canary}",
            "value": 5,
            "id": f"{canary}3",
            "tags": {"status": canary, canary: canary},
            canary: canary,
        },
        METRIC | {"entries": [{"name": canary}], "attribution": {"target": canary}, "id": f"{canary}4"},
        [METRIC | {"id": f"{canary}5"}, {"name": canary, "value": 1}],
        {"name": canary, "value": 1},
        [canary],
        canary,
    ):
        headers = {"Referer": f"https://x.example/{canary}"}
        await sent(stage, body, **headers, **dict.fromkeys(("User-Agent", "Cookie", "X-Forwarded-For"), canary))
    await stage.client.post(f"/api/vitals?q={canary.replace('@', '')}", json=METRIC, headers={"Origin": ORIGIN})
    fields = ("path", "route", "city", "region", "deviceId", "deploymentId", "clientName", "attribution", "deviceType")
    rows = [drained(stage, **dict.fromkeys(fields, canary)), drained(stage, metricType=canary), canary]
    assert (await drain(stage, json.dumps(rows).encode())).status_code == 204


@pytest.mark.slow
async def test_of_fifty_canaries_in_every_field_none_is_kept(
    open_door: Stage, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """I4: neither in the store and its log, nor in a backup, in what is logged and in what is measured of us."""
    assert len(set(CANARIES)) == 50
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the test's own client, which is no part of the door
    for canary in CANARIES:
        await canaried(open_door, canary)
    metrics = await open_door.client.get("/metrics", headers={"Authorization": "Bearer scraper-0123456789abcdef"})
    copies.backup(open_door.url, tmp_path / "backup.db")

    found = kept(open_door)
    assert sum(each.n for each in found if each.source == "beacon") > 200, "what had a measurement in it was taken"
    assert sum(each.n for each in found if each.source == "drain") == 50
    disk = on_disk(open_door)
    for canary in CANARIES:
        for word in (canary, canary.partition("@")[0]):
            assert word.encode() not in disk
            assert word not in caplog.text
            assert word not in metrics.text
    assert b"canary" not in disk.lower()


async def posted(app: Starlette, raw: bytes) -> tuple[int, bytes]:
    """One beacon without a client in between: twenty thousand of them would take most of the time."""
    said: list[Message] = []
    headers = [(b"host", b"localhost"), (b"origin", ORIGIN.encode()), (b"content-length", b"%d" % len(raw))]
    scope = {"type": "http", "method": "POST", "path": "/api/vitals", "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope | {"scheme": "http", "client": ("203.0.113.9", 5000), "server": ("localhost", 80)}, receive, send)
    return said[0]["status"], said[-1].get("body", b"")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_whatever_is_sent_the_door_stands(open_door: Stage) -> None:
    """Twenty thousand generated bodies and more, five hundred at a time: 204 or a 4xx with words, never a 5xx."""
    corners = await asyncio.get_running_loop().run_in_executor(None, searched, GENERATED // 100)
    every, codes, app = sorted(corners | set(bodies(GENERATED))), Counter[int](), guarded()
    assert len(every) > GENERATED
    assert len(corners) > GENERATED // 100
    for at in range(0, len(every), 500):
        some = every[at : at + 500]
        for raw, (status, words) in zip(some, await asyncio.gather(*(posted(app, raw) for raw in some)), strict=True):
            codes[status] += 1
            assert status in (204, 400, 413), (raw, words)
            assert status == 204 or json.loads(words)["error"]
    assert codes[204] > GENERATED / 6
    assert codes[400] > GENERATED / 3
    assert codes[204] < sum(each.n for each in kept(open_door)) <= counted(open_door)["accepted"], "an id comes twice"


# --- drains ----------------------------------------------------------------------------------------------------------


def drained(stage: Stage, **more: Any) -> dict[str, Any]:
    return {
        "schema": "vercel.speed_insights.v1",
        "timestamp": stage.now.isoformat(),
        "projectId": "prj_1",
        "deviceId": 123,
        "metricType": "LCP",
        "value": 2410.5,
        "origin": ORIGIN,
        "path": "/prescriptions/9",
        "route": "/prescriptions/[id]",
        "deviceType": "mobile",
        "vercelEnvironment": "production",
        "city": "CANARYTOWN",
    } | more


async def drain(stage: Stage, raw: bytes, signature: str | None = None, **headers: str) -> httpx.Response:
    told = {"x-vercel-signature": sign(raw) if signature is None else signature} | headers
    return await stage.client.post("/api/hooks/vercel-drain", content=raw, headers=told)


@pytest.mark.parametrize("shape", ["list", "lines", "one", "gzip"])
async def test_a_signed_drain_comes_in_in_every_shape(open_door: Stage, shape: str) -> None:
    rows = [drained(open_door), drained(open_door, metricType="CLS", value=0.3)]
    raw = {
        "list": json.dumps(rows),
        "lines": "\n".join(map(json.dumps, rows)),
        "one": json.dumps(rows[0]),
        "gzip": json.dumps(rows),
    }[shape].encode()
    packed = {"Content-Encoding": "gzip"} if shape == "gzip" else {}

    answer = await drain(open_door, gzip.compress(raw) if packed else raw, **packed)

    assert answer.status_code == 204
    found = {each.name: (each.route, each.device, each.source) for each in kept(open_door)}
    assert found["LCP"] == ("/prescriptions/[id]", "phone", "drain")
    assert len(found) == (1 if shape == "one" else 2)
    assert b"CANARYTOWN" not in on_disk(open_door)


async def test_what_a_drain_brought_and_what_was_left_out_is_in_the_account(open_door: Stage) -> None:
    rows = [drained(open_door), drained(open_door, metricType="CLS", value=0.3), drained(open_door, value=-1), 5]
    assert (await drain(open_door, json.dumps(rows).encode())).status_code == 204
    assert counted(open_door) == counted(open_door) | {"drained": 2, "dropped": 2}
    assert "accepted" not in counted(open_door)


async def test_a_drained_measurement_belongs_to_the_release_of_its_deployment(open_door: Stage) -> None:
    shipped(open_door, 1, name="dpl_9")
    rows = [drained(open_door, deploymentId=each, value=2000 + n) for n, each in enumerate(["dpl_9", "dpl_8", 5, None])]
    assert (await drain(open_door, json.dumps(rows).encode())).status_code == 204
    assert {(each.release, each.n) for each in kept(open_door)} == {(SHA, 1), ("", 3)}


async def test_a_drain_is_read_beside_the_loop_that_serves_pages(open_door: Stage, monkeypatch) -> None:
    threads, rows = [], drains.rows

    def noting(raw: bytes, *, gzipped: bool) -> list[Any]:
        threads.append(threading.current_thread())
        return rows(raw, gzipped=gzipped)

    monkeypatch.setattr(drains, "rows", noting)
    assert (await drain(open_door, json.dumps([drained(open_door)]).encode())).status_code == 204
    assert threading.current_thread() not in threads
    assert len(threads) == 1


async def test_a_drain_that_is_sent_again_counts_once(open_door: Stage) -> None:
    raw = json.dumps([drained(open_door)]).encode()
    for _ in range(3):
        assert (await drain(open_door, raw)).status_code == 204
    assert [each.n for each in kept(open_door)] == [1]


@pytest.mark.parametrize(
    "more",
    [
        {"schema": "v2"},
        {"value": 2.4},
        {"value": -1},
        {"value": "x"},
        {"vercelEnvironment": "preview"},
        {"metricType": "XYZ"},
        {"timestamp": "2020-01-01T00:00:00Z"},
        {"timestamp": "soon"},
    ],
)
async def test_what_is_not_plausible_or_not_ours_is_left_out(open_door: Stage, more: dict[str, Any]) -> None:
    assert (await drain(open_door, json.dumps([drained(open_door, **more), 5, "x"]).encode())).status_code == 204
    assert kept(open_door) == ()


async def test_forged_and_broken_drains_are_refused(open_door: Stage) -> None:
    raw = json.dumps([drained(open_door)]).encode()
    assert (await drain(open_door, raw, "")).status_code == 401
    assert (await drain(open_door, raw, sign(raw + b" "))).status_code == 401
    for broken in (b"{", b"\xff", b"[" * 9000, gzip.compress(b"x" * 50)[:-4], gzip.compress(b" " * (9 << 20))):
        assert (await drain(open_door, broken)).status_code == 400, broken[:20]
    assert kept(open_door) == ()
