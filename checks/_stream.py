"""Bytes of a dump in order, from a file or out of a compressed one; each is read once, and a stop is heeded."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

PIECE = 1 << 18
MAGIC = {
    "gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "lz4": b"\x04\x22\x4d\x18",
    "xz": b"\xfd7zXZ\x00",
    "bzip2": b"BZh",
}
Stops = Callable[[], bool]


class Damaged(Exception):
    """The dump is not whole; ``words`` say what is wrong."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Unread(Exception):
    """Nothing can be said of the dump here; ``passing``: it may be another time, with the same file."""

    def __init__(self, words: str, *, passing: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.passing = passing


class Stopped(Exception):
    """The reading was to end before the file did."""


class Stream:
    """Bytes from anywhere, in order; the first of them can be looked at without being taken."""

    closed = False  # asked for by those who read from it

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._held = b""
        self.at = 0

    def peek(self, n: int) -> bytes:
        """The next ``n`` bytes, fewer where it ends."""
        while len(self._held) < n and (more := self._read(n - len(self._held))):
            self._held += more
        return self._held[:n]

    def read(self, n: int = -1) -> bytes:
        """Exactly ``n`` bytes, fewer only where it ends; without a number the rest."""
        if n < 0:
            return b"".join(self.pieces())
        found, self._held = self._held[:n], self._held[n:]
        while len(found) < n and (more := self._read(n - len(found))):
            found += more
        self.at += len(found)
        return found

    def pieces(self) -> Iterator[bytes]:
        """The rest, piece by piece."""
        while piece := self.read(PIECE):
            yield piece

    def drain(self) -> None:
        """Reads the rest and keeps nothing of it."""
        for _ in self.pieces():
            pass

    def close(self) -> None:
        """Whoever opened what it reads from closes that."""


class Source:
    """A file on the disk; ``digest`` is made of what was read of it so far."""

    def __init__(self, file: BinaryIO, stops: Stops) -> None:
        self._file, self._stops = file, stops
        self.digest = hashlib.sha256()

    def read(self, n: int) -> bytes:
        if self._stops():
            raise Stopped
        try:
            found = self._file.read(n)
        except OSError as error:
            raise of_disk(error) from None
        self.digest.update(found)
        return found


def of_disk(error: OSError) -> Damaged | Unread:
    """What it means that the disk does not give a file."""
    if error.errno == errno.EIO:
        return Damaged("the disk cannot read it (input/output error)")
    return Unread(f"the file cannot be read: {(error.strerror or 'no reason').lower()}", passing=True)


def packing(head: bytes) -> str:
    """How a file that begins so is compressed; empty when it is not."""
    return next((name for name, magic in MAGIC.items() if head.startswith(magic)), "")


def unpacked(stream: Stream, name: str) -> Stream:
    """What is inside. Reading from it raises Damaged where the outside is damaged or was cut."""
    opened = _opened(stream, name)

    def read(n: int) -> bytes:
        try:
            found: bytes = opened.read(n)
        except EOFError:
            raise Damaged(f"the {name} ends in the middle: it was cut") from None
        except (OSError, zlib.error, lzma.LZMAError, ValueError) as error:
            cut = "truncated" in str(error).lower()
            raise Damaged(f"the {name} {'ends in the middle: it was cut' if cut else 'is damaged'}") from None
        return found

    return Stream(read)


def _opened(stream: Any, name: str) -> Any:
    if name == "gzip":
        return gzip.GzipFile(fileobj=stream, mode="rb")
    if name == "xz":
        return lzma.LZMAFile(stream)
    if name == "bzip2":
        return bz2.BZ2File(stream)
    import pyarrow  # type: ignore[import-untyped]  # takes longer than all of ours together; few dumps need it

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, mode="r"), name)
