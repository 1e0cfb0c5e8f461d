"""A real Next.js builds and serves the very lines of the page Vitals, over its own origin, and Chromium looks at it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import Server, free_port, wait_for
from tests.browser.shop import NAMES, NODE_MODULES, arrived, listening
from ui import snippets

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
ROUTE = "/prescriptions/[id]"
LAYOUT = """import { Vitals } from "./vitals";

export default function Layout({ children }) {
  return <html lang="en"><body><Vitals />{children}</body></html>;
}
"""
PAGE = """"use client";
import { useEffect, useState } from "react";

export default function Page() {
  const [late, show] = useState(false);
  useEffect(() => {
    const later = setTimeout(() => show(true), 300);
    new PerformanceObserver(() => (window.shifted = true)).observe({ type: "layout-shift", buffered: true });
    const idle = (list) => list.getEntriesByName("click").length && requestIdleCallback(() => (window.reacted = true));
    new PerformanceObserver(idle).observe({ type: "event", durationThreshold: 40 });
    return () => clearTimeout(later);
  }, []);
  const busy = () => { for (const end = performance.now() + 80; performance.now() < end; ); };
  return <main><h1>Prescription</h1>{late && <div style={{ height: 180 }}>Late</div>}
    <p>A paragraph that is painted.</p><button onClick={busy}>Pay</button></main>;
}
"""
# the packages lie elsewhere: a platform's own lie in its own folder
OUTSIDE = 'module.exports.turbopack = { root: "/" };\n'
# nobody builds there again: what a cache costs would be for nothing
ONCE = "module.exports.experimental = { turbopackFileSystemCacheForBuild: false };\n"
NEXT = str(NODE_MODULES / ".bin" / "next")
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("NODE_", "NEXT_", "npm_"))}
ENV |= {"NEXT_TELEMETRY_DISABLED": "1", "CI": "1"}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def wardround(port: int, tmp_path: Path) -> Iterator[Server]:
    with listening(tmp_path / "wardround", port, [ROUTE]) as server:
        yield server


@pytest.fixture
def platform(port: int, wardround: Server, tmp_path: Path) -> Iterator[str]:
    """The smallest app that there is, with the snippets as they are; returns its address."""
    home = tmp_path / "platform"
    texts = {
        "package.json": '{"private": true}',
        "next.config.js": snippets.rewrite(f"{wardround.url}/api/vitals") + OUTSIDE + ONCE,
        "app/layout.js": LAYOUT,
        "app/vitals.js": snippets.next_js("/vitals"),
        "app/prescriptions/[id]/page.js": PAGE,
    }
    for name, text in texts.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    (home / "node_modules").symlink_to(NODE_MODULES)
    built = subprocess.run([NEXT, "build"], cwd=home, env=ENV, capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    with started(home, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def started(home: Path, port: int) -> Iterator[None]:
    command = [NEXT, "start", "--hostname", "127.0.0.1", "--port", str(port)]
    with (home / "next.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=ENV, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/prescriptions/1"), 60, "Next.js never answered")
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=10, trust_env=False).status_code == 200
    return False


def test_the_lines_build_and_tell_over_the_platforms_own_origin(platform, wardround, browser) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{platform}/prescriptions/4711?mrn=12345")
    page.wait_for_function("window.shifted")
    page.click("button")
    page.wait_for_function("window.reacted")
    page.goto("about:blank")

    found = arrived(wardround, ROUTE, NAMES)

    assert set(found.values()) == {1}
    page.close()
