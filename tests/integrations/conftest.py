"""Outside services on loopback that answer what a test wants, and one way to read them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations import Tools, fetch, open_tools
from model import Integration, Monitor, Snapshot
from registry import member

Handler = Callable[[Request], Awaitable[Response]]
Service = Callable[[Handler], Awaitable[str]]
Read = Callable[..., Awaitable[Snapshot]]


class Hand:
    """A clock that a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """The supabase package is large: the first test that needs it must not pay for it out of its deadline."""
    import postgrest.exceptions
    import supabase

    assert supabase.AsyncClient
    assert postgrest.exceptions.APIError


@pytest.fixture
def hand(noon: datetime) -> Hand:
    return Hand(noon)


@pytest.fixture
async def tools(hand: Hand) -> AsyncIterator[Tools]:
    """Real tools whose clock is ``hand``."""
    async with open_tools(clock=hand) as opened:
        yield opened


@pytest.fixture
def read(tools: Tools) -> Read:
    """Reads once: ``await read("sentry", "issues", base=..., token=...)``."""

    async def once(name: str, reading: str, *, seconds: float = 5.0, **options: Any) -> Snapshot:
        module = member("integrations", name)
        integration = Integration(name, module.TITLE, module.Options(**options))
        monitor = Monitor(f"{name}.{reading}", reading, name, None, timeout=seconds)
        return await fetch(integration, monitor, tools)

    return once


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """Starts a service whose every path is answered by a handler; gives its base URL, without a slash at the end."""
    async with AsyncExitStack() as stack:

        async def started(handler: Handler) -> str:
            return await stack.enter_async_context(serving(handler))

        yield started


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    methods = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route("/{path:path}", handler, methods=methods)])
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(  # whose clock it is a test says
        app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0, date_header=False
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    await server.on_tick(0)  # says which headers every answer carries
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await _ended(server)


async def _ended(server: uvicorn.Server) -> None:
    """At once: its own way out sleeps for a tenth of a second, twice, after each of hundreds of tests."""
    for each in server.servers:
        each.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    tasks = list(server.server_state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
