"""The doors over a store of their own, asked in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import settings
from data import store
from tests.serving import Stage, configured, forget, guarded


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setenv("WARDROUND_CONFIG", str(configured(tmp_path)))
    forget()
    store.open(settings.current().store.url).dispose()
    transport = httpx.ASGITransport(guarded(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Stage(client, tmp_path)
    forget()
