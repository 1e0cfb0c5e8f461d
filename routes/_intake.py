"""Bodies come in whole, small and soon, or not at all."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import Message, Receive, Scope

LARGEST = 16 * 1024  # bytes of one body
LARGER = {"/api/hooks/vercel-drain": 1024 * 1024, "/api/hooks/": 64 * 1024}  # what vendors send may be longer
PATIENCE = 5.0  # seconds for all of it


class Refusal(Exception):
    """An HTTP status, and why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


async def taken_in(scope: Scope, receive: Receive) -> Receive:
    """A ``receive`` that hands out the body, read already. Raises Refusal 400, 408 and 413."""
    headers = [(name, value) for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")]
    if not headers:
        return receive
    most = _most(scope["path"])
    for name, value in headers:
        if name == b"content-length" and (not value.isdigit() or int(value) > most):
            raise Refusal(413 if value.isdigit() else 400, f"a body of more than {most} bytes, or of no known size")
    try:
        async with asyncio.timeout(PATIENCE):
            messages = await _messages(receive, most)
    except TimeoutError:
        raise Refusal(408, f"the body took longer than {PATIENCE:g} s") from None

    async def again() -> Message:
        return messages.popleft() if messages else await receive()

    return again


def _most(path: str) -> int:
    for begin, size in LARGER.items():
        if path.startswith(begin):
            return size
    return LARGEST


async def _messages(receive: Receive, most: int) -> deque[Message]:
    messages: deque[Message] = deque()
    size, more = 0, True
    while more:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        more = bool(message.get("more_body", False))
        if size > most:
            raise Refusal(413, f"a body of more than {most} bytes")
    return messages
