"""An on-call engineer's way: start the demo, see red, open the monitor, change the window, go back; on a phone too."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


def test_from_red_to_the_monitor_and_back(demo, page: Page) -> None:
    page.goto(demo.url)
    expect(page.get_by_text("DEMO").first).to_be_visible()
    trouble = page.locator("a[href*='monitor?monitor='], a[href*='monitor=']").first
    expect(trouble).to_be_visible()
    trouble.click()
    expect(page).to_have_url(re.compile(r"/monitor\?.*monitor="))
    expect(page.get_by_text("How is this number made").first).to_be_visible()
    page.get_by_text("30d", exact=True).click()
    expect(page).to_have_url(re.compile(r"window=30d"))
    # right after the first start the history is written still; the page says so, and draws it without being asked
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    page.go_back()
    expect(page.get_by_text("DEMO").first).to_be_visible()


def complaint(message: ConsoleMessage) -> bool:
    """An error on the console; not the 404 of the files that Streamlit looks for below a deep link first."""
    return message.type == "error" and "/_stcore/" not in message.location.get("url", "")


PAGES = ["", "monitor?monitor=platform&window=24h", "posture", "backups", "runbooks", "status", "about"]


@pytest.mark.parametrize(("path", "width"), [*((path, 390) for path in PAGES), *((path, 1440) for path in PAGES[:3])])
def test_a_page_keeps_the_policy_and_fits_the_screen(demo, browser: Browser, path: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    outside: list[str] = []
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((demo.url, "data:", "blob:")) else outside.append(asked.url),
    )
    page.goto(f"{demo.url}/{path}")
    expect(page.get_by_text("DEMO").first).to_be_visible()
    page.wait_for_timeout(1500)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    broken = page.locator("[data-testid='stException']").count()
    context.close()
    assert (complaints, outside, broken) == ([], [], 0)
    assert wide <= 0


def test_a_checklist_on_paper_says_when_and_shows_nothing_to_press(demo, page: Page) -> None:
    page.goto(f"{demo.url}/checklist?checklist=before")
    sign, when = page.get_by_text("Write it down"), page.locator(".wr-paper")
    expect(sign).to_be_visible()
    expect(when).to_be_hidden()
    page.emulate_media(media="print")
    expect(when).to_be_visible()
    expect(when).to_contain_text("judged")
    expect(sign).to_be_hidden()
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_text("Security headers are present")).to_be_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_an_earlier_run_opens_by_its_address(demo, page: Page) -> None:
    page.goto(f"{demo.url}/checklist?checklist=before")
    expect(page.get_by_role("heading", name="Runs of this list")).to_be_visible()
    link = page.locator("a[href*='release=']").first
    expect(link).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile(r"checklist=before&release=[0-9a-f]{40}"))
    expect(page.get_by_text("Security headers are present")).to_be_visible()


def test_every_answer_carries_the_headers(demo) -> None:
    for path in ("/", "/api/health", "/api/v2/summary.json", "/api/nothing", "/_stcore/health"):
        answer = httpx.get(demo.url + path, trust_env=False)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe-eval" not in answer.headers["content-security-policy"].replace("wasm-unsafe-eval", "")
