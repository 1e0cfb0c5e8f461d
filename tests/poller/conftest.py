"""A target whose fate a test decides, receivers that keep what they are told, and the poller against a real store."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import settings
from data import _sqlite, store
from data.store import Engine
from poller import _main, _probing, _reading
from poller._main import Poller
from rules import schedule
from tests.ports import free_port


@dataclass
class Web:
    """A server on loopback: ``status`` is what it answers; ``said`` what it was sent; ``hang`` seconds it waits."""

    url: str = ""
    status: int = 200
    hang: float = 0.0
    body: bytes = b"ok"
    freed: threading.Event = field(default_factory=threading.Event)  # ends all waiting
    said: list[dict[str, Any]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)

    def titles(self) -> list[str]:
        return [each.get("title", "") for each in self.said]


@pytest.fixture
def webs() -> Iterator[Callable[[], Web]]:
    """Makes servers; they end with the test."""
    servers: list[ThreadingHTTPServer] = []
    found: list[Web] = []

    def made() -> Web:
        web = Web()
        found.append(web)

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(time.monotonic())
                web.freed.wait(web.hang)
                with suppress(OSError):
                    self.send_response(web.status)
                    self.send_header("Content-Length", str(len(web.body)))
                    self.end_headers()
                    self.wfile.write(web.body)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if web.status < 300:
                    web.said.append(json.loads(raw))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        web.url = f"127.0.0.1:{server.server_port}"
        return web

    yield made
    for web in found:
        web.freed.set()
    for server in servers:
        server.shutdown()
        server.server_close()


class Mailbox:
    """Keeps what a real SMTP server accepts."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        self.letters.append(content.decode("utf-8", "replace") if isinstance(content, bytes) else content)
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """(what came in, host:port)."""
    box = Mailbox()
    port = free_port()  # the controller connects to the port it is given: 0 will not do
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"127.0.0.1:{port}"
    controller.stop()


FASTER = 5
PACES = (
    *((_main, name) for name in ("TURN", "OWED", "LATELY", "WEIGHED", "JUDGED")),
    *((_probing, "FIRST"), (_reading, "FIRST"), (schedule, "FAST")),
)
Configure = Callable[..., settings.Settings]


@pytest.fixture
def soon_locked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that another one writes to is given up sooner."""
    monkeypatch.setattr(_sqlite, "BUSY_MS", 1000)


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Writes a wardround.toml and reads it: ``targets`` are host:port of monitors m0, m1 ..."""

    def written(
        *targets: str, channels: tuple[str, ...] = (), extra: str = "", every: str = "1s", patience: str = "20s"
    ) -> settings.Settings:
        tables = [
            '[site]\nname = "Test"\n',
            f'[store]\nurl = "sqlite:///{tmp_path / "w.db"}"\n',
            '[watch]\nnetworks = ["127.0.0.0/8"]\ngroup_wait = "100ms"\ngroup_window = "1s"\n' + extra,
        ]
        tables += [
            f'[[channel]]\nkey = "c{i}"\nurl = "{url}"\ntimeout = "{patience}"\n' for i, url in enumerate(channels)
        ]
        tables += [
            f'[[monitor]]\nkey = "m{i}"\nname = "M{i}"\ncheck = "http"\nurl = "http://{target}/"\n'
            f'every = "{every}"\ntimeout = "{every}"\nconfirm = 2\n'
            for i, target in enumerate(targets)
        ]
        path = tmp_path / "wardround.toml"
        path.write_text("\n".join(tables), encoding="utf-8")
        return settings.load(path)

    return written


@dataclass
class Running:
    """A poller that runs in this loop, and its store."""

    poller: Poller
    engine: Engine
    task: asyncio.Task[None]


@asynccontextmanager
async def polling(known: settings.Settings, **more: Any) -> AsyncIterator[Running]:
    """The poller in this test's loop, ended politely afterwards."""
    engine = store.open(known.store.url)
    poller = Poller(known, engine, **more)
    task = asyncio.create_task(poller.run())
    try:
        yield Running(poller, engine, task)
    finally:
        poller.stop.set()
        async with asyncio.timeout(60):
            await task
        await until(
            lambda: not engine.pool.checkedout()
        )  # a thread that reads goes on when what it read for is cancelled
        engine.dispose()


async def until(what: Callable[[], Any], seconds: float = 45.0) -> Any:
    """Waits for a true value and gives it; fails after ``seconds``."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"did not come true within {seconds:g} s: {what}"
        await asyncio.sleep(0.05)
    return found


@pytest.fixture(name="polling")
def _polling(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The poller as it is, but for how long it lets pass between two turns: a second of its day is a fifth here.

    ``patience`` is how long each look may take at least: that a busy machine is slow must not look like an outage.
    """
    for place, name in PACES:
        monkeypatch.setattr(place, name, getattr(place, name) / FASTER)

    def quicker(known: settings.Settings, patience: float = 3.0, **more: Any) -> Any:
        monitors = tuple(
            replace(each, every=each.every / FASTER, timeout=max(each.timeout / FASTER, patience))
            for each in known.monitors
        )
        return polling(replace(known, monitors=monitors), **more)

    return quicker


@pytest.fixture(name="until")
def _until() -> Callable[..., Any]:
    return until
