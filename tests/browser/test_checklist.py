"""In a real browser: the last signature turns the verdict GO, and a monitor that goes down revokes it in sight."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, copied, running, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
TOML = """
[site]
name = "Shop"
[store]
url = "sqlite:///{folder}/store.db"
[watch]
networks = ["127.0.0.0/8"]
[server]
audit_key = "an-audit-key-of-the-test"
"""
SHOP = """
[[monitor]]
key = "{key}"
name = "The shop"
check = "http"
url = "http://127.0.0.1:{port}/{key}"
every = "1s"
timeout = "900ms"
[[checklist]]
key = "{key}"
name = "Before {key}"
[[checklist.item]]
key = "up"
title = "The shop is operational"
gate = "up"
series = ["{key}"]
[[checklist.item]]
key = "review"
title = "Reviewed"
blocking = false
[[checklist.item]]
key = "login"
title = "The login flow works"
"""


NAMES = [f"shop{number}" for number in range(6)]  # one for each test, and for each further try of it


@dataclass
class Shop:
    """One of the shops of a server: its answer, its monitor and its list are all its own."""

    name: str
    wardround: Server
    statuses: dict[str, int]

    @property
    def page(self) -> str:
        return f"{self.wardround.url}/checklist?checklist={self.name}"

    def breaks(self) -> None:
        self.statuses[self.name] = 500

    def acts(self) -> list[tuple[str, str]]:
        """What was decided about its list, in order: what, and about which item."""
        rows = sqlite3.connect(self.wardround.home / "store.db").execute(
            "select action, subject from audit order by seq"
        )
        return [(action, subject) for action, subject in rows if subject.startswith(f"{self.name}/")]


@contextmanager
def answering(statuses: dict[str, int]) -> Iterator[int]:
    """A web server on a port, whose every path answers with the status of that name."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[self.path[1:]])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Shop]]:
    """One server for all of them."""
    home, statuses = copied(tmp_path_factory.mktemp("checklist") / "wardround"), dict.fromkeys(NAMES, 200)
    with answering(statuses) as port:
        told = "".join(SHOP.format(key=name, port=port) for name in NAMES)
        (home / "wardround.toml").write_text(TOML.format(folder=home) + told, encoding="utf-8")
        with running(home) as server:
            yield iter([Shop(name, server, statuses) for name in NAMES])


@pytest.fixture
def shop(shops: Iterator[Shop]) -> Shop:
    """One that nobody has had."""
    return next(shops)


def pick(page: Page, item: str) -> None:
    page.locator("[data-testid=stForm] [data-testid=stSelectbox]").click()
    page.get_by_role("option", name=item).click()


def test_what_was_picked_is_signed_though_another_item_turned(shop: Shop, page: Page) -> None:
    head = page.locator(".wr-head")
    page.goto(shop.page)
    expect(head).to_have_text("UNSURE", timeout=30_000)
    pick(page, "The login flow works")
    page.get_by_role("textbox", name="Name").fill("Ada")
    shop.breaks()
    expect(head).to_have_text("NO-GO", timeout=30_000)
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("signed by Ada (no role, not verified)")).to_be_visible(timeout=30_000)
    assert [subject for action, subject in shop.acts() if action == "signed"] == [f"{shop.name}/-/login"]


def test_go_by_a_signature_and_revoked_by_a_monitor(shop: Shop, page: Page) -> None:
    head = page.locator(".wr-head")
    page.goto(shop.page)
    expect(head).to_have_text("UNSURE", timeout=30_000)
    pick(page, "The login flow works")
    page.get_by_role("textbox", name="Name").fill("Ada")
    page.get_by_role("textbox", name="Role").fill("on-call")
    page.get_by_role("button", name="Write it down").dblclick()
    expect(head).to_have_text("GO", timeout=30_000)
    expect(page.get_by_text("signed by Ada (on-call, not verified)")).to_be_visible()

    shop.breaks()
    expect(head).to_have_text("NO-GO", timeout=30_000)  # no reload in between
    expect(page.get_by_text(f"The shop is operational: {shop.name} is down").first).to_be_visible()

    def done() -> list[str]:
        return [action for action, _ in shop.acts()]

    wait_for(lambda: "revoked" in done(), 30, "the poller never wrote that the GO is revoked")
    assert done() == ["signed", "verdict", "revoked"], "a double click writes one row"
