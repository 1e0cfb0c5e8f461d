"""The very lines of the page Vitals and the real package web-vitals in a real browser: what it measures is charted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from data import store, vitals
from model import VitalRollup
from tests.browser.conftest import Server, copied, free_port, running
from ui import snippets

PACKAGE = Path(__file__).parent / "node_modules" / "web-vitals" / "dist" / "web-vitals.js"
HTML = """<!doctype html><html lang="en"><head><title>A prescription</title>
<script type="importmap">{{"imports": {{"web-vitals": "/web-vitals.js"}}}}</script>
<script>{before}</script>
<script type="module">{snippet}</script></head>
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
routes = ["/prescriptions/[id]"]
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
least = 1
every = "2s"
timeout = "2s"
confirm = 1
"""


class Shop:
    """The platform: every path is the same page, with the snippet in it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.snippet = self.before = ""

    def html(self) -> bytes:
        return HTML.format(before=self.before, snippet=self.snippet).encode()


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/web-vitals.js"
            body = PACKAGE.read_bytes() if script else found.html()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", found.port), Answer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def wardround(shop: Shop, tmp_path: Path) -> Iterator[Server]:
    home = copied(tmp_path / "wardround")
    (home / "wardround.toml").write_text(TOML.format(folder=home, port=shop.port), encoding="utf-8")
    with running(home) as server:
        yield server


def kept(server: Server) -> tuple[VitalRollup, ...]:
    now = datetime.now(UTC)
    engine = store.open(f"sqlite:///{server.home}/store.db", create=False, readonly=True, check=False)
    try:
        with store.reading(engine) as c:
            return vitals.between(c, "hour", now - timedelta(hours=2), now)
    finally:
        engine.dispose()


def used(page: Page, shop: Shop) -> None:
    """A person looks, clicks and leaves."""
    page.goto(f"http://127.0.0.1:{shop.port}/prescriptions/4711?mrn=12345#top")
    page.wait_for_timeout(600)
    page.click("#pay")
    page.wait_for_timeout(1300)  # the package looks at inputs when the page is idle, after a second at the latest
    page.goto("about:blank")


def arrived(server: Server, names: set[str], seconds: float = 15.0) -> dict[str, int]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = {each.name: each.n for each in kept(server)}
        if names <= set(found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"only these came in: {found}")


pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
NAMES = {"LCP", "INP", "CLS", "FCP", "TTFB"}


def test_what_a_browser_measures_arrives_and_is_charted(browser: Browser, shop: Shop, wardround: Server) -> None:
    shop.snippet = snippets.plain(f"{wardround.url}/api/vitals")
    page = browser.new_page()
    used(page, shop)

    found = arrived(wardround, NAMES)

    assert set(found.values()) == {1}
    assert {(each.route, each.device) for each in kept(wardround)} == {("/prescriptions/[id]", "desktop")}
    assert b"4711" not in b"".join(path.read_bytes() for path in wardround.home.glob("store.db*"))
    page.goto(f"{wardround.url}/vitals")
    expect(page.get_by_text("1 of 100 measurements").first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Pages, the worst first")).to_be_visible()
    page.goto(f"{wardround.url}/monitor?monitor=lcp")
    expect(page.get_by_text("1 measurement in 1 h").first).to_be_visible(timeout=20_000)
    page.close()


def test_a_refused_beacon_falls_back_to_a_request_that_outlives_the_page(
    browser: Browser, shop: Shop, wardround: Server
) -> None:
    shop.before = "navigator.sendBeacon = () => false;"
    shop.snippet = snippets.plain(f"{wardround.url}/api/vitals")
    page = browser.new_page()
    used(page, shop)

    assert arrived(wardround, NAMES)["LCP"] == 1
    page.close()


def test_a_page_that_is_hidden_and_shown_again_counts_once(browser: Browser, shop: Shop, wardround: Server) -> None:
    shop.snippet = snippets.plain(f"{wardround.url}/api/vitals")
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{shop.port}/prescriptions/1")
    page.wait_for_timeout(500)
    for _ in range(3):
        page.evaluate(
            "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
        )
        page.wait_for_timeout(200)
    page.goto("about:blank")

    found = arrived(wardround, {"LCP", "FCP", "TTFB"})

    assert {found[name] for name in ("LCP", "FCP", "TTFB")} == {1}
    page.close()


def test_a_page_of_another_site_cannot_tell_anything(browser: Browser, shop: Shop, wardround: Server) -> None:
    shop.snippet = snippets.plain(f"{wardround.url}/api/vitals")
    page = browser.new_page()
    page.goto(f"http://localhost:{shop.port}/prescriptions/1")
    page.wait_for_timeout(500)
    page.goto("about:blank")
    time.sleep(1.5)

    assert kept(wardround) == ()
    page.close()
