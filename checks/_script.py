"""A dump in plain SQL, read from end to end: whose it is, whether it was finished, which tables have data in it."""

from __future__ import annotations

import re

from checks._stream import Damaged, Stream, Unread

HEAD = 64
TAIL = 4096
LONGEST = 1 << 20  # of a line only so much is kept
ENDS = (b"PostgreSQL database dump complete", b"PostgreSQL database cluster dump complete")
_PART = rb'(?:"(?:[^"\n]|"")+"|[^\s."(]+)'
_NAME = _PART + rb"(?:\." + _PART + rb")?"
# pg_dump heads everything with a comment: what stands in a function's body is no row of a table
MARK = re.compile(
    rb"^(?:-- (?:Data for )?Name: [^\n]*?; Type: (?P<kind>[A-Z ]+);"
    rb"|COPY (?P<copy>" + _NAME + rb") (?:\([^\n]*\) )?FROM stdin;|INSERT INTO (?P<insert>" + _NAME + rb") )",
    re.M,
)
COPIED = re.compile(rb"^\\\.\r?\n", re.M)
SEALED = {  # what begins so is encrypted or packed: whole or not, it cannot be known here
    b"age-encryption.org/": "age",
    b"-----BEGIN AGE": "age",
    b"-----BEGIN PGP": "PGP",
    b"Salted__": "OpenSSL",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"PK\x03\x04": "zip",
}


class Script:
    """``tables`` are those whose COPY or INSERT lines came by so far."""

    def __init__(self) -> None:
        self.tables: dict[str, None] = {}
        self._held = b""
        self._kind = b""
        self._copying = False

    def feed(self, piece: bytes) -> None:
        """The next bytes; a line is looked at when it is whole."""
        held = self._held + piece
        end = held.rfind(b"\n") + 1
        self._scan(held[:end])
        self._held = held[end:]
        if len(self._held) > LONGEST:
            self._scan(self._held[:LONGEST])
            self._held = b"\0"  # the rest of a line whose beginning was seen

    def _scan(self, lines: bytes) -> None:
        at = 0
        while found := (COPIED if self._copying else MARK).search(lines, at):
            at = found.end()
            if self._copying:
                self._copying = False
            elif found["kind"] is not None:
                self._kind = found["kind"]
            elif found["copy"] is not None:
                self._copying = True
                self.tables[_plain(found["copy"])] = None
            elif self._kind in (b"", b"TABLE DATA"):
                self.tables[_plain(found["insert"])] = None


def _plain(name: bytes) -> str:
    return name.decode("utf-8", "replace").replace('""', "\0").replace('"', "").replace("\0", '"')


def read(stream: Stream) -> tuple[str, ...]:
    """The tables with data. Raises Damaged, Unread."""
    head = stream.peek(HEAD)
    for magic, by in SEALED.items():
        if head.startswith(magic):
            raise Unread(f"it is sealed with {by}: it cannot be looked into here")
    if b"PostgreSQL database" not in head:
        raise Damaged("it is no dump of PostgreSQL")
    script, tail = Script(), b""
    for piece in stream.pieces():
        script.feed(piece)
        tail = (tail + piece)[-TAIL:]
    if not any(words in tail for words in ENDS):  # a line of \unrestrict may follow them
        raise Damaged("the last words of a complete dump are missing: it was cut")
    return tuple(script.tables)
