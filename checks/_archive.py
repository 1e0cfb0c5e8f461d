"""pg_dump's archives (contracts.md 9): a header, a table of contents, and, in the custom format, blocks of data.

Each block is a chain of lengths that ends with zero. All of it is read and unpacked: cut anywhere it shows, and so does
a flipped bit in what is compressed, for that ends with a checksum.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from checks._stream import PIECE, Damaged, Stream, Unread, unpacked

MAGIC = b"PGDMP"
DATA, BLOBS = 1, 3
CUSTOM, TAR = 1, 3  # a directory says tar, too
OLDEST, NEWEST = 12, 16  # 1.12 to 1.16
MOST_ENTRIES, LONGEST = 1_000_000, 64 << 20
PACKINGS = ("", "gzip", "lz4", "zstd")
NO_DATA, PLACED = 3, 2
COPY_END = b"\\.\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table of contents that data belongs to. ``copied``: rows that end with a line of their own."""

    number: int
    table: str
    copied: bool
    place: int | None
    file: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself. ``made`` is the dumper's wall clock, without a zone."""

    packing: str
    made: datetime
    database: str
    count: int
    entries: tuple[Entry, ...]  # those with data

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(each.table for each in self.entries if each.table)


class _Reader:
    """Strict: a byte that is missing is an error, never a zero."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.ints = 4

    def bytes(self, n: int) -> bytes:
        found = self.stream.read(n)
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


def contents(stream: Stream, *, custom: bool) -> Contents:
    """Header and table of contents of one file of the custom format, or of a tar's or directory's toc.dat."""
    return _contents(_Reader(stream), custom)


def custom(stream: Stream) -> Contents:
    """A whole file of the custom format, to its last byte."""
    r = _Reader(stream)
    found = _contents(r, True)
    _blocks(r, found)
    return found


def _contents(r: _Reader, custom: bool) -> Contents:
    if r.bytes(5) != MAGIC:
        raise Damaged("its table of contents is none: it is damaged")
    major, minor, _ = r.byte(), r.byte(), r.byte()
    r.ints, offsets, form = r.byte(), r.byte(), r.byte()
    if major != 1 or r.ints not in (4, 8) or offsets not in (4, 8) or form != (CUSTOM if custom else TAR):
        raise Damaged("its header cannot be: it is damaged")
    if not OLDEST <= minor <= NEWEST:
        raise Unread(f"archive version {major}.{minor} is not known here: nothing can be said of it")
    packing = _packing(r, minor)
    made = _made([r.int() for _ in range(7)])
    database, _, _ = r.text(), r.text(), r.text()
    count = r.int()
    if not 0 <= count <= MOST_ENTRIES:
        raise Damaged("the table of contents cannot be that long: it is damaged")
    entries = [_entry(r, minor, offsets if custom else 0) for _ in range(count)]
    return Contents(packing, made, database or "", count, tuple(each for each in entries if each is not None))


def _packing(r: _Reader, minor: int) -> str:
    """From 1.15 on the way is written; before, only how hard gzip works, 0 for not at all."""
    if minor < 15:
        return "gzip" if r.int() else ""
    way = r.byte()
    if way >= len(PACKINGS):
        raise Unread("it is compressed in a way that is not known here")
    return PACKINGS[way]


def _made(parts: list[int]) -> datetime:
    second, minute, hour, day, month, year, _ = parts
    try:
        return datetime(year + 1900, month + 1, day, hour, minute, min(second, 59))  # noqa: DTZ001 its zone is not written
    except ValueError:
        raise Damaged("its own date cannot be: it is damaged") from None


def _entry(r: _Reader, minor: int, offsets: int) -> Entry | None:
    """None for what has no data; ``offsets`` 0: the name of a file stands where the place of the block would."""
    number = r.int()
    has_data = r.int() != 0
    _, _, tag, kind = r.text(), r.text(), r.text(), r.text()
    r.int()  # section
    _, _, copy = r.text(), r.text(), r.text()  # before it: definition, drop
    schema, _ = r.text(), r.text()
    if minor >= 14:
        r.text()
    if minor >= 16:
        r.int()
    r.text(), r.text()  # owner, with oids
    while r.text() is not None:  # what it depends on
        pass
    place, file = _where(r, offsets)
    if not has_data or place == -1 or (not offsets and not file):
        return None
    table = kind == "TABLE DATA"
    name = f"{schema}.{tag}" if schema else tag or ""
    return Entry(number, name if table else "", table and bool(copy), place, file)


def _where(r: _Reader, offsets: int) -> tuple[int | None, str]:
    """(where the block begins: None when that is not written, -1 when there is none; in which file)."""
    if not offsets:
        return None, r.text() or ""
    state, place = r.byte(), int.from_bytes(r.bytes(offsets), "little")
    if state not in (1, PLACED, NO_DATA):
        raise Damaged("the table of contents is damaged")
    return (-1 if state == NO_DATA else place if state == PLACED else None), ""


def _blocks(r: _Reader, found: Contents) -> None:
    """The blocks one after the other; the last must end where the file does."""
    wanted, seen = {each.number: each for each in found.entries}, set()
    while True:
        at = r.stream.at
        if not (kind := r.stream.read(1)):
            break
        entry = wanted.get(r.int())
        if entry is None or kind[0] not in (DATA, BLOBS):
            raise Damaged("something that is no data follows: it is damaged")
        if entry.place not in (None, at):
            raise Damaged("the table of contents points elsewhere: it is damaged")
        _block(r, kind[0], entry, found.packing)
        seen.add(entry.number)
    if missing := len(wanted) - len(seen):
        raise Damaged(f"{missing} of {len(wanted)} blocks of data are missing: it was cut")


def _block(r: _Reader, kind: int, entry: Entry, packing: str) -> None:
    if kind == DATA:
        finished(entry, _unpacked(_chain(r), packing))
        return
    while r.int() != 0:
        _unpacked(_chain(r), packing)


def finished(entry: Entry, tail: bytes) -> None:
    """Rows that were copied end with a line of their own."""
    if entry.copied and not tail.rstrip(b"\n").endswith(COPY_END.rstrip()):
        raise Damaged(f"the rows of {entry.table} end in the middle: it was cut")


def _chain(r: _Reader) -> Iterator[bytes]:
    while (n := r.int()) != 0:
        if n < 0:
            raise Damaged("a length in it cannot be: it is damaged")
        while n:
            piece = r.bytes(min(n, PIECE))
            n -= len(piece)
            yield piece


def _unpacked(chunks: Iterator[bytes], packing: str) -> bytes:
    """The last bytes of what is inside; all of it is unpacked, for its checksum."""
    if packing == "gzip":
        return _inflated(chunks)
    if packing:
        return tail(unpacked(Stream(_reading(chunks)), packing))
    last = b""
    for piece in chunks:
        last = (last + piece)[-8:]
    return last


def _inflated(chunks: Iterator[bytes]) -> bytes:
    engine, last, fed = zlib.decompressobj(), b"", False
    try:
        for piece in chunks:
            fed = True
            last = (last + engine.decompress(piece))[-8:]
    except zlib.error:
        raise Damaged("data in it does not fit its checksum: it is damaged") from None
    if fed and (not engine.eof or engine.unused_data):
        raise Damaged("data in it ends in the middle: it is damaged")
    return last


def tail(stream: Stream) -> bytes:
    """The last bytes; all of it is read."""
    last = b""
    for piece in stream.pieces():
        last = (last + piece)[-8:]
    return last


def _reading(chunks: Iterator[bytes]) -> Callable[[int], bytes]:
    held = b""

    def read(n: int) -> bytes:
        nonlocal held
        held = held or next(chunks, b"")
        found, held = held[:n], held[n:]
        return found

    return read
