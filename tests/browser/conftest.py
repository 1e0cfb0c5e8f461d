"""The real thing: the one command in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.ports import free_port as free_port

HOME = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # a page of a busy machine may be slow; how fast it is, bench/ measures
# as root and behind a closed network Chromium needs these, or it spends its first seconds asking for updates
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


def chromium() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ensure_chromium", Path(__file__).with_name("ensure_chromium.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Server:
    """A running Wardround: where it answers, where it lives, and its process."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path


def copied(home: Path) -> Path:
    """The project without its history, its store and its secrets: a test can neither read nor hurt the real ones."""
    own = ("var", "wardround.toml", "secrets.toml")
    unwanted = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", ".hypothesis", "node_modules", "tests", "bench", *own
    )
    return Path(shutil.copytree(HOME, home, ignore=unwanted))


def answers(url: str, door: str = "live") -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/api/health/{door}", timeout=10, trust_env=False).status_code == 200
    return False


def wait_for(what: Callable[[], bool], seconds: float, words: str) -> None:
    """Waits until ``what()`` holds; fails with ``words`` after ``seconds``."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, words
        time.sleep(0.1)


@contextmanager
def running(home: Path, config: Path | None = None) -> Iterator[Server]:
    """Starts ``streamlit run app.py`` in ``home`` on a free port; ends it, and what it started, afterwards."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WARDROUND_", "STREAMLIT_", "PYTEST_"))}
    env |= {"WARDROUND_CONFIG": str(config)} if config else {}
    log = home / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=home, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    try:
        wait_for(lambda: process.poll() is not None or answers(server.url), 120, "the server never answered")
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        # until the poller has made the store there is nowhere to keep what a browser sends
        wait_for(lambda: answers(server.url, "ready"), 120, "the poller never made the store")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(40)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


@pytest.fixture(scope="module")  # it goes on probing and judging for as long as it runs
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, as a person gets it who has configured nothing."""
    with running(copied(tmp_path_factory.mktemp("demo") / "wardround")) as server:
        yield server


@pytest.fixture(scope="module")  # while it is open a loop of its own runs, which the async tests of this process mind
def browser() -> Iterator[Browser]:
    path = chromium().find()
    assert path, "no Chromium: run `make test`, which makes sure of one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tabs() -> list[Page]:
    """The tab that the tests of a module share: the first page of a new one costs Chromium three times a later one."""
    return []


@pytest.fixture
def page(browser: Browser, tabs: list[Page]) -> Iterator[Page]:
    """An empty tab that knows nobody."""
    if not tabs:
        tabs.append(browser.new_context().new_page())
        tabs[0].set_default_timeout(30_000)
    page = tabs[0]
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.emulate_media(media="screen", color_scheme="dark")
    yield page
    try:
        forget(page)
    except Error:  # what a test has broken the next one does not get
        tabs.pop().context.close()


def forget(page: Page) -> None:
    """Leaves the page that is open, and takes what it has kept in the browser."""
    page.evaluate("() => { if (location.protocol !== 'about:') { localStorage.clear(); sessionStorage.clear(); } }")
    page.goto("about:blank")
    page.context.clear_cookies()
