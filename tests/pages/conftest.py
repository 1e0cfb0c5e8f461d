"""Pages are driven through the frame, as a browser would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.staging import stage

__all__ = ["stage"]

FRAME = Path(__file__).resolve().parents[2] / "ui" / "frame.py"


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """``visit("monitor", monitor="api")`` opens a page with what stands in the address."""

    def opens(slug: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(FRAME), default_timeout=90)
        app.context = {"theme": "dark"}
        if slug:
            app.run()
            app.switch_page(f"../pages/{slug}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return opens
