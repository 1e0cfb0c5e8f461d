"""Is it us: real ports on loopback, and names that are looked up in threads of our own."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from checks import open_tools
from poller import _gate


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """(one that listens, one that does not)."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
        free.close()
        yield listening.getsockname()[1], closed


async def asked(*targets: str, lookup=lambda name: ("127.0.0.1",)) -> bool:
    async with open_tools(lookup=lookup) as tools:
        return await _gate.reachable(targets, tools.resolver.addresses)


async def test_one_that_answers_is_enough(ports) -> None:
    there, gone = ports
    assert await asked(f"127.0.0.1:{gone}", f"127.0.0.1:{there}")
    assert not await asked(f"127.0.0.1:{gone}")
    assert await asked(f"there.example:{there}")


async def test_every_address_of_a_name_is_tried(ports) -> None:
    there, _ = ports
    assert await asked(f"there.example:{there}", lookup=lambda name: ("127.0.0.99", "127.0.0.1"))


async def test_a_name_that_is_not_found_is_no_answer(ports) -> None:
    def nobody(name: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert not await asked(f"gone.example:{ports[0]}", lookup=nobody)


async def test_a_name_server_that_is_silent_is_not_waited_for_longer(ports, monkeypatch) -> None:
    monkeypatch.setattr(_gate, "WAIT", 0.3)

    def silent(name: str) -> tuple[str, ...]:
        if name == "hole.example":
            time.sleep(3)
        return ("127.0.0.1",)

    many = [f"hole.example:{ports[0]}"] * 20
    assert not await asked(*many, lookup=silent)
    assert await asked(*many, f"there.example:{ports[0]}", lookup=silent)
