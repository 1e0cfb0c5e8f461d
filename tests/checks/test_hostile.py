"""Servers that mean harm: each probe ends by its deadline, in bounded memory, with words that say what was wrong."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from model import Status

DEADLINE, AMPLE = 1.0, 60.0  # for those who never end, and for those who are found out long before
LATE = 10.0  # what a busy machine may add; these servers go on for 20 s, and most of them for ever
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def sends(pieces: Callable[[], Iterable[bytes]], pause: float = 0.0, *, ask: bool = True) -> Talk:
    """A server that sends these pieces after the question, with a pause after each, and then holds the line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if ask:
            await reader.readuntil(b"\r\n\r\n")
        for piece in pieces():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        await reader.read()

    return talk


def then_closes(answer: bytes, *, reset: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if reset:
            linger = writer.get_extra_info("socket")
            linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    return talk


OK = b"HTTP/1.1 200 OK\r\n"
forever = itertools.repeat
BIG = b"x" * 65536
BOMB = gzip.compress(b"\0" * 30_000_000)
SERVERS: list[tuple[str, Talk, str]] = [
    ("accepts and is silent", sends(list), "connected, but the first byte never came"),
    ("silent after the status line", sends(lambda: [OK]), "the answer began, but never ended"),
    ("slow headers", sends(lambda: (b"X-%d: y\r\n" % n if n else OK for n in itertools.count()), 0.02), "never ended"),
    ("slow status line", sends(lambda: forever(b"H"), 0.02), "not HTTP"),
    ("slow body", sends(lambda: [OK + b"Content-Length: 999\r\n\r\n", *[b"x"] * 999], 0.02), "never ended"),
    ("endless body", sends(lambda: itertools.chain([OK + b"\r\n"], forever(BIG))), "with more than 1 MiB"),
    (
        "endless chunks",
        sends(
            lambda: itertools.chain([OK + b"Transfer-Encoding: chunked\r\n\r\n"], forever(b"10000\r\n" + BIG + b"\r\n"))
        ),
        "with more than 1 MiB",
    ),
    ("an announced terabyte", sends(lambda: [OK + b"Content-Length: 1099511627776\r\n\r\n"]), "with more than 1 MiB"),
    ("a length beyond all numbers", sends(lambda: [OK + b"Content-Length: " + b"9" * 500 + b"\r\n\r\n"]), "HTTP"),
    ("endless interim answers", sends(lambda: forever(b"HTTP/1.1 100 C\r\n\r\n")), "interim answers"),
    (
        "interim answers with big headers",
        sends(lambda: forever(b"HTTP/1.1 103 E\r\nX: " + BIG + b"\r\n\r\n")),
        "of headers",
    ),
    ("endless headers", sends(lambda: itertools.chain([OK], forever(b"X: " + b"y" * 999 + b"\r\n"))), "of headers"),
    ("one endless header", sends(lambda: itertools.chain([OK + b"X: "], forever(BIG))), "of headers"),
    (
        "endless trailers",
        sends(lambda: itertools.chain([OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"], forever(b"X: " + BIG))),
        "more than 1 MiB",
    ),
    (
        "a gzip bomb",
        then_closes(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "in gzip though plain",
    ),
    (
        "a claimed compression",
        then_closes(OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"),
        "in br though plain",
    ),
    ("garbage", then_closes(os.urandom(64) + b"\xff\r\n\r\n"), "not HTTP"),
    ("another protocol", sends(lambda: [b"SSH-2.0-OpenSSH_9.9\r\n"], ask=False), "not HTTP"),
    ("HTTP/2 unasked", then_closes(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), "not HTTP"),
    (
        "an upgrade unasked",
        then_closes(OK.replace(b"200", b"101") + b"Upgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "protocol",
    ),
    ("a negative length", then_closes(OK + b"Content-Length: -1\r\n\r\n"), "HTTP"),
    ("two lengths", then_closes(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "HTTP"),
    ("a bad chunk size", then_closes(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "broken HTTP"),
    ("closes at once", then_closes(b""), "closed the connection without an answer"),
    ("closes within the headers", then_closes(OK + b"X: "), "in the middle of the answer"),
    ("closes within the body", then_closes(OK + b"Content-Length: 9\r\n\r\nabc"), "in the middle of the answer"),
    (
        "closes within a chunk",
        then_closes(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"),
        "in the middle of the answer",
    ),
    ("resets", then_closes(OK + b"Content-Length: 9\r\n\r\nabc", reset=True), "reset the connection"),
]


@pytest.mark.parametrize(("talk", "words"), [case[1:] for case in SERVERS], ids=[case[0] for case in SERVERS])
async def test_a_hostile_server_is_down_in_time_and_in_words(look: Any, serve: Any, talk: Talk, words: str) -> None:
    await asyncio.gather(*(_is_down_in_time(look, serve, check, talk, words) for check in ("http", "health")))


async def _is_down_in_time(look: Any, serve: Any, check: str, talk: Talk, words: str) -> None:
    url = f"http://127.0.0.1:{await serve(talk)}/"
    began = time.perf_counter()
    result = await look(check, url=url, deadline=DEADLINE if "never" in words else AMPLE)
    assert time.perf_counter() - began < DEADLINE + LATE
    assert (check, result.status, result.latency, result.network) == (check, Status.DOWN, None, False)
    assert words.replace("1 MiB", "256 KiB" if check == "health" else "1 MiB") in result.words
    assert len(result.words) < 200


@pytest.fixture
def apart() -> Iterator[list[int]]:
    """The ports of all these servers in another process, so that its memory and its time are not counted."""
    places = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, env=places) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


async def test_all_of_them_at_once_take_little_memory(look: Any, apart: list[int]) -> None:
    urls = [f"http://127.0.0.1:{port}/" for port in apart]
    assert len(urls) == len(SERVERS)
    me = psutil.Process()
    await asyncio.gather(*(look("http", url=url, deadline=DEADLINE / 2) for url in urls))
    gc.collect()
    before, began = me.memory_info().rss, time.perf_counter()
    with traced() as peak:
        for _ in range(3):
            results = await asyncio.gather(*(look("http", url=url, deadline=DEADLINE / 2) for url in urls))
            assert {result.status for result in results} == {Status.DOWN}
    assert time.perf_counter() - began < 1.5 * DEADLINE + LATE
    assert peak[0] < len(urls) << 20
    gc.collect()
    assert me.memory_info().rss - before < 16 << 20


@contextmanager
def traced() -> Iterator[list[int]]:
    """Puts into the list how many bytes were held at most."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


async def test_an_endless_tls_handshake_is_said_to_hang_there(look: Any, serve: Any) -> None:
    port = await serve(sends(lambda: forever(b"\x16\x03\x03\x00\x01\x02"), 0.05, ask=False))
    silent = await serve(sends(list, ask=False))
    asked = [
        each
        for place in (port, silent)
        for each in (
            look("http", deadline=DEADLINE, url=f"https://127.0.0.1:{place}/"),
            look("tls", deadline=DEADLINE, host="127.0.0.1", port=place),
        )
    ]
    began = time.perf_counter()
    results = await asyncio.gather(*asked)
    assert time.perf_counter() - began < DEADLINE + LATE
    assert {result.status for result in results} == {Status.DOWN}
    assert {result.words for result in results[2:]} == {
        "no answer within 1 s: connected, but the TLS handshake never ended"
    }


async def test_a_port_without_tls_is_named(look: Any, serve: Any) -> None:
    port = await serve(sends(lambda: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], ask=False))
    result = await look("http", url=f"https://127.0.0.1:{port}/")
    assert result.words == "does not speak TLS on this port"


async def test_what_comes_in_plain_before_the_handshake_is_no_answer(
    look: Any, serve: Any, tls_for: Any, ca_file: Path
) -> None:
    async def injects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        await writer.start_tls(tls_for("127.0.0.1"))
        await reader.read()

    for _ in range(5):
        result = await look("http", url=f"https://127.0.0.1:{await serve(injects)}/", ca_file=ca_file)
        assert (result.status, result.words) == (Status.DOWN, "does not speak TLS on this port")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_connection_stays_open_after_a_deadline(look: Any, serve: Any, scheme: str) -> None:
    ended = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionResetError):
            while await reader.read(4096):
                pass
        ended.set()

    await look("http", url=f"{scheme}://127.0.0.1:{await serve(waits)}/", deadline=0.2)
    await asyncio.wait_for(ended.wait(), LATE)


async def test_a_full_queue_of_connections_is_no_answer_at_all(look: Any) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
            fillers.append(filler)
        result = await look("tcp", host="127.0.0.1", port=deaf.getsockname()[1], deadline=0.3)
        for filler in fillers:
            filler.close()
    if result.status is Status.UP:
        pytest.skip("this kernel accepts beyond a queue of none")
    assert result.words == "no answer within 0.3 s: nothing accepted the connection"
    assert result.network is True


async def test_a_closed_port_refuses(look: Any) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        result = await look("http", url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
    assert (result.status, result.words, result.network) == (Status.DOWN, "refused the connection", True)


async def _serve_all() -> None:
    servers = [await asyncio.start_server(_survives(talk), "127.0.0.1", 0) for _, talk, _ in SERVERS]
    sys.stdout.write(json.dumps([server.sockets[0].getsockname()[1] for server in servers]) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _survives(talk: Talk) -> Talk:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await talk(reader, writer)
        writer.transport.abort()

    return guarded


if __name__ == "__main__":
    asyncio.run(_serve_all())
