"""The one command in a process of its own: what it lets in, what it starts, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.serving import HOME, NIGHTLY, SCRAPER, Server, configured, ended, launched, until, up

SHOP = "https://shop.example"
pytestmark = pytest.mark.timeout(300)


def often(config: Path) -> Path:
    """Every second: it is ready when it has looked at everything."""
    config.write_text(config.read_text().replace('every = "5s"', 'every = "1s"'))
    return config


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all tests that only ask."""
    folder = tmp_path_factory.mktemp("served")
    config = often(configured(folder, 'allowed_hosts = ["127.0.0.1", "*.ours.example"]'))
    config.write_text(config.read_text() + f'\n[vitals]\norigins = ["{SHOP}"]\n')
    running = launched(folder, config)
    try:
        until(lambda: up(running, "/api/health/ready"), 90, running)
        yield running
    finally:
        ended(running)


@pytest.fixture(scope="module")
def late(server: Server) -> Iterator[dict[bytes, Future[bytes]]]:
    """The answers to all that is waited for until the patience of the real server ends: asked for at the same time."""
    said = [each.values for each in VECTORS] + [(BEACON + each.values[0], each.values[1]) for each in BODIES]
    slow = [request for request, status in said if status == b"408"]
    with ThreadPoolExecutor(len(slow) + 1) as pool:
        yield {each: pool.submit(server.raw, each) for each in slow} | {DRIPPED: pool.submit(dripped, server)}


def poller_of(server: Server) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [p for p in psutil.Process(server.process.pid).children() if "poll" in p.cmdline()]
    return []


def asked(server: Server, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(method, f"{server.url}{path}", headers=headers, trust_env=False, timeout=30)


PATHS = ["/", "/status", "/monitor", "/_stcore/health", "/_stcore/host-config", "/api/health", "/api/v2/summary.json"]
PATHS += ["/badge/shop.svg", "/metrics", "/api/nope", "/favicon.png", "/nowhere/at/all", "/_stcore/upload_file/a/b"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers_and_names_no_server(server: Server, path: str) -> None:
    answer = asked(server, path)
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in answer.headers["content-security-policy"]


def test_the_doors_are_open(server: Server) -> None:
    until(lambda: asked(server, "/api/health").json()["status"] == "healthy", 60, server)  # the poller reports first
    assert asked(server, "/api/v2/status.json").json()["page"]["name"] == "Our platform"
    assert "wardround_poller_age_seconds" in asked(server, "/metrics", Authorization=f"Bearer {SCRAPER}").text
    token = {"Authorization": f"Bearer {NIGHTLY}"}
    assert asked(server, "/api/heartbeat/nightly", "POST", **token).status_code == 204
    assert asked(server, "/api/heartbeat/nightly", "POST").status_code == 401
    assert asked(server, "/badge/shop.svg").headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "POST", "GET"])
@pytest.mark.parametrize("path", ["/_stcore/upload_file/session/file", "/_stcore/metrics", "/_stcore/agent/interact"])
def test_the_doors_of_the_framework_that_nobody_needs_are_closed(server: Server, method: str, path: str) -> None:
    assert asked(server, path, method).status_code == 404


HELLO = b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
VECTORS = [
    pytest.param(HELLO % (b"/", b"evil.example"), b"400", id="a foreign host"),
    pytest.param(HELLO % (b"/", b"127.0.0.1/?x="), b"400", id="a path in the host"),
    pytest.param(HELLO % (b"/", b"evil@127.0.0.1"), b"400", id="a user in the host"),
    pytest.param(HELLO % (b"/", b"127.0.0.1 evil"), b"400", id="a space in the host"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\nConnection: close\r\n\r\n", b"400", id="two"),
    pytest.param(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"400", id="no host"),
    pytest.param(HELLO % (b"http://evil/api/nope", b"127.0.0.1"), b"404", id="an absolute address"),
    pytest.param(HELLO % (b"/api/%2e%2e/%2e%2e/etc/passwd", b"127.0.0.1"), b"404", id="encoded dots below a door"),
    pytest.param(HELLO % (b"/api/../metrics", b"127.0.0.1"), b"404", id="dots below a door"),
    pytest.param(HELLO % (b"/badge/..%2fstore.db", b"127.0.0.1"), b"404", id="an encoded slash"),
    pytest.param(HELLO % (b"/api/health%00", b"127.0.0.1"), b"404", id="a NUL"),
    pytest.param(HELLO % (b"/api/%zz", b"127.0.0.1"), b"404", id="no percent sign"),
    pytest.param(HELLO % (b"/_stcore%2fupload_file/a/b", b"127.0.0.1"), b"404", id="the same in a name"),
    pytest.param(HELLO % (b"/%5fstcore/upload_file/a/b", b"127.0.0.1"), b"404", id="an encoded letter"),
    pytest.param(HELLO % (b"/_stcore/agent/", b"127.0.0.1"), b"404", id="the agent"),
    pytest.param(b"GARBAGE\r\n\r\n", b"400", id="no HTTP"),
    pytest.param(
        b"POST /api/heartbeat/nightly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000000\r\n\r\n",
        b"413",
        id="a length of 200 MB",
    ),
    pytest.param(
        b"POST /api/heartbeat/nightly HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"4000\r\n" + b"x" * 0x4000 + b"\r\n" + b"4000\r\n" + b"x" * 0x4000 + b"\r\n",
        b"413",
        id="chunks without an end",
    ),
    pytest.param(
        b"POST /api/heartbeat/nightly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nshort",
        b"408",
        id="a length that lies",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "status"), VECTORS)
def test_what_no_browser_sends_is_refused(
    server: Server, late: dict[bytes, Future[bytes]], request_: bytes, status: bytes
) -> None:
    answer = late[request_].result() if request_ in late else server.raw(request_)
    assert answer.split(b" ", 2)[1] == status, answer[:300]
    assert b"root:" not in answer


BEACON = b"POST /api/vitals HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: %b\r\nConnection: close\r\n" % SHOP.encode()
MEASURED = b'{"name": "LCP", "value": 2100, "id": "v6-1", "path": "/"}'
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BODIES = [
    pytest.param(b"Content-Length: %d\r\n\r\n" % len(MEASURED) + MEASURED, b"204", id="a beacon"),
    pytest.param(
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(MEASURED) + MEASURED + b"\r\n0\r\n\r\n",
        b"204",
        id="in chunks",
    ),
    pytest.param(b"Content-Length: 0\r\n\r\n", b"400", id="nothing"),
    pytest.param(b"\r\n", b"400", id="nothing, and no length"),
    pytest.param(b"Content-Length: 200000000\r\n\r\n", b"413", id="200 MB"),
    pytest.param(b"Content-Length: 16385\r\n\r\n" + b" " * 16_385, b"413", id="a byte too many"),
    pytest.param(CHUNKED + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 2, b"413", id="chunks without an end"),
    pytest.param(b"Content-Length: 100\r\n\r\n" + MEASURED, b"408", id="a length that lies"),
    pytest.param(CHUNKED + b"5\r\n[{", b"408", id="a chunk that never ends"),
    pytest.param(b"Content-Length: x\r\n\r\n", b"400", id="a length that is none"),
    pytest.param(
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(MEASURED) + MEASURED,
        b"415",
        id="a form",
    ),
    pytest.param(
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(MEASURED) + MEASURED,
        b"415",
        id="said to be packed",
    ),
]


@pytest.mark.parametrize(("rest", "status"), BODIES)
def test_a_beacon_comes_in_whole_small_and_soon_or_not_at_all(
    server: Server, late: dict[bytes, Future[bytes]], rest: bytes, status: bytes
) -> None:
    """I2, over a raw socket."""
    whole = BEACON + rest
    answer = late[whole].result() if whole in late else server.raw(whole)
    assert answer.split(b" ", 2)[1] == status, answer[:300]
    if rest.count(b"Content-Length: x") == 0:  # that is no HTTP: nobody of ours sees it
        assert b"access-control-allow-origin: %b\r\n" % SHOP.encode() in answer, "a refusal is no error of CORS"


def test_a_body_that_comes_byte_by_byte_is_cut_off(late: dict[bytes, Future[bytes]]) -> None:
    answer = late[DRIPPED].result()
    assert answer.split(b" ", 2)[1] == b"408", answer[:300]


DRIPPED = BEACON + b"Content-Length: 1000\r\n\r\n"


def dripped(server: Server) -> bytes:
    """The answer to a body that comes byte by byte."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30.0) as s:
        s.sendall(DRIPPED)
        s.settimeout(0.3)
        answer = b""
        while not answer and time.monotonic() < began + 40:
            with suppress(OSError):
                s.sendall(b" ")
            with suppress(TimeoutError):
                answer = s.recv(4096)
    return answer


def test_a_request_hidden_in_another_is_not_served(server: Server) -> None:
    hidden = HELLO % (b"/api/health/live", b"127.0.0.1")
    answer = server.raw(
        b"POST /api/heartbeat/nightly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (len(hidden) + 5) + hidden
    )
    assert answer.split(b" ", 2)[1] in (b"400", b"401")
    assert b'"alive"' not in answer


def test_the_memory_does_not_grow_with_what_is_refused(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    flood = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    doors = (b"/api/heartbeat/nightly", b"/api/vitals")
    pour = (b"80000\r\n" + b"x" * 0x80000 + b"\r\n") * 8
    for door in doors:
        server.raw(flood % door, then=pour)
    before = settled(process)
    for n in range(12):
        server.raw(flood % doors[n % 2], then=pour)
    assert settled(process) - before < 16 * 2**20, "of 48 MiB"


def settled(process: psutil.Process) -> int:
    """What it holds once it holds no more: a young server loads modules for a while."""
    found = [process.memory_info().rss]
    while len(found) < 4 or (len(found) < 40 and max(found[-4:]) - min(found[-4:]) > 2**19):
        time.sleep(0.3)
        found.append(process.memory_info().rss)
    return min(found[-4:])


WAVES = """
import asyncio, gc, app
def collections():
    return gc.get_stats()[2]["collections"]
async def waves():
    async with app.lifespan(None):
        before = collections()
        for _ in range(300):
            waiting = [[] for _ in range(12_000)]
        print(collections() - before)
asyncio.run(waves())
"""


def test_what_waits_a_moment_and_goes_causes_no_collection_of_everything(tmp_path: Path) -> None:
    """A thousand beacons a second did so every two seconds, and stopped pages and beacons for a fifth of a second."""
    env = {**os.environ, "WARDROUND_CONFIG": str(configured(tmp_path))}
    done = subprocess.run([sys.executable, "-c", WAVES], cwd=HOME, env=env, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "0", done.stderr[-2000:]


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [("http://127.0.0.1:{port}", True), ("http://evil.example", False), ("http://localhost:{port}", False)],
)
def test_only_our_own_pages_talk_over_the_websocket(server: Server, origin: str, welcome: bool) -> None:
    url = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    ours = origin.format(port=server.port)
    if welcome:
        connect(url, additional_headers={"Origin": ours}, proxy=None).close()
        return
    with pytest.raises(InvalidStatus) as error:
        connect(url, additional_headers={"Origin": ours}, proxy=None)
    assert error.value.response.status_code == 403
    assert error.value.response.headers["x-frame-options"] == "DENY"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server that a test may hurt."""
    running = launched(tmp_path, often(configured(tmp_path)))
    try:
        until(lambda: up(running, "/api/health/ready"), 90, running)
        yield running
    finally:
        ended(running)


def test_a_killed_poller_comes_back_and_a_stopped_server_leaves_nobody(own: Server) -> None:
    [first] = poller_of(own)
    first.kill()
    until(lambda: [p.pid for p in poller_of(own) if p.pid != first.pid] != [], 60, own)
    [second] = poller_of(own)
    assert ended(own) in (0, -signal.SIGTERM)
    gone, _ = psutil.wait_procs([second], timeout=40)
    assert gone


def test_the_poller_ends_by_itself_when_the_server_is_killed(own: Server) -> None:
    [poller] = poller_of(own)
    own.process.kill()
    own.process.wait()
    gone, _ = psutil.wait_procs([poller], timeout=60)
    assert gone
    assert "Fatal Python error" not in own.log.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            '[site]\nnam = "X"\n', "wardround.toml: [site]: unknown key 'nam'; did you mean 'name'?", id="a mistake"
        ),
        pytest.param(None, "nowhere.toml: there is no such file", id="no file"),
    ],
)
def test_with_a_mistake_in_the_configuration_nothing_starts(tmp_path: Path, text: str | None, words: str) -> None:
    config = tmp_path / ("wardround.toml" if text else "nowhere.toml")
    if text:
        config.write_text(text)
    refusing = launched(tmp_path, config)
    assert refusing.process.wait(60) == 2
    said = [line for line in refusing.log.read_text().splitlines() if line.strip()]
    assert words in said[-1]
    assert not [line for line in said[:-1] if line[0] != " "]  # what Streamlit says before it loads us
