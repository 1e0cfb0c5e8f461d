"""Whether a dump is whole, read without a database: the structure of pg_dump's custom format, gzip, and plain text.

The custom format (contracts.md 9) is a header, a table of contents, and blocks of data, each a chain of lengths that
ends with zero; the last must end where the file does. Cut anywhere it shows; a flipped bit inside compressed data does
not: that is what a full read by pg_restore is for.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

DATA, BLOBS = 1, 3
CUSTOM = 1
OLDEST, NEWEST = (1, 12), (1, 16)
MOST_ENTRIES, LONGEST = 1_000_000, 64 << 20
TAIL = 4096
COMPLETE = b"PostgreSQL database dump complete"
CLUSTER = b"PostgreSQL database cluster dump complete"


class Damaged(Exception):
    """The dump is not whole; ``words`` say what is wrong."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Dump:
    """What a whole dump says of itself. ``made`` is the dumper's wall clock, without a zone; tables hold data."""

    kind: str  # custom, gzip, plain
    tables: tuple[str, ...] = ()
    entries: int = 0
    made: datetime | None = None
    database: str = ""


def read(path: Path) -> Dump:
    """Reads as much as it takes to know. Raises Damaged, OSError."""
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(0)
        if not head:
            raise Damaged("the file is empty")
        if head[:5] == b"PGDMP":
            return _custom(file, path.stat().st_size)
        if head[:2] == b"\x1f\x8b":
            return _gzip(file)
        return _plain(file, path.stat().st_size)


class _Reader:
    """Strict: a byte that is missing is an error, never a zero."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.ints = 4

    def bytes(self, n: int) -> bytes:
        found = self.file.read(n)
        if len(found) != n:
            raise Damaged("it ends in the middle: it was cut")
        return found

    def byte(self) -> int:
        return self.bytes(1)[0]

    def int(self) -> int:
        sign = self.byte()
        value = int.from_bytes(self.bytes(self.ints), "little")
        if sign not in (0, 1):
            raise Damaged("a number in it is none: it is damaged")
        return -value if sign else value

    def text(self) -> str | None:
        n = self.int()
        if n < 0:
            return None
        if n > LONGEST:
            raise Damaged("a length in it cannot be: it is damaged")
        return self.bytes(n).decode("utf-8", "replace")


def _custom(file: BinaryIO, size: int) -> Dump:
    r = _Reader(file)
    r.bytes(5)
    major, minor, _ = r.byte(), r.byte(), r.byte()
    r.ints, offsets, form = r.byte(), r.byte(), r.byte()
    version = (major, minor)
    if not OLDEST <= version <= NEWEST or r.ints not in (4, 8) or offsets not in (4, 8):
        raise Damaged(f"archive version {major}.{minor} is not known here: nothing can be said of it")
    if form != CUSTOM:
        raise Damaged("it is a tar or directory archive, not one file of the custom format")
    _ = r.byte() if version >= (1, 15) else r.int()  # compression
    made = _made([r.int() for _ in range(7)])
    database, _, _ = r.text(), r.text(), r.text()
    count = r.int()
    if not 0 <= count <= MOST_ENTRIES:
        raise Damaged("the table of contents cannot be that long: it is damaged")
    tables, blocks = [], 0
    for _ in range(count):
        name, has_data = _entry(r, version, offsets)
        blocks += has_data
        tables += [name] if name else []
    _blocks(r, blocks, size)
    return Dump("custom", tuple(tables), count, made, database or "")


def _made(parts: list[int]) -> datetime | None:
    second, minute, hour, day, month, year, _ = parts
    try:
        return datetime(year + 1900, month + 1, day, hour, minute, min(second, 59))  # noqa: DTZ001 its zone is not written
    except ValueError:
        raise Damaged("its own date cannot be: it is damaged") from None


def _entry(r: _Reader, version: tuple[int, int], offsets: int) -> tuple[str, bool]:
    """(name of the table whose data it is, whether a block of data follows)."""
    r.int()
    has_data = r.int() != 0
    _, _, tag, kind = r.text(), r.text(), r.text(), r.text()
    r.int()  # section
    for _ in range(3):  # definition, drop, copy
        r.text()
    schema, _ = r.text(), r.text()
    if version >= (1, 14):
        r.text()
    if version >= (1, 16):
        r.int()
    r.text(), r.text()  # owner, with oids
    while r.text() is not None:  # what it depends on
        pass
    state = r.byte()
    r.bytes(offsets)
    if state not in (1, 2, 3):
        raise Damaged("the table of contents is damaged")
    data = kind == "TABLE DATA"
    return (f"{schema}.{tag}" if data and schema else tag or "") if data else "", has_data and state != 3


def _blocks(r: _Reader, wanted: int, size: int) -> None:
    """Hops from length to length; the last block must end at the end of the file."""
    seen = 0
    while r.file.tell() < size:
        kind = r.byte()
        r.int()
        if kind == DATA:
            _chain(r, size)
        elif kind == BLOBS:
            while r.int() != 0:
                _chain(r, size)
        else:
            raise Damaged("something that is no data follows: it is damaged")
        seen += 1
    if seen < wanted:
        raise Damaged(f"{wanted - seen} of {wanted} blocks of data are missing: it was cut")


def _chain(r: _Reader, size: int) -> None:
    while (n := r.int()) != 0:
        if n < 0 or r.file.tell() + n > size:
            raise Damaged("it ends in the middle: it was cut")
        r.file.seek(n, 1)


def _gzip(file: BinaryIO) -> Dump:
    """Unpacks all of it: only then the checksum at its end tells."""
    engine, tail, head = zlib.decompressobj(wbits=31), b"", b""
    try:
        while piece := file.read(1 << 20):
            plain = engine.decompress(piece)
            head = head or plain[:64]
            tail = (tail + plain)[-TAIL:]
            if engine.eof and (engine.unused_data or file.read(1)):
                raise Damaged("something follows the end of the gzip: it is damaged")
    except zlib.error:
        raise Damaged("the gzip is damaged") from None
    if not engine.eof:
        raise Damaged("the gzip ends in the middle: it was cut")
    _ended(head, tail)
    return Dump("gzip")


def _plain(file: BinaryIO, size: int) -> Dump:
    head = file.read(64)
    file.seek(max(0, size - TAIL))
    _ended(head, file.read(TAIL))
    return Dump("plain")


def _ended(head: bytes, tail: bytes) -> None:
    """pg_dump's last words; a line of \\unrestrict may follow them."""
    if b"PostgreSQL database" not in head:
        raise Damaged("it is no dump of PostgreSQL")
    if COMPLETE not in tail and CLUSTER not in tail:
        raise Damaged("the last words of a complete dump are missing: it was cut")
