"""Names that hang must not delay names that do not, and threads stay bounded."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from checks import Tools, open_tools, run
from checks._resolver import HANGING, THREADS, Resolver, system
from checks.tcp import Options
from model import Monitor, Result, Status


class Hole:
    """A name server that is silent for names that begin with "hole", until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.asked: list[str] = []

    def __call__(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name.startswith("hole"):
            self.opened.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "x")
        if name.startswith("gone"):
            raise socket.gaierror(socket.EAI_NONAME, "x")
        return ("127.0.0.1",)


@pytest.fixture
def hole() -> Iterator[Hole]:
    made = Hole()
    yield made
    made.opened.set()
    for thread in dns_threads():  # the next test counts its own
        thread.join(10)


def dns_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("dns-")]


async def test_fifty_silent_names_do_not_delay_the_others(hole: Hole) -> None:
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]

    def monitor(name: str, deadline: float) -> Monitor:
        return Monitor(name, name, "tcp", Options(host=f"{name}.example", port=port), timeout=deadline)

    async def timed(name: str, tools: Tools) -> tuple[float, Result]:
        began = time.perf_counter()
        result = await run(monitor(name, 30.0), tools)
        return time.perf_counter() - began, result

    async with open_tools(networks=["127.0.0.0/8"], lookup=hole) as tools:
        silent = [asyncio.create_task(run(monitor(f"hole{n}", 0.8), tools)) for n in range(50)]
        await asyncio.sleep(0.1)
        for _ in range(4):
            good = await asyncio.gather(*(timed(f"good{n}", tools) for n in range(25)))
            assert {result.status for _, result in good} == {Status.UP}
            assert max(taken for taken, _ in good) < 15, "behind the silent ones it would have been a minute"
            again = [asyncio.create_task(run(monitor(f"hole{n}", 0.3), tools)) for n in range(50)]
            await asyncio.gather(*again)
        hung = await asyncio.gather(*silent)
        assert {result.words for result in hung} == {"no answer within 0.8 s: the name was never resolved"}
        assert {(result.status, result.network) for result in hung} == {(Status.DOWN, True)}
        assert len(dns_threads()) < 80
        assert sum(name.startswith("hole") for name in hole.asked) == 50, "one lookup a name, however often it is asked"
    listener.close()


async def test_names_known_to_hang_hold_only_a_part_of_the_threads(hole: Hole) -> None:
    resolver = Resolver(hole)
    names = [f"hole{n}" for n in range(200)]
    resolver._suspects.update(names)
    waiting = [asyncio.create_task(resolver.addresses(name)) for name in names]
    await asyncio.sleep(0.05)
    assert len(dns_threads()) < THREADS
    async with asyncio.timeout(20):
        found = await asyncio.gather(*(resolver.addresses(f"good{n}") for n in range(200)))
    assert set(found) == {("127.0.0.1",)}
    assert len(dns_threads()) <= THREADS
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    hole.opened.set()
    resolver.close()


async def test_a_name_that_answers_again_is_trusted_again(hole: Hole) -> None:
    resolver = Resolver(hole)
    resolver._suspects.add("good")
    assert await resolver.addresses("good") == ("127.0.0.1",)
    assert resolver._suspects == set()
    hanging = asyncio.create_task(resolver.addresses("hole"))
    await asyncio.sleep(HANGING + 0.1)
    hole.opened.set()
    with pytest.raises(socket.gaierror):
        await hanging
    assert resolver._suspects == {"hole"}
    resolver.close()


async def test_a_waiter_that_gives_up_does_not_take_the_lookup_from_the_others() -> None:
    answered = threading.Event()
    resolver = Resolver(lambda _: (answered.wait(60), ("127.0.0.1",))[1])
    first, second = (asyncio.create_task(resolver.addresses("slow")) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    answered.set()
    assert await second == ("127.0.0.1",)
    resolver.close()


async def test_nothing_is_kept_between_probes(hole: Hole) -> None:
    resolver = Resolver(hole)
    for _ in range(3):
        await resolver.addresses("good")
    with pytest.raises(socket.gaierror):
        await resolver.addresses("gone")
    assert hole.asked == ["good"] * 3 + ["gone"]
    resolver.close()


async def test_threads_end_with_the_tools(hole: Hole) -> None:
    workers: list[threading.Thread] = []

    def lookup(name: str) -> tuple[str, ...]:
        workers.append(threading.current_thread())
        return hole(name)

    async with open_tools(lookup=lookup) as tools:
        await tools.resolver.addresses("good")
        (worker,) = workers
        assert worker.is_alive(), "it waits for the next name"
        assert worker.name.startswith("dns-")
    await asyncio.to_thread(worker.join, 5)
    assert not worker.is_alive()


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..b", "no-such-name.invalid"])
def test_what_is_no_name_does_not_resolve(name: str) -> None:
    with pytest.raises(socket.gaierror):
        system(name)


def test_localhost_is_read_as_this_machine_reads_it() -> None:
    assert "127.0.0.1" in system("localhost")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (socket.EAI_NONAME, "the name does not resolve"),
        (socket.EAI_AGAIN, "the name server gives no answer for this name"),
        (socket.EAI_FAIL, "the name server failed on this name"),
    ],
)
async def test_a_name_that_fails_is_no_answer_and_says_how(code: int, words: str) -> None:
    def fails(_: str) -> tuple[str, ...]:
        raise socket.gaierror(code, "text of the system")

    async with open_tools(lookup=fails) as tools:
        result = await run(Monitor("m", "M", "tcp", Options(host="some.example", port=1)), tools)
    assert (result.status, result.words, result.network) == (Status.DOWN, words, True)
    assert result.phases.dns is not None
    assert result.phases.connect is None


async def test_a_name_without_any_address_says_so() -> None:
    async with open_tools(lookup=lambda _: ()) as tools:
        result = await run(Monitor("m", "M", "tcp", Options(host="some.example", port=1)), tools)
    assert (result.words, result.network) == ("the name has no address", True)
