"""Ports for servers of tests that must be told theirs before they start."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Below the range from which systems hand out ports by themselves (32768 on Linux, 49152 elsewhere): between the look
# and the use nobody is given it by chance. Each process of a test run begins elsewhere.
FIRST, LAST, STRIDE = 20_000, 32_000, 40
_next = FIRST + os.getpid() * STRIDE % (LAST - FIRST)


def free_port() -> int:
    """A port of loopback that nobody uses, another one each time."""
    global _next
    while True:
        port, _next = _next, _next + 1 if _next + 1 < LAST else FIRST
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: what has just ended is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@contextmanager
def refusing() -> Iterator[int]:
    """A port that refuses every connection meanwhile: taken, so that nobody else can begin to listen there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        yield port
