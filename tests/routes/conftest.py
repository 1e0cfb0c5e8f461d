"""The doors: in this process before each test, and one real server for all tests that only ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

import settings
from data import store
from tests.serving import Server, Stage, configured, ended, forget, guarded, launched, until, up


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setenv("WARDROUND_CONFIG", str(configured(tmp_path)))
    forget()
    store.open(settings.current().store.url).dispose()
    transport = httpx.ASGITransport(guarded(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Stage(client, tmp_path)
    forget()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all tests that only ask."""
    folder = tmp_path_factory.mktemp("served")
    running = launched(folder, configured(folder, 'allowed_hosts = ["127.0.0.1", "*.ours.example"]'))
    try:
        until(lambda: up(running, "/api/health/ready"), 40, running)
        yield running
    finally:
        ended(running)
