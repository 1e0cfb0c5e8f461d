"""Keeps the poller's process alive: started, watched, started again with patience, ended with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

log = logging.getLogger("wardround.server")
FIRST, MOST = 0.5, 30.0  # seconds before the next start: doubled each time, forgotten after a minute of life
GRACE = 8.0  # seconds to finish the commit that is under way
HOME = Path(__file__).resolve().parent


@asynccontextmanager
async def kept_alive(command: Sequence[str]) -> AsyncIterator[None]:
    """Runs ``command`` as long as the block lasts. Its standard input is a pipe that closes when we die, however."""
    keeper = asyncio.create_task(_keep(command))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _keep(command: Sequence[str]) -> None:
    loop, wait = asyncio.get_running_loop(), FIRST
    while True:
        began = loop.time()
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, cwd=HOME)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        wait = FIRST if loop.time() - began > 60 else min(wait * 2, MOST)
        log.error("the poller ended (exit %s); it is started again in %.0f s", code, wait)
        await asyncio.sleep(wait)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
