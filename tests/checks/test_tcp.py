"""Ports that open, that answer, and that do neither."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from model import Status

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 ready\r\n")
    while line := await reader.readline():
        writer.write(b"said " + line)
        await writer.drain()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def shut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize(
    ("talk", "options", "status", "words"),
    [
        (silent, {}, Status.UP, "accepted the connection"),
        (echo, {"expect": "220"}, Status.UP, "answered as expected"),
        (echo, {"send": "PING\r\n", "expect": "said PING"}, Status.UP, "answered as expected"),
        (silent, {"expect": "220"}, Status.DOWN, "no answer within 1 s: connected, but the first byte never came"),
        (echo, {"expect": "550"}, Status.DOWN, "no answer within 1 s: the answer began, but never ended"),
        (shut, {"expect": "220"}, Status.DOWN, "closed the connection without an answer"),
        (pours, {"expect": "220"}, Status.DOWN, "answered something else than expected"),
    ],
    ids=["open", "banner", "question and answer", "silence", "another answer", "closed", "endless"],
)
async def test_a_port_is_judged_by_what_it_says(
    look: Any, serve: Any, talk: Any, options: dict[str, Any], status: Status, words: str
) -> None:
    deadline = 1.0 if "never" in words else 20.0
    result = await look("tcp", host="127.0.0.1", port=await serve(talk), deadline=deadline, **options)
    assert (result.status, result.words, result.network) == (status, words, False)
    assert (result.latency is None) is (status is Status.DOWN)
    assert result.phases.connect is not None
