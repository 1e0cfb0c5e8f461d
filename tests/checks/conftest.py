"""Servers on loopback that answer what a test wants, an authority of our own, and one way to look at them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from checks import Tools, open_tools, run
from model import Monitor, Result
from registry import member

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[int]]
Look = Callable[..., Awaitable[Result]]


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    """Tools that may reach loopback over IPv4."""
    async with open_tools(networks=["127.0.0.0/8"]) as opened:
        yield opened


@pytest.fixture
def look(tools: Tools) -> Look:
    """Runs one probe: ``await look("http", url=...)``."""

    async def looked(check: str, *, deadline: float = 20.0, **options: Any) -> Result:
        monitor = Monitor("subject", "Subject", check, member("checks", check).Options(**options), timeout=deadline)
        return await run(monitor, tools)

    return looked


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that answers fixed bytes after the request's head, or talks as it is told; gives its port."""
    async with AsyncExitStack() as stack:
        talks: set[asyncio.Task[None]] = set()

        async def started(answer: bytes | Talk, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> int:
            async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task is not None
                talks.add(task)
                try:
                    await (said(answer, reader, writer) if isinstance(answer, bytes) else answer(reader, writer))
                except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, EOFError):
                    pass
                finally:
                    writer.transport.abort()

            server = await asyncio.start_server(guarded, host, 0, ssl=tls)
            stack.callback(server.close)
            return int(server.sockets[0].getsockname()[1])

        yield started
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def said(answer: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only those trust who are told to."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Iterator[Path]:
    """The authority's certificate in a file."""
    with authority.cert_pem.tempfile(dir=str(tmp_path)) as path:
        yield Path(path)


@pytest.fixture
def tls_for(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """A server's TLS context with a certificate for these names."""

    def context(*names: str, issuer: trustme.CA = authority, **more: Any) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issuer.issue_cert(*names, **more).configure_cert(made)
        return made

    return context
