"""Doors over a real store in a temporary folder: asked in this process, or through a real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import registry
import settings
from data import revision, series, standings, store, watch
from model import Standing, Status, WatchReport
from routes import _board, _store
from routes._guard import Guard
from tests.ports import free_port

HOME = Path(__file__).resolve().parents[1]
SCRAPER, NIGHTLY = "scraper-0123456789abcdef", "nightly-0123456789abcdef"
CONFIG = f"""
[site]
name = "Our platform"
[store]
url = "sqlite:///{{folder}}/store.db"
[watch]
networks = ["127.0.0.0/8"]
[server]
metrics_token = "{SCRAPER}"
{{server}}
[[monitor]]
key = "shop"
name = "db-7.internal shop"
check = "tcp"
host = "127.0.0.1"
port = 9
every = "5s"
timeout = "1s"
public = "The <shop>"
[[monitor]]
key = "ledger"
name = "Ledger on db-7"
check = "tcp"
host = "127.0.0.1"
port = 9
every = "5s"
timeout = "1s"
[[monitor]]
key = "nightly"
check = "heartbeat"
period = "1d"
token = "{NIGHTLY}"
[[monitor]]
key = "restore"
name = "Restore drill"
check = "drill"
token = "{NIGHTLY}"
"""


@dataclass
class Stage:
    """What the store says, and a client in front of the doors."""

    client: httpx.AsyncClient
    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def url(self) -> str:
        return settings.current().store.url

    def stand(self, status: Status = Status.UP, ago: float = 1.0, words: str = "") -> None:
        """Every monitor stands like this, measured ``ago`` seconds before now."""
        seen = self.now - timedelta(seconds=ago)
        keys = [monitor.key for monitor in settings.current().monitors]
        stood = [Standing(key, status, seen - timedelta(hours=1), seen, words, latency=64.0) for key in keys]
        with store.writing(_store.engine(self.url, False)) as c:
            standings.keep(c, series.ensure(c, keys, self.now), stood)
            revision.bump(c)

    def report(self, ago: float = 0.0, blind: bool = False) -> None:
        """The poller has said so ``ago`` seconds before now."""
        at = self.now - timedelta(seconds=ago)
        said = WatchReport(at, at, 1, 1, "9.9", 3, 100, late_p99=12.5, missed=2, blind=blind)
        with store.writing(_store.engine(self.url, False)) as c:
            watch.report(c, said)
            revision.bump(c)


async def broken(_request: Request) -> Response:
    raise RuntimeError("a mistake of ours")


async def crumbs(_request: Request) -> Response:
    answer = PlainTextResponse("page")
    answer.set_cookie("crumb", "1")
    return answer


def forget() -> None:
    """What a process keeps of the doors' store."""
    settings.current.cache_clear()
    _store.close()
    _board._kept.clear()


def configured(folder: Path, server: str = "") -> Path:
    path = folder / "wardround.toml"
    path.write_text(CONFIG.format(folder=folder, server=server), encoding="utf-8")
    return path


def guarded() -> Starlette:
    """Our doors behind the guard, and two of nobody."""
    doors = [route for module in registry.members("routes").values() for route in module.ROUTES]
    others = [Route("/broken", broken), Route("/crumbs", crumbs)]
    page = "<script>window.prerenderReady = false</script>"
    return Starlette(routes=[*doors, *others], middleware=[Middleware(Guard, doors=doors, page=page)])


# --- the real thing ---


@dataclass(frozen=True)
class Server:
    """A running Wardround in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def raw(self, request: bytes, wait: float = 30.0, then: bytes = b"") -> bytes:
        """Sends bytes as they are, and gives what comes back until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as s:
            s.sendall(request)
            if then:
                time.sleep(0.05)
                with suppress(OSError):
                    s.sendall(then)
            return b"".join(iter(lambda: _piece(s), b""))


def _piece(s: socket.socket) -> bytes:
    try:
        return s.recv(65536)
    except (TimeoutError, ConnectionError):
        return b""


def launched(folder: Path, config: Path) -> Server:
    """`streamlit run app.py` with this configuration; not waited for."""
    port, log = free_port(), folder / "server.log"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WARDROUND_", "STREAMLIT_", "PYTEST_"))}
    command = [sys.executable, "-m", "streamlit", "run", str(HOME / "app.py"), f"--server.port={port}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=HOME, env=env | {"WARDROUND_CONFIG": str(config)}, stdout=out, stderr=subprocess.STDOUT
        )
    return Server(port, process, log)


def ended(server: Server) -> int:
    """Asks the server to end, and waits."""
    server.process.send_signal(signal.SIGTERM)
    try:
        return server.process.wait(60)
    except subprocess.TimeoutExpired:
        server.process.kill()
        return server.process.wait()


def up(server: Server, path: str = "/api/health/live") -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{server.url}{path}", timeout=10, trust_env=False).status_code == 200
    return False


def until(what: Callable[[], bool], seconds: float, server: Server) -> None:
    """Waits until ``what()`` holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, server.log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)
