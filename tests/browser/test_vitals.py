"""The very lines of the page Vitals and the real package web-vitals in a real browser: what it measures is charted."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from rules import vitals
from tests.browser.conftest import Server, wait_for
from tests.browser.shop import NAMES, Shop, arrived, counted, kept, listening, refused, serving, used
from ui import snippets

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]
PAGES = ("prescriptions", "beaconless", "hidden", "foreign", "many", "old3", "old4", "old5", "old6")
HIDE, SHOW = (
    f"Object.defineProperty(document, 'visibilityState', {{value: '{state}', configurable: true}});"
    "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
    for state in ("hidden", "visible")
)
# what a figure draws, trace by trace: its name and how many points it has
TRACES = "els => els.map(el => el.data.map(each => [each.name, each.y.filter(y => y !== null).length]))"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with serving(Shop()) as found:
        yield found


@pytest.fixture(scope="module")
def wardround(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all of them: each test has a page, so a route, of its own."""
    home = tmp_path_factory.mktemp("vitals") / "wardround"
    with listening(home, shop.port, [f"/{name}/[id]" for name in PAGES]) as server:
        yield server


@pytest.fixture
def lines(wardround: Server) -> str:
    return snippets.plain(f"{wardround.url}/api/vitals")


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    yield page
    page.close()


def test_what_a_browser_measures_arrives_and_is_charted(visitor, shop, wardround, lines) -> None:
    route = "/prescriptions/[id]"
    used(visitor, shop.put("prescriptions", lines))

    found = arrived(wardround, route, NAMES)

    assert set(found.values()) == {1}
    assert {each.device for each in kept(wardround, route)} == {"desktop"}
    assert b"4711" not in b"".join(path.read_bytes() for path in wardround.home.glob("store.db*"))
    visitor.goto(f"{wardround.url}/vitals?vital=LCP")
    expect(visitor.get_by_text("of 100 measurements").first).to_be_visible()
    expect(visitor.get_by_text("Pages, the worst first")).to_be_visible()
    figure = visitor.locator(".js-plotly-plot")
    expect(figure).to_be_visible()
    (drawn,) = figure.evaluate_all(TRACES)
    points = dict(drawn)
    assert points["desktops"] >= 1
    assert points["good"] >= 1
    assert "phones" not in points
    visitor.goto(f"{wardround.url}/monitor?monitor=lcp")
    expect(visitor.get_by_text("1 measurement in 1 h").first).to_be_visible()


def test_a_refused_beacon_falls_back_to_a_request_that_outlives_the_page(visitor, shop, wardround, lines) -> None:
    used(visitor, shop.put("beaconless", lines, before="navigator.sendBeacon = () => false;"))

    assert arrived(wardround, "/beaconless/[id]", NAMES)["LCP"] == 1


def test_a_page_that_is_hidden_and_shown_again_counts_once_with_its_last_value(visitor, shop, wardround, lines) -> None:
    route = "/hidden/[id]"
    visitor.goto(shop.put("hidden", lines))
    visitor.wait_for_function("window.seen?.LCP && seen.CLS > 0")
    visitor.evaluate(HIDE)
    arrived(wardround, route, {"FCP", "TTFB", "CLS"})
    first = shift(wardround, route)

    visitor.evaluate(f"{SHOW}; late(); late()")
    visitor.wait_for_function("was => seen.CLS > 1.5 * was", arg=first)
    visitor.evaluate(HIDE)
    wait_for(lambda: shift(wardround, route) > 1.5 * first, 60, "the grown shift never came in")
    visitor.goto("about:blank")

    found = arrived(wardround, route, {"LCP"})  # told when the browser itself says that the page is hidden
    assert {found[name] for name in ("LCP", "FCP", "TTFB", "CLS")} == {1}


def shift(server: Server, route: str) -> float:
    """The layout shift of the one page view that there is."""
    (each,) = [each for each in kept(server, route) if each.name == "CLS"]
    assert each.n == 1
    return vitals.quantile("CLS", each.values) or 0.0


def test_a_page_of_another_site_cannot_tell_anything(visitor, shop, wardround, lines) -> None:
    before = refused(wardround)
    visitor.goto(shop.put("foreign", lines).replace("127.0.0.1", "localhost"))
    visitor.wait_for_function("window.seen?.LCP")
    visitor.goto("about:blank")

    wait_for(lambda: refused(wardround) > before, 60, "it never asked")

    assert kept(wardround, "/foreign/[id]") == []


def test_the_platforms_own_metrics_arrive_and_failures_count(visitor, shop, wardround, lines) -> None:
    more = 'for (const path of ["ok", "missing"]) await asked("api.prescriptions", path); window.done = true;'
    visitor.goto(shop.put("own", lines, more=snippets.METRIC + more))
    visitor.wait_for_function("window.done")
    visitor.goto("about:blank")

    wait_for(lambda: counted(wardround, "other")["api.prescriptions"] >= 2, 60, "the metrics never came in")

    (found,) = [each for each in kept(wardround, "other") if each.name == "api.prescriptions"]
    assert (found.good, found.poor) == (1, 1)


def test_many_go_in_pieces_that_are_small_enough(visitor, shop, wardround, lines) -> None:
    """A thousand measurements of a page that is never left: none is lost, none waits for long, no body is too large."""
    many = 'import { keep } from "./vitals"; window.keep = keep;'
    spy = "window.sent = []; navigator.sendBeacon = (url, body) => { sent.push(body); return true; };"
    visitor.goto(shop.put("many", lines, before=spy, more=many))
    visitor.wait_for_function("!!window.keep")
    visitor.evaluate(
        "for (let k = 0; k < 1000; k++) keep({ name: 'api.x', value: k, tags: { query: 'x'.repeat(k) } });"
        "dispatchEvent(new Event('pagehide'))"
    )

    sent = [json.loads(body) for body in visitor.evaluate("sent")]

    values = [each["value"] for body in sent for each in body if each["name"] == "api.x"]
    assert values == list(range(1000))
    assert max(len(body) for body in sent) <= 40
    assert max(visitor.evaluate("sent.map(each => new Blob([each]).size)")) < 16_384
    assert all("tags" in each for body in sent for each in body if each["name"] == "api.x")


@pytest.mark.parametrize("major", [3, 4, 5, 6])
def test_every_major_of_the_package_is_understood(major, visitor, shop, wardround, lines) -> None:
    package = "web-vitals" if major == 6 else f"web-vitals-{major}"
    first = 'import { onFID } from "web-vitals"; import { keep } from "./vitals"; onFID(keep);' if major < 5 else ""
    used(visitor, shop.put(f"old{major}", lines, package=package, more=first))

    found = arrived(wardround, f"/old{major}/[id]", NAMES | ({"FID"} if first else set()))

    assert set(found.values()) == {1}


def test_a_table_of_supabase_is_told_by_pages_of_another_origin(visitor, shop) -> None:
    lines = snippets.supabase(f"http://localhost:{shop.port}", "sb_publishable_1")
    used(visitor, shop.put("table", lines))

    def measured() -> dict[str, str]:
        return {each["name"]: each["path"] for _, _, body in shop.called for each in body["measured"]}

    wait_for(lambda: set(measured()) >= NAMES, 60, "not all of them came in")
    assert set(measured().values()) == {"/table/4711"}
    assert {(path, key) for path, key, _ in shop.called} == {("/rest/v1/rpc/tell_vitals", "sb_publishable_1")}
