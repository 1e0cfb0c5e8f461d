"""An on-call engineer's way: start the demo, see red, open the monitor, change the window, go back; on a phone too."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.browser.conftest import HOME, Server, copied, running
from tests.ports import refusing

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A demo of its own: in its first minutes something is down for certain."""
    with running(copied(tmp_path / "wardround")) as server:
        yield server


def test_from_red_to_the_monitor_and_back(fresh: Server, page: Page) -> None:
    page.goto(fresh.url)
    expect(page.get_by_text("DEMO").first).to_be_visible()
    red = page.locator(".wr-card.wr-down a[href*='monitor=']").first
    expect(red).to_be_visible(timeout=60_000)
    name = red.inner_text()
    red.click()
    expect(page).to_have_url(re.compile(r"/monitor\?.*monitor="))
    expect(page.locator(".wr-head").first).to_have_text(name)
    expect(page.get_by_text("How is this number made").first).to_be_visible()
    page.get_by_text("30d", exact=True).click()
    expect(page).to_have_url(re.compile(r"window=30d"))
    # right after the first start the history is written still; the page says so, and draws it without being asked
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    page.go_back()
    expect(page).to_have_url(re.compile(rf"^{fresh.url}/(\?|$)"))
    expect(page.locator(".wr-group").first).to_be_visible()
    expect(page.locator(".wr-banner")).to_be_visible()


def complaint(message: ConsoleMessage) -> bool:
    """An error on the console; not the 404 of the files that Streamlit looks for below a deep link first."""
    return message.type == "error" and "/_stcore/" not in message.location.get("url", "")


ASKED = {"overview": "", "monitor": "monitor?monitor=platform&window=24h"}
PAGES = [ASKED.get(path.stem, path.stem) for path in sorted((HOME / "pages").glob("[!_]*.py"))]
WIDE = ["", "monitor?monitor=platform&window=24h", "posture"]


@pytest.mark.parametrize(("path", "width"), [*((path, 390) for path in PAGES), *((path, 1440) for path in WIDE)])
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
    expect(page.locator("[data-testid='stApp']")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(500)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    light = page.evaluate(LIGHT)
    broken = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']").count()
    context.close()
    assert (complaints, outside, broken) == ([], [], 0)
    assert wide <= 0
    assert light > 0.8, "how bright the ground is, from 0 to 1"


LIGHT = """() => {
  const [r, g, b] = getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor.match(/\\d+/g);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""
STEADY = """
[store]
url = "sqlite:///{folder}/store.db"
[watch]
networks = ["127.0.0.0/8"]
[[monitor]]
key = "web"
name = "Web"
check = "tcp"
host = "127.0.0.1"
port = {port}
every = "2s"
timeout = "2s"
group = "Shop"
"""
TOPS = """() => {
  window.tops = new Set();
  const look = () => {
    const group = document.querySelector(".wr-group");
    window.tops.add(group ? Math.round(group.getBoundingClientRect().top) : null);
    requestAnimationFrame(look);
  };
  look();
}"""


def refreshed(late: Locator) -> None:
    """Waits until the page was drawn anew, and a second more."""
    drawn = late.get_attribute("data-at")
    assert drawn
    expect(late).not_to_have_attribute("data-at", drawn)
    late.page.wait_for_timeout(1000)


@pytest.fixture
def steady(tmp_path: Path) -> Iterator[Server]:
    """A Wardround whose one monitor is down and stays so."""
    home = copied(tmp_path / "wardround")
    with refusing() as port:
        (home / "wardround.toml").write_text(STEADY.format(folder=home, port=port), encoding="utf-8")
        with running(home) as server:
            yield server


def test_a_page_holds_still_while_it_is_refreshed_and_says_when_it_is_no_longer(steady: Server, page: Page) -> None:
    late, card = page.locator(".wr-late"), page.locator(".wr-card.wr-down")
    page.goto(steady.url)
    expect(card).to_be_visible(timeout=60_000)
    expect(page.locator(".wr-group")).to_be_visible()
    refreshed(late)
    page.evaluate(TOPS)
    refreshed(late)
    refreshed(late)
    assert len(page.evaluate("[...window.tops]")) == 1, "the first group neither moves nor vanishes"
    expect(late).to_be_hidden()

    steady.process.send_signal(signal.SIGTERM)
    expect(late).to_be_in_viewport(timeout=60_000)
    expect(late).to_be_visible()
    expect(page.locator(".wr-banner .wr-age")).to_be_hidden()


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
