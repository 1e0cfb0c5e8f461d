"""Tells the outside watch that we live, only while we really do: its alarm is our silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import httpx

from model import Monitor

EVERY, AGAIN = 60.0, 10.0  # seconds between two calls, and after one that was not answered
WITHIN = 10.0
LEAST = 60.0


def patience(looks: Iterable[Monitor]) -> float:
    """Seconds without a result after which something is wrong with us: the most frequent look must have ended."""
    return max(LEAST, min((each.every + each.timeout for each in looks if not each.paused), default=0.0))


async def prove(url: str, client: httpx.AsyncClient, well: Callable[[], bool]) -> None:
    """For ever; in a task of its own, for the outside watch may be slow, and must hold up nobody."""
    while True:
        while not well():  # noqa: ASYNC110 it may become so at any moment, and a second is soon enough
            await asyncio.sleep(min(1.0, EVERY))
        await asyncio.sleep(EVERY if await _called(url, client) else AGAIN)


async def _called(url: str, client: httpx.AsyncClient) -> bool:
    try:
        async with asyncio.timeout(WITHIN):
            return (await client.get(url)).is_success
    except Exception:  # its silence is the signal; there is nobody here to tell, and the url is secret
        return False
