"""Is it us? Asks a few addresses outside before a failure of everything is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

WAIT = 3.0
Addresses = Callable[[str], Awaitable[tuple[str, ...]]]


async def reachable(targets: Sequence[str], addresses: Addresses) -> bool:
    """True when any of the ``host:port`` accepts a connection within three seconds.

    ``addresses`` looks names up: in threads of our own, for the loop's would all hang in a name server that is gone.
    """
    asked = [asyncio.create_task(_answers(target, addresses)) for target in targets]
    try:
        return any([await answer for answer in asyncio.as_completed(asked)])
    finally:
        for task in asked:
            task.cancel()


async def _answers(target: str, addresses: Addresses) -> bool:
    name, _, port = target.rpartition(":")
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(WAIT):
            for address in await addresses(name.strip("[]")):
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(address, int(port))
                    writer.close()
                    return True
    return False
