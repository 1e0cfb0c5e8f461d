"""Our own errors reach a real Sentry door, and of forty canaries in every kind of error path none does."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

import checks
import data.store
import integrations
import reporting
import settings
from checks.http import Options
from data.tables import DEPLOYMENTS
from model import Integration, Monitor
from routes._guard import Guard
from tests.serving import configured, forget
from tests.staging import Stage, stage
from ui import shelf

__all__ = ["stage"]

CANARIES = [f"CANARY-{n:02d}-sk_live_{n:024d}" for n in range(40)]
log = logging.getLogger("wardround.test")


class Door:
    """What came in, unpacked."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []

    @property
    def text(self) -> str:
        return b"\n".join(self.raw).decode()

    @property
    def events(self) -> list[dict[str, Any]]:
        rows = [json.loads(line) for raw in self.raw for line in raw.splitlines() if line.startswith(b"{")]
        return [row for row in rows if "exception" in row or "logentry" in row]

    def kinds(self) -> list[str]:
        return [each["exception"]["values"][-1]["type"] for each in self.events if "exception" in each]


@pytest.fixture
def door() -> Iterator[Door]:
    """A server that takes envelopes, and reporting that sends them there."""
    found = Door()

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            found.raw.append(gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw)
            found.raw.append(str(self.headers).encode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    reporting.start(f"http://key@127.0.0.1:{server.server_port}/7", "production", "9.9")
    yield found
    reporting.stop()
    server.shutdown()
    server.server_close()


def raises(number: int, kind: type[Exception] = ValueError) -> None:
    secret = CANARIES[number]
    headers = {"Authorization": f"Bearer {secret}"}
    raise kind(f"bad value {secret} in {headers}")


async def broken_app(scope: Any, receive: Any, send: Any) -> None:
    raises(4, RuntimeError)


async def asked_of_a_broken_app() -> None:
    transport = httpx.ASGITransport(Guard(broken_app, []), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get(f"/{CANARIES[5]}?q={CANARIES[6]}", headers={"Cookie": CANARIES[7]})


async def broken_check(monkeypatch: pytest.MonkeyPatch) -> None:
    async def probe(options: Any, tools: Any) -> Any:
        raises(8, KeyError)

    monkeypatch.setattr("checks.http.probe", probe)
    monitor = Monitor("m", CANARIES[9], "http", Options(url=f"http://127.0.0.1/?key={CANARIES[10]}"))
    async with checks.open_tools() as tools:
        found = await checks.run(monitor, tools)
    assert CANARIES[8] not in found.words


async def broken_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations import stripe

    async def fetch(reading: str, options: Any, tools: Any) -> Any:
        raises(11, IndexError)

    monkeypatch.setattr(stripe, "fetch", fetch)
    options = stripe.Options(api_key="rk_live_" + CANARIES[12].replace("-", "_"))
    monitor = Monitor("stripe.account", "Stripe", "stripe", options)
    async with integrations.open_tools() as tools:
        await integrations.fetch(Integration("stripe", "Stripe", options), monitor, tools)


def logged() -> None:
    try:
        raises(13)
    except ValueError as error:
        try:
            raise OSError(CANARIES[14]) from error
        except OSError:
            log.exception("a page broke %s", CANARIES[15], extra={"request": CANARIES[16]})
    log.error("told with %s and %r", CANARIES[17], {"token": CANARIES[18]})
    log.critical("told without arguments")
    log.warning("a warning %s", CANARIES[19])


def in_a_thread() -> None:
    thread = threading.Thread(target=raises, args=(20, ArithmeticError), name=CANARIES[21])
    thread.start()
    thread.join()


def in_a_group() -> None:
    try:
        try:
            raise ExceptionGroup(CANARIES[22], [ValueError(CANARIES[23]), KeyError(CANARIES[24])])
        except* ValueError:
            raise
    except ExceptionGroup:
        log.exception("a group broke")


async def requested() -> None:
    """The SDK must not put our own questions, with their keys, into what it sends."""
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"http://127.0.0.1:9/{CANARIES[25]}?key={CANARIES[26]}", headers={"apikey": CANARIES[27]})
    log.error("after a question")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_of_forty_canaries_in_every_error_path_none_leaves(
    door: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WARDROUND_CONFIG", str(configured(tmp_path)))
    forget()
    await asked_of_a_broken_app()
    await broken_check(monkeypatch)
    await broken_reading(monkeypatch)
    await requested()
    logged()
    in_a_thread()
    in_a_group()
    for number in range(28, 40):
        try:
            raises(number, LookupError)
        except LookupError:
            log.exception("one more")
    forget()
    await asyncio.to_thread(reporting.stop)

    assert {"RuntimeError", "KeyError", "IndexError", "OSError", "ArithmeticError", "LookupError"} <= set(door.kinds())
    messages = [each["logentry"]["message"] for each in door.events if "logentry" in each]
    assert {"told with %s and %r", "told without arguments", "after a question"} <= set(messages)
    assert [canary for canary in CANARIES if canary in door.text] == []
    assert "CANARY" not in door.text
    assert "a warning" not in door.text


async def test_an_event_says_where_it_broke_and_nothing_of_this_machine(door: Door) -> None:
    try:
        raises(1)
    except ValueError:
        log.exception("it broke")
    await asyncio.to_thread(reporting.stop)

    (event,) = door.events
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["filename"]) == ("raises", "test_reporting.py")
    assert frame["lineno"] > 1
    assert (event["release"], event["environment"], event["server_name"]) == (
        "wardround@9.9",
        "production",
        "wardround",
    )
    assert not {"extra", "contexts", "request", "user", "breadcrumbs", "modules", "threads", "transaction"} & set(event)
    assert __file__.rpartition("/")[0] not in door.text


async def test_a_bug_that_runs_every_second_does_not_flood(door: Door) -> None:
    for _ in range(reporting.MOST * 3):
        try:
            raises(2, OverflowError)
        except OverflowError:
            log.exception("again")
    await asyncio.to_thread(reporting.stop)

    assert door.kinds().count("OverflowError") == reporting.MOST


async def test_a_page_that_breaks_is_reported_and_what_it_read_stays_here(door: Door, stage: Stage) -> None:
    """Driven as a viewer drives it: the store holds a row that no page can read, with a canary in it."""
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + '\n[vercel]\ntoken = "test"\nproject = "web"\n')
    forget()
    shelf.forget()
    engine = data.store.open(scene.url)
    with data.store.writing(engine) as c:
        row = {"id": "dpl", "created": int(scene.now.timestamp() * 1e6) - 1, "body": f'{{"{CANARIES[3]}'}
        c.execute(DEPLOYMENTS.insert(), [row])
    engine.dispose()

    app = AppTest.from_file(str(Path(__file__).parents[1] / "ui" / "frame.py"), default_timeout=60).run()
    assert not app.error
    app.switch_page("../pages/deployments.py").run()
    await asyncio.to_thread(reporting.stop)

    assert ["This page has a fault of its own" in each.value for each in app.error] == [True]
    (event,) = door.events
    error = event["exception"]["values"][-1]
    assert error["type"] == "JSONDecodeError"
    assert {"frame.py", "ships.py"} <= {frame["filename"].rpartition("/")[2] for frame in error["stacktrace"]["frames"]}
    assert "CANARY" not in door.text
    assert CANARIES[3] not in str([each.value for each in app.error])


def test_a_sentry_that_is_away_breaks_nothing() -> None:
    reporting.start("http://key@127.0.0.1:9/7", "production", "9.9")
    log.error("nobody hears this")
    reporting.stop()
    reporting.stop()
