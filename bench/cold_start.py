"""From the one command to a rendered overview in Chromium: the demo new, the demo there, beside an empty app."""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from _report import report
from playwright.sync_api import Browser, sync_playwright

from demo.screenshot import FLAGS, HOME, chromium, free_port

ROUNDS = 3
BAR_S = 5.0
EMPTY = "import streamlit as st\n\nst.title('ready')\n"


def listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def rendered(browser: Browser, home: Path, script: str, text: str) -> float:
    """Seconds from the command to ``text`` on the page; the browser runs already, as a person's does."""
    port = free_port()
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="dark")
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not listening(port):
            assert process.poll() is None, "the server ended"
            time.sleep(0.02)
        page.goto(f"http://127.0.0.1:{port}", wait_until="commit")
        page.get_by_text(text).first.wait_for(timeout=60_000)
        return time.perf_counter() - began
    finally:
        page.close()
        process.terminate()
        process.wait(20)


def copied(folder: Path) -> Path:
    unwanted = shutil.ignore_patterns(".git", ".venv", "var", "wardround.toml", "tests")
    return Path(shutil.copytree(HOME, folder / "wardround", ignore=unwanted))


def measured(browser: Browser, folder: Path) -> tuple[list[float], list[float], list[float]]:
    """New demo, demo that is there, empty app; pairs taken one after the other."""
    home, fresh, again, empty = copied(folder), [], [], []
    (home / "empty.py").write_text(EMPTY, encoding="utf-8")
    rendered(browser, home, "empty.py", "ready")  # compiles Streamlit's modules and warms the disk
    for _ in range(ROUNDS):
        shutil.rmtree(home / "var", ignore_errors=True)
        fresh.append(rendered(browser, home, "app.py", "Payment API"))
        again.append(rendered(browser, home, "app.py", "Payment API"))
        empty.append(rendered(browser, home, "empty.py", "ready"))
    return fresh, again, empty


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        fresh, again, empty = measured(browser, Path(folder))
        browser.close()
    for what, times in (("with no demo yet", fresh), ("with the demo there", again)):
        ratios = [time / floor for time, floor in zip(times, empty, strict=True)]
        middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
        said = f"{statistics.median(times):.1f} s"
        ratio = f"{middle:.1f} times an empty Streamlit app ({low:.1f} to {high:.1f})"
        report(__file__, f"cold start to the rendered overview, {what}", said, ratio, f"{BAR_S:g} s")


if __name__ == "__main__":
    main()
