"""Pages are driven through the frame, as a browser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.staging import stage

__all__ = ["stage"]

FRAME = Path(__file__).resolve().parents[2] / "ui" / "frame.py"


@pytest.fixture(scope="session", autouse=True)
def _scanned_once() -> Iterator[None]:
    """Each new AppTest would read the metadata of every installed package, which takes longer than most pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """``visit("monitor", monitor="api")`` opens a page with what stands in the address."""

    def opens(slug: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(FRAME), default_timeout=90)
        app.context = {"theme": "dark"}
        if slug:  # before a first run the page goes by the name of its file, which is that of its address too
            app.switch_page(f"../pages/{slug}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return opens
