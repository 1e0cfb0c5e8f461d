"""An on-call engineer's way: start the demo, see red, open the monitor, change the window, go back; on a phone too."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser.conftest import HOME, Server, copied, running
from tests.ports import refusing

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_from_red_to_the_monitor_and_back(demo: Server, page: Page) -> None:
    """The first test of the demo: in its first minutes something is down for certain."""
    page.goto(demo.url)
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
    expect(page).to_have_url(re.compile(rf"^{demo.url}/(\?|$)"))
    expect(page.locator(".wr-group").first).to_be_visible()
    expect(page.locator(".wr-banner")).to_be_visible()


def complaint(message: ConsoleMessage) -> bool:
    """An error on the console; not the 404 of the files that Streamlit looks for below a deep link first."""
    return message.type == "error" and "/_stcore/" not in message.location.get("url", "")


ASKED = {"overview": "", "monitor": "monitor?monitor=platform&window=24h"}
PAGES = [ASKED.get(path.stem, path.stem) for path in sorted((HOME / "pages").glob("[!_]*.py"))]
WIDE = ["", "monitor?monitor=platform&window=24h", "posture"]


@contextmanager
def watched(page: Page, home: str) -> Iterator[list[str]]:
    """What the page complains of meanwhile, and whom it asks outside ``home``."""
    found: list[str] = []
    ears: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: found.append(message.text) if complaint(message) else None,
        "pageerror": lambda error: found.append(str(error)),
        "request": lambda asked: None if asked.url.startswith((home, "data:", "blob:")) else found.append(asked.url),
    }
    for event, ear in ears.items():
        page.on(event, ear)
    yield found
    for event, ear in ears.items():
        page.remove_listener(event, ear)


def drawn(page: Page) -> None:
    """Waits until the page is there to its last letter: nothing is on its way, and two frames were painted since."""
    expect(page.locator("[data-testid='stApp']")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-testid='stSkeleton'], [data-testid='stAppSkeleton']")).to_have_count(0)
    page.evaluate("() => document.fonts.ready.then(() => new Promise(requestIdleCallback))")
    page.evaluate("() => new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")


@pytest.mark.parametrize(("path", "width"), [*((path, 390) for path in PAGES), *((path, 1440) for path in WIDE)])
def test_a_page_keeps_the_policy_and_fits_the_screen(demo: Server, page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light")
    with watched(page, demo.url) as complaints:
        page.goto(f"{demo.url}/{path}")
        expect(page.get_by_text("DEMO").first).to_be_visible()
        drawn(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        light = page.evaluate(LIGHT)
        broken = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']").count()
    assert (complaints, broken) == ([], 0)
    assert wide <= 0
    assert light > 0.8, "how bright the ground is, from 0 to 1"


LIGHT = """() => {
  const [r, g, b] = getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor.match(/\\d+/g);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""
JOB = "canary-of-the-job-0123456789"
STEADY = f"""
[store]
url = "sqlite:///{{folder}}/store.db"
[watch]
networks = ["127.0.0.0/8"]
[[monitor]]
key = "web"
name = "Web"
check = "tcp"
host = "127.0.0.1"
port = {{port}}
every = "2s"
timeout = "2s"
group = "Shop"
[[monitor]]
key = "nightly"
check = "heartbeat"
period = "1d"
every = "1s"
timeout = "1s"
token = "{JOB}"
group = "Jobs"
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


@pytest.fixture
def steady(tmp_path: Path) -> Iterator[Server]:
    """A Wardround whose first group is down and stays so."""
    home = copied(tmp_path / "wardround")
    with refusing() as port:
        (home / "wardround.toml").write_text(STEADY.format(folder=home, port=port), encoding="utf-8")
        with running(home) as server:
            yield server


def test_a_page_holds_still_while_it_is_refreshed_and_says_when_it_is_no_longer(steady: Server, page: Page) -> None:
    late, card = page.locator(".wr-late"), page.locator(".wr-card.wr-down")
    page.goto(steady.url)
    expect(card).to_be_visible(timeout=60_000)
    drawn(page)
    page.evaluate(TOPS)
    beat(late)
    expect(page.get_by_role("link", name=re.compile("^up nightly"))).to_have_count(0)
    headers = {"Authorization": f"Bearer {JOB}"}
    assert httpx.post(f"{steady.url}/api/heartbeat/nightly", headers=headers, trust_env=False).is_success
    expect(page.get_by_role("link", name=re.compile("^up nightly"))).to_be_visible(timeout=60_000)
    drawn(page)
    assert len(page.evaluate("[...window.tops]")) == 1, "the first group neither moves nor vanishes"
    expect(late).to_be_hidden()

    steady.process.send_signal(signal.SIGTERM)
    steady.process.wait(40)
    expect(late).to_have_css("animation-delay", "20s")
    faster(page, 10)
    expect(late).to_be_in_viewport()
    expect(late).to_be_visible()
    expect(page.locator(".wr-banner .wr-age")).to_be_hidden()


def beat(late: Locator) -> None:
    """Waits until the age on the page was drawn anew."""
    drawn = late.get_attribute("data-at")
    assert drawn
    expect(late).not_to_have_attribute("data-at", drawn)


def faster(page: Page, times: int) -> None:
    """Whatever is animated passes in a part of its time."""
    session = page.context.new_cdp_session(page)
    session.send("Animation.enable")
    session.send("Animation.setPlaybackRate", {"playbackRate": times})


@pytest.mark.parametrize("path", ["", "about"])
def test_a_page_that_waits_draws_next_to_nothing(demo: Server, page: Page, path: str) -> None:
    """A phone lies open for a night: what only waits to be late must not be drawn sixty times a second."""
    page.goto(f"{demo.url}/{path}")
    expect(page.locator(".wr-late")).to_be_attached()
    drawn(page)
    assert page.evaluate("document.getAnimations().length") > 0
    assert frames(page, 4.0) < 60


def frames(page: Page, seconds: float) -> int:
    """How many frames were drawn meanwhile."""
    assert page.context.browser
    page.context.browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline.frame"])
    page.wait_for_timeout(seconds * 1000)
    told = json.loads(page.context.browser.stop_tracing())["traceEvents"]
    return sum(1 for event in told if event["name"] == "BeginFrame")


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
