"""Whether a dump is whole, read without a database, to its last byte: pg_dump's formats, plain or compressed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from checks import _archive, _members, _script
from checks._archive import Contents
from checks._stream import Damaged, Source, Stopped, Stops, Stream, Unread, of_disk, packing, unpacked

__all__ = ["Damaged", "Dump", "Stopped", "Unread", "read", "side"]
HEAD = 512  # of a tar also the length of a block
TAR = slice(257, 262)
DIGEST = re.compile(r"\s*\\?([0-9a-fA-F]{64})(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Dump:
    """What a whole dump says of itself. ``made`` is the dumper's wall clock, without a zone; tables hold data.

    ``checked``: its bytes are those of which somebody wrote down the checksum.
    """

    kind: str  # custom, plain, tar, directory; "plain in gzip"
    tables: tuple[str, ...] = ()
    entries: int = 0
    made: datetime | None = None
    database: str = ""
    checked: bool = False


def side(path: Path) -> Path:
    """Where the checksum of a dump is written down, if it is."""
    return path.with_name(f"{path.name}.sha256")


def read(path: Path, stops: Stops = lambda: False) -> Dump:
    """Reads all of it. Raises Damaged, Unread, Stopped."""
    if path.is_dir():
        return _of("directory", _members.directory(path, stops))
    try:
        stated = _stated(side(path))
        with path.open("rb") as file:
            source = Source(file, stops)
            stream = Stream(source.read)
            found = _read(stream)
            stream.drain()
    except OSError as error:
        raise of_disk(error) from None
    if stated and stated != source.digest.hexdigest():
        raise Damaged("its bytes are not those of its .sha256 file")
    return replace(found, checked=bool(stated))


def _stated(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        matched = DIGEST.match(file.read(4096).decode("ascii", "replace"))
    if matched is None:
        raise Unread("its .sha256 file holds no checksum")
    return matched[1].lower()


def _read(stream: Stream, outside: str = "") -> Dump:
    head = stream.peek(HEAD)
    if not head:
        raise Damaged("the file is empty" if not outside else f"there is nothing in the {outside}")
    if head.startswith(_archive.MAGIC):
        return _of("custom", _archive.custom(stream))
    if head[TAR] == b"ustar":
        return _tar(stream)
    if (way := packing(head)) and not outside:
        inside = unpacked(stream, way)
        found = _read(inside, way)
        inside.drain()  # only at its end the checksum tells
        return replace(found, kind=f"{found.kind} in {way}")
    return Dump("plain", _script.read(stream))


def _tar(stream: Stream) -> Dump:
    last = b""

    def read(n: int) -> bytes:
        nonlocal last
        piece = stream.read(n)
        last = (last + piece)[-_members.END :]
        return piece

    found = _members.tar(Stream(read))
    _members.ended(stream, last)
    if stream.at % HEAD:
        raise Damaged("the tar ends in the middle: it was cut")
    return _of("tar", found)


def _of(kind: str, found: Contents) -> Dump:
    return Dump(kind, found.tables, found.count, found.made, found.database)
