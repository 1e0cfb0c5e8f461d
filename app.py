"""What `streamlit run app.py` serves: the pages, the doors beside them, and the poller as a child process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

import child
import demo
import registry
import settings
from routes._guard import Guard

HOME = Path(__file__).resolve().parent


def doors() -> list[BaseRoute]:
    """Every route of every module in routes/."""
    return [route for module in registry.members("routes").values() for route in module.ROUTES]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """The demo when nothing is configured, then the poller; both end with the server."""
    playing = demo.start(HOME / "var") if settings.found() is None else None
    if playing:
        settings.use(playing.config)
    path = settings.current().path or HOME
    try:
        async with child.kept_alive(
            [sys.executable, str(HOME / "wardround.py"), "poll", "--child", "--config", str(path)]
        ):
            yield
    finally:
        if playing:
            playing.stop()


def checked() -> nullcontext[None]:
    """Ends the program in one line when the configuration has a mistake."""
    try:
        if settings.found() is not None:
            settings.current()
    except settings.ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    return nullcontext()


with checked():
    app = st.App(str(HOME / "ui" / "frame.py"), lifespan=lifespan, routes=doors(), middleware=[Middleware(Guard)])
