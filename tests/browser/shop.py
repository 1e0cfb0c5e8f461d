"""A small platform whose pages hold the very lines of the page Vitals, and what Wardround has kept of them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from data import store, vitals, watch
from data.store import Connection
from model import VitalRollup
from tests.browser.conftest import Server, copied, free_port, running

NODE_MODULES = Path(__file__).parent / "node_modules"
NAMES = {"LCP", "INP", "CLS", "FCP", "TTFB"}
HTML = """<!doctype html><html lang="en"><head><title>A prescription</title>
<script type="importmap">{{"imports": {{"web-vitals": "/node_modules/{package}/dist/web-vitals.js"}}}}</script>
<script>{before}</script>
<script type="module" src="./vitals"></script>
<script type="module">
import {{ onCLS, onINP, onLCP }} from "web-vitals";
window.seen = {{}}; // what the package knows by now, for the test to wait for
for (const on of [onCLS, onINP, onLCP]) on(({{ name, value }}) => (seen[name] = value), {{ reportAllChanges: true }});
</script>
<script type="module">{more}</script></head>
<body><h1>Prescription</h1><p>A paragraph that is painted.</p><button id="pay">Pay</button>
<script>
const busy = (end) => {{ while (performance.now() < end); }};
pay.onclick = () => {{ busy(performance.now() + 60); pay.textContent = "Paid"; }};
const late = () => document.querySelector("h1").insertAdjacentHTML("afterend", "<div style=height:180px>Late</div>");
setTimeout(late, 300);
</script></body></html>"""
TOML = """
[site]
name = "Shop"
[store]
url = "sqlite:///{folder}/store.db"
[watch]
networks = ["127.0.0.0/8"]
[vitals]
origins = ["http://127.0.0.1:{port}"]
routes = {routes}
metrics = ["api.prescriptions"]
[[monitor]]
key = "port"
check = "tcp"
host = "127.0.0.1"
port = {port}
every = "5s"
[[monitor]]
key = "lcp"
name = "Largest paint"
check = "vitals"
metric = "LCP"
route = "{route}"
least = 1
every = "2s"
timeout = "2s"
confirm = 1
"""


@contextmanager
def listening(home: Path, port: int, routes: list[str]) -> Iterator[Server]:
    """A Wardround that listens to the platform on ``port``, and has a store to keep what it hears."""
    told = TOML.format(folder=copied(home), port=port, routes=json.dumps(routes), route=routes[0])
    (home / "wardround.toml").write_text(told, encoding="utf-8")
    with running(home) as server:
        yield server


@dataclass
class Shop:
    """The platform: below ``/name/`` every path is the page that ``put`` has laid there."""

    port: int = field(default_factory=free_port)
    found: dict[str, tuple[str, str]] = field(default_factory=dict)
    called: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # where, with which key, what was said

    def put(self, name: str, snippet: str, *, before: str = "", more: str = "", package: str = "web-vitals") -> str:
        """A page with the lines in it; returns its address, with a number and a query that nobody may keep."""
        self.found[name] = (HTML.format(package=package, before=before, more=more), snippet)
        return f"http://127.0.0.1:{self.port}/{name}/4711?mrn=12345#top"

    def answer(self, path: str) -> tuple[str, str] | None:
        """The kind and the text of what lies there."""
        if path.startswith("/node_modules/"):
            return "text/javascript", (NODE_MODULES.parent / path[1:]).read_text(encoding="utf-8")
        name, _, last = path[1:].partition("?")[0].partition("/")
        if name not in self.found or last == "missing":
            return None
        html, snippet = self.found[name]
        return ("text/javascript", snippet) if last == "vitals" else ("text/html; charset=utf-8", html)


@contextmanager
def serving(shop: Shop) -> Iterator[Shop]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = shop.answer(self.path) or ("text/plain", "")
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_OPTIONS(self) -> None:
            self.send_response(200)
            for name, value in (("Origin", "*"), ("Headers", "apikey, content-type"), ("Methods", "POST")):
                self.send_header(f"Access-Control-Allow-{name}", value)
            self.end_headers()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shop.called.append((self.path, self.headers["apikey"], body))
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", shop.port), Answer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield shop
    server.shutdown()
    server.server_close()


def used(page: Page, url: str) -> None:
    """A person looks, clicks and leaves."""
    page.goto(url)
    page.wait_for_function("window.seen?.LCP && seen.CLS > 0")
    page.click("#pay")
    page.wait_for_function("window.seen.INP")
    page.goto("about:blank")


@contextmanager
def reading(server: Server) -> Iterator[Connection]:
    engine = store.open(f"sqlite:///{server.home}/store.db", create=False, readonly=True, check=False)
    try:
        with store.reading(engine) as c:
            yield c
    finally:
        engine.dispose()


def kept(server: Server, route: str) -> list[VitalRollup]:
    now = datetime.now(UTC)
    with reading(server) as c:
        return [each for each in vitals.between(c, "hour", now - timedelta(hours=2), now) if each.route == route]


def refused(server: Server) -> int:
    """How many were turned away today."""
    with reading(server) as c:
        return int(json.loads(watch.noted(c).get("beacons") or "{}").get("refused", 0))


def counted(server: Server, route: str) -> Counter[str]:
    """How many measurements of each name were kept for a route."""
    found: Counter[str] = Counter()
    for each in kept(server, route):
        found[each.name] += each.n
    return found


def arrived(server: Server, route: str, names: set[str], seconds: float = 60.0) -> Counter[str]:
    """Waits until each of ``names`` was kept; then how many of each."""
    end = time.monotonic() + seconds
    while not names <= set(found := counted(server, route)):
        assert time.monotonic() < end, f"only these came in for {route}: {dict(found)}"
        time.sleep(0.2)
    return found
