"""Puts a filled store and its configuration in place for one test; imported by the conftest.py of pages and ui."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import data.store
import settings
from model import Monitor
from tests import filled
from ui import shelf

Stage = Callable[..., filled.Scene]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """``stage(watched, silent=seconds, words=..., store=False, full=False)`` sets the scene that pages then find."""

    def sets(
        watched: tuple[Monitor, ...] | None = None, *, silent: float = 0.0, words: str = "refused the connection",
        days: int = 90, store: bool = True, full: bool = True, site: str = "Our platform", demo: bool = True,
    ) -> filled.Scene:  # fmt: skip
        monitors = filled.monitors() if watched is None else watched
        now = datetime.now(UTC) - timedelta(seconds=silent)
        path = tmp_path / "store.db"
        scene = filled.Scene(monitors, f"sqlite:///{path}", now)
        if store and not full:
            data.store.open(scene.url).dispose()
        elif store:
            scene = filled.fill(path, monitors, now, words=words, days=days)
        monkeypatch.setenv(
            "WARDROUND_CONFIG", str(filled.configuration(tmp_path / "wardround.toml", scene, site=site, demo=demo))
        )
        settings.current.cache_clear()
        shelf.forget()
        return scene

    yield sets
    shelf.forget()
    settings.current.cache_clear()
