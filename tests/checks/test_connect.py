"""Connections that are never made leave nothing behind, whichever loop the poller runs on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from checks import open_tools, run
from checks.http import Options
from model import Monitor, Result

AMPLE = 60.0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_connection_that_is_never_made_leaves_no_descriptor_behind(loop: str) -> None:
    """On the loop that the poller uses, and on the one where that is not to be had."""
    factory = pytest.importorskip(loop).new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner, full_queue() as silent, closed_port() as closed:
        before, after, words = runner.run(many_at_once(silent, closed))
    assert after <= before
    assert words == {
        "silent": {"no answer within 0.3 s: nothing accepted the connection"},
        "closed": {"refused the connection"},
    }


async def many_at_once(silent: int, closed: int) -> tuple[int, int, dict[str, set[str]]]:
    """Descriptors before and after, and what was said of 20 probes each that time out, are refused, are cancelled."""
    async with open_tools(networks=["127.0.0.0/8"]) as tools:

        def looking(port: int, deadline: float) -> list[asyncio.Task[Result]]:
            monitor = Monitor("m", "M", "http", Options(url=f"http://127.0.0.1:{port}/"), timeout=deadline)
            return [asyncio.create_task(run(monitor, tools)) for _ in range(20)]

        await asyncio.gather(*looking(closed, AMPLE))
        before = psutil.Process().num_fds()
        late, refused = await asyncio.gather(*looking(silent, 0.3)), await asyncio.gather(*looking(closed, AMPLE))
        given_up = looking(silent, AMPLE)
        await asyncio.sleep(0.1)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        await asyncio.sleep(0.1)  # a transport closes its socket in a later turn of the loop
        return (
            before,
            psutil.Process().num_fds(),
            {"silent": {each.words for each in late}, "closed": {each.words for each in refused}},
        )


@contextmanager
def full_queue() -> Iterator[int]:
    """A port that nobody accepts on, and whose queue is full."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that is taken, but not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
