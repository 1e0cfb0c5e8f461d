"""Makes sure of a Chromium for the browser tests: one on the machine, else Playwright's own, else Debian's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_the_machine() -> str | None:
    """The path of a Chromium that is installed, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def from_playwright() -> str | None:
    """The path of the Chromium that Playwright downloaded, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """Where a Chromium is, without installing anything."""
    return on_the_machine() or from_playwright()


def install() -> str | None:
    """Tries Playwright's download, then Debian's package (as root or through sudo)."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=300)
    if found := find():
        return found
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, timeout=300)
        subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "chromium"], check=False, timeout=900)
    return find()


if __name__ == "__main__":
    path = find() or install()
    if path is None:
        sys.exit("No Chromium: install the package `chromium`, or run `playwright install chromium`.")
    print(f"Chromium: {path}")
