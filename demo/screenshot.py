"""Takes the README's picture: the overview of the demo in Chromium, dark, 1440 pixels wide, into docs/overview.png."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from urllib.error import URLError
from urllib.request import urlopen

HOME = Path(__file__).resolve().parents[1]
PICTURE = HOME / "docs" / "overview.png"
SIZE = {"width": 1440, "height": 1250}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SETTLED_S = 25.0  # until the poller has looked at everything twice and the history is written
MOST = 400_000  # bytes: a README is read on phones too
COLOURS = (256, 128, 64)


def chromium() -> str:
    """Where a Chromium is."""
    path = HOME / "tests" / "browser" / "ensure_chromium.py"
    spec = importlib.util.spec_from_file_location("ensure_chromium", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing")
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.find())


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(home: Path) -> Iterator[str]:
    """A fresh copy of the program, so that neither a real configuration nor an old demo is in the picture."""
    unwanted = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "wardround.toml", "tests")
    shutil.copytree(HOME, home, ignore=unwanted)
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(URLError, OSError):
            urlopen(f"{url}/_stcore/health", timeout=2).close()  # noqa: S310 - our own address
            return
        time.sleep(0.2)
    raise SystemExit("the server never answered")


def shot(url: str, path: Path) -> None:
    """Writes the picture of the overview."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="dark")  # type: ignore[arg-type]
        time.sleep(SETTLED_S)
        page.goto(url)
        page.get_by_text("DEMO").first.wait_for()
        page.wait_for_timeout(4000)
        page.screenshot(path=path)
        browser.close()


def smaller(path: Path) -> int:
    """Fewer colours until the file is small enough; gives its bytes."""
    from PIL import Image

    for colours in COLOURS:
        if path.stat().st_size <= MOST:
            break
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(colours).save(path, optimize=True)
    return path.stat().st_size


def main() -> None:
    """Takes the picture."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "wardround") as url:
        shot(url, PICTURE)
    sys.stdout.write(f"{PICTURE.relative_to(HOME)}: {smaller(PICTURE)} bytes\n")


if __name__ == "__main__":
    main()
