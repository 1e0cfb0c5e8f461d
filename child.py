"""Keeps the poller's process alive: started, watched, started again with patience, ended with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

log = logging.getLogger("wardround.server")
HOME = Path(__file__).resolve().parent
FIRST, MOST = 0.5, 30.0  # seconds before the next start: doubled each time, forgotten after a minute of life
MINUTE = 60.0
GRACE = 8.0  # seconds to finish the commit that is under way
STUCK = 45.0  # seconds without a report, from a process at least as old
LOOK = 5.0  # seconds between two looks at the reports


async def never() -> float:
    """Seconds since the last report, for a command that makes none."""
    return 0.0


@asynccontextmanager
async def kept_alive(command: Sequence[str], silent: Callable[[], Awaitable[float]] = never) -> AsyncIterator[None]:
    """Runs ``command`` as long as the block lasts; ``silent`` tells the seconds since it last gave a sign of life.

    Its standard input is a pipe that closes when this process dies, however: the command must end by itself then.
    """
    keeper = asyncio.create_task(_keep(command, silent))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _keep(command: Sequence[str], silent: Callable[[], Awaitable[float]]) -> None:
    loop, wait = asyncio.get_running_loop(), FIRST
    while True:
        began = loop.time()
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, cwd=HOME)
        try:
            code = await _watched(process, silent)
        except asyncio.CancelledError:
            await _end(process)
            raise
        wait = FIRST if loop.time() - began > MINUTE else min(wait * 2, MOST)
        log.error("the poller ended (exit %s); it is started again in %.0f s", code, wait)
        await asyncio.sleep(wait)


async def _watched(process: asyncio.subprocess.Process, silent: Callable[[], Awaitable[float]]) -> int:
    """The exit code, when it ends by itself or is ended because it lives and does nothing."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), LOOK)
        if loop.time() - began > STUCK and await silent() > STUCK:
            log.error("the poller has not reported for more than %.0f s and is ended", STUCK)
            process.kill()  # a stopped process would not see a polite signal


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
