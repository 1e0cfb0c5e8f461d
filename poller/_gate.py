"""Is it us? Asks a few addresses outside before a failure of everything is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

WAIT = 3.0


async def reachable(targets: Sequence[str]) -> bool:
    """True when any of the ``host:port`` accepts a connection within three seconds."""
    asked = [asyncio.create_task(_answers(target)) for target in targets]
    try:
        return any([await answer for answer in asyncio.as_completed(asked)])
    finally:
        for task in asked:
            task.cancel()


async def _answers(target: str) -> bool:
    host, _, port = target.rpartition(":")
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(WAIT):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return True
    return False
