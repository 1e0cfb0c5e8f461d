"""One HTTP/1.1 answer read off one connection by a parser in C, bounded wherever a hostile server can pull."""

from __future__ import annotations

import asyncio

import httptools

from checks._faults import fault_of
from checks._stopwatch import Stopwatch
from model import Fault

HEAD_BYTES = 65_536
INTERIM = 8  # 1xx answers before the final one
Header = tuple[bytes, bytes]


class Answer(asyncio.Protocol):
    """Feeds the parser until the answer is whole; ``done`` then holds nothing but the fact, or a Fault."""

    def __init__(self, *, head_only: bool, cap: int, watch: Stopwatch) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, even if nobody waits
        self.status = 0
        self.headers: list[Header] = []
        self.body = bytearray()
        self._head_only, self._cap, self._watch = head_only, cap, watch
        self._parser = httptools.HttpResponseParser(self)
        self._bytes = 0
        self._interim = 0
        self._in_body = False
        self._until_close = False

    # --- what the event loop calls

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            return
        if not self._bytes:
            self._watch.enter("body")
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("wants to speak another protocol (101)")
        except httptools.HttpParserError:
            self._fail("the answer is not HTTP" if not self.status else "the answer is broken HTTP")
        if not self._in_body and self._bytes > HEAD_BYTES:
            self._fail(f"sent more than {HEAD_BYTES // 1024} KiB of headers")
        if self._bytes - len(self.body) > HEAD_BYTES + self._cap:  # trailers, or chunks of next to nothing
            self._too_much()

    def eof_received(self) -> bool:
        self._closed(None)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._closed(error)

    def _closed(self, error: Exception | None) -> None:
        if self.done.done():  # as after every good answer
            return
        if self._in_body and self._until_close and error is None:
            self._finish()
        elif error is not None:
            self._fail_with(fault_of(error))
        else:
            when = "in the middle of the answer" if self._bytes else "without an answer"
            self._fail(f"closed the connection {when}")

    # --- what the parser calls

    def on_message_begin(self) -> None:
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return
        self._in_body = True
        named = {name.lower(): value for name, value in self.headers}
        self._until_close = b"content-length" not in named and b"transfer-encoding" not in named
        if self._head_only:
            self._finish()
        elif (coding := named.get(b"content-encoding", b"identity").strip().lower()) not in (b"", b"identity"):
            # unpacking is where a small answer becomes a big one; we asked for plain
            self._fail(f"answered {self.status} in {coding[:16].decode('ascii', 'replace')} though plain was asked for")
        elif named.get(b"content-length", b"").isdigit() and int(named[b"content-length"][:19]) > self._cap:
            self._too_much()

    def on_body(self, data: bytes) -> None:
        if self.done.done():
            return
        if len(self.body) + len(data) > self._cap:
            self._too_much()
        else:
            self.body += data

    def on_message_complete(self) -> None:
        if self.status >= 200:
            self._finish()
            return
        self._interim += 1
        if self._interim > INTERIM:
            self._fail(f"sent more than {INTERIM} interim answers (1xx) and never the final one")

    # --- how it ends

    def _too_much(self) -> None:
        size = f"{self._cap >> 20} MiB" if self._cap >= 1 << 20 else f"{self._cap >> 10} KiB"
        self._fail(f"answered {self.status} with more than {size}")

    def _finish(self) -> None:
        if not self.done.done():
            self._watch.stop()  # here and not in the task: it may be woken late
            self.done.set_result(None)

    def _fail(self, words: str) -> None:
        self._fail_with(Fault(words))

    def _fail_with(self, fault: Fault) -> None:
        if not self.done.done():
            self.done.set_exception(fault)
