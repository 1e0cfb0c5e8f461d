"""In a real browser: the last signature turns the verdict GO, and a monitor that goes down revokes it in sight."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, copied, free_port, running, wait_for

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
[[monitor]]
key = "web"
name = "The shop"
check = "http"
url = "http://127.0.0.1:{port}/"
every = "1s"
timeout = "900ms"
[[checklist]]
key = "release"
name = "Before production"
[[checklist.item]]
key = "up"
title = "The shop is operational"
gate = "up"
series = ["web"]
[[checklist.item]]
key = "review"
title = "Reviewed"
blocking = false
[[checklist.item]]
key = "login"
title = "The login flow works"
"""


class Shop:
    def __init__(self) -> None:
        self.port, self.status = free_port(), 200


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

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


def pick(page: Page, item: str) -> None:
    page.locator("[data-testid=stForm] [data-testid=stSelectbox]").click()
    page.get_by_role("option", name=item).click()


def signed(server: Server) -> list[str]:
    rows = sqlite3.connect(server.home / "store.db").execute("select subject from audit where action = 'signed'")
    return [subject for (subject,) in rows]


def test_what_was_picked_is_signed_though_another_item_turned(shop: Shop, wardround: Server, page: Page) -> None:
    head = page.locator(".wr-head")
    page.goto(f"{wardround.url}/checklist")
    expect(head).to_have_text("UNSURE", timeout=30_000)
    pick(page, "The login flow works")
    page.get_by_role("textbox", name="Name").fill("Ada")
    shop.status = 500
    expect(head).to_have_text("NO-GO", timeout=30_000)
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("signed by Ada (no role, not verified)")).to_be_visible(timeout=30_000)
    assert signed(wardround) == ["release/-/login"]


def test_go_by_a_signature_and_revoked_by_a_monitor(shop: Shop, wardround: Server, page: Page) -> None:
    head = page.locator(".wr-head")
    page.goto(f"{wardround.url}/checklist")
    expect(head).to_have_text("UNSURE", timeout=30_000)
    pick(page, "The login flow works")
    page.get_by_role("textbox", name="Name").fill("Ada")
    page.get_by_role("textbox", name="Role").fill("on-call")
    page.get_by_role("button", name="Write it down").dblclick()
    expect(head).to_have_text("GO", timeout=30_000)
    expect(page.get_by_text("signed by Ada (on-call, not verified)")).to_be_visible()

    shop.status = 500
    expect(head).to_have_text("NO-GO", timeout=30_000)  # no reload in between
    expect(page.get_by_text("The shop is operational: web is down").first).to_be_visible()

    def acts() -> list[str]:
        rows = sqlite3.connect(wardround.home / "store.db").execute("select action from audit order by seq")
        return [action for (action,) in rows]

    wait_for(lambda: "revoked" in acts(), 30, "the poller never wrote that the GO is revoked")
    assert acts() == ["signed", "verdict", "revoked"], "a double click writes one row"
