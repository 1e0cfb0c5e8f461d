"""Keeps the poller's process alive: started, watched, started again with patience, ended with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

log = logging.getLogger("wardround.server")
HOME = Path(__file__).resolve().parent
FIRST, MOST = 0.5, 30.0  # seconds before the next start: doubled each time, forgotten after a minute of life
MINUTE = 60.0
GRACE = 8.0  # seconds to finish the commit that is under way
STUCK = 45.0  # seconds without a sign of life


@asynccontextmanager
async def kept_alive(command: Sequence[str], *, signs: bool = False) -> AsyncIterator[None]:
    """Runs ``command`` as long as the block lasts.

    Its standard input is a pipe that closes when this process dies, however: the command must end by itself then.
    With ``signs`` it writes something to its standard output all the time, and is ended when that stops: a sign of life
    that needs no store and no disk, for one that waits for either must not be ended.
    """
    keeper = asyncio.create_task(_keep(command, signs))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _keep(command: Sequence[str], signs: bool) -> None:
    loop, wait = asyncio.get_running_loop(), FIRST
    while True:
        began = loop.time()
        try:
            ended = f"exit {await _one_life(command, signs)}"
        except Exception as error:  # no memory, no descriptor, no such program: none of it lasts for ever
            ended = f"{type(error).__name__}: {error}"
        wait = FIRST if loop.time() - began > MINUTE else min(wait * 2, MOST)
        log.error("the poller ended (%s); it is started again in %.0f s", ended, wait)
        await asyncio.sleep(wait)


async def _one_life(command: Sequence[str], signs: bool) -> int:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe if signs else None, cwd=HOME)
    try:
        if process.stdout is not None and await _fell_silent(process.stdout):
            log.error("the poller gave no sign of life for %.0f s and is ended", STUCK)
            with suppress(ProcessLookupError):
                process.kill()  # a stopped process would not see a polite signal
        return await process.wait()
    except BaseException:
        await _end(process)
        raise


async def _fell_silent(said: asyncio.StreamReader) -> bool:
    """Listens for as long as there is something to hear; False when it ended as it should."""
    try:
        while True:
            async with asyncio.timeout(STUCK):
                if not await said.read(4096):
                    return False
    except TimeoutError:
        return True


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
