"""What `streamlit run app.py` serves: the pages, the doors beside them, and the poller as a child process."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

import child
import demo
import registry
import reporting
import settings
from routes._guard import Guard

HOME = Path(__file__).resolve().parent
VERSION = "0.1.0"
PAGE = Path(st.__file__).parent / "static" / "index.html"


def doors() -> list[BaseRoute]:
    """Every route of every module in routes/."""
    return [route for module in registry.members("routes").values() for route in module.ROUTES]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """The demo when nothing is configured, then the poller; both end with the server."""
    playing = demo.start(HOME / "var") if settings.found() is None else None
    known = settings.use(playing.config) if playing else settings.current()
    report(known)
    collect_seldom()
    command = [sys.executable, str(HOME / "wardround.py"), "poll", "--child", "--config", str(known.path)]
    try:
        async with child.kept_alive(command, signs=True):
            yield
    finally:
        if playing:
            playing.stop()
        reporting.stop()


def report(known: settings.Settings) -> None:
    """Our own errors, and those of our pages, go to Sentry if it is told where."""
    dsn = known.server.sentry_dsn
    if dsn is not None:
        reporting.start(dsn.reveal(), known.site.environment, VERSION)


def collect_seldom() -> None:
    """What was imported stays; and beacons, each of them short-lived, no longer cause a collection of everything."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def refuse_mistakes() -> None:
    """Ends the program in one line, exit code 2, when the configuration has a mistake."""
    try:
        if settings.found() is not None:
            settings.current()
    except settings.ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def name_no_server() -> None:
    """Nobody is told what serves here: Streamlit gives no way to set uvicorn's server_header; a test watches this."""
    setattr(uvicorn.Config, "encoded_headers", property(lambda _self: [], lambda _self, _headers: None))  # noqa: B010


refuse_mistakes()
name_no_server()
guard = Middleware(Guard, doors=doors(), page=PAGE.read_text(encoding="utf-8"))
app = st.App(str(HOME / "ui" / "frame.py"), lifespan=lifespan, routes=doors(), middleware=[guard])
