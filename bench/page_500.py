"""First paint of the overview with 500 monitors in Chromium, beside an empty Streamlit page in the same run."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from pathlib import Path

from _pages import HOME, both
from _report import report
from playwright.sync_api import Browser, sync_playwright

ROUNDS = 9
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def first_paint(browser: Browser, url: str, wanted: str) -> float:
    """Seconds from the address to the first frame that shows what was wanted; scripts and fonts are cached."""
    page = browser.contexts[0].new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(wanted)
    page.evaluate(PAINTED)
    took = time.perf_counter() - start
    page.close()
    return took


def chromium() -> str:
    spec = importlib.util.spec_from_file_location("ensure_chromium", HOME / "tests" / "browser" / "ensure_chromium.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.find())


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        both(Path(folder), 500) as ((ours, _), (empty, _)),
        sync_playwright() as p,
    ):
        browser = p.chromium.launch(executable_path=chromium(), args=FLAGS)
        browser.new_context(viewport={"width": 1440, "height": 1000})
        pairs = [
            (first_paint(browser, ours, ".wr-chip"), first_paint(browser, empty, ".wr-row")) for _ in range(ROUNDS)
        ][1:]
        browser.close()
    page = statistics.median(mine for mine, _ in pairs)
    ratios = sorted(mine / floor for mine, floor in pairs)
    said = f"{statistics.median(ratios):.2f} of an empty Streamlit page, from {ratios[0]:.2f} to {ratios[-1]:.2f}"
    report(__file__, "first paint with 500 monitors", f"{page:.2f} s", said, "1.5 s, stretch 0.8")


if __name__ == "__main__":
    main()
