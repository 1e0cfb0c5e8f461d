"""Opens a TCP connection, and if told so sends a line and waits for the expected one."""

from __future__ import annotations

import asyncio

from pydantic import Field

from checks._connect import connected
from checks._target import Host, Port, Reach
from checks._tools import Tools
from model import Fault, Result, Status

READ = 4096


class Options(Reach):
    """Where to, and what is said."""

    host: Host = Field(description="host name or address")
    port: Port = Field(description="port")
    send: str | None = Field(None, max_length=1024, description="text that is sent first")
    expect: str | None = Field(None, min_length=1, max_length=1024, description="text that must come")


async def probe(options: Options, tools: Tools) -> Result:
    """Up when the connection opens and what is expected comes within the first 4 KiB."""
    networks = tools.networks + options.networks
    sock = await connected(options.host, options.port, resolver=tools.resolver, networks=networks, watch=tools.watch)
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        if options.send is not None:
            writer.write(options.send.encode())
        if options.expect is not None:
            tools.watch.enter("first_byte")
            await _expected(options.expect.encode(), reader, tools)
        tools.watch.stop()
    finally:
        writer.transport.abort()
    return Result(Status.UP, "accepted the connection" if options.expect is None else "answered as expected")


async def _expected(wanted: bytes, reader: asyncio.StreamReader, tools: Tools) -> None:
    seen = b""
    while wanted not in seen:
        got = await reader.read(READ)
        if not seen and got:
            tools.watch.enter("body")
        seen += got
        if not got or len(seen) > READ:
            raise Fault("answered something else than expected" if seen else "closed the connection without an answer")
