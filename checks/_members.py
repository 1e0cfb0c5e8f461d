"""Archives of several files, in a directory or a tar: toc.dat says which there must be, and each is read to its end."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from checks import _archive
from checks._archive import Contents
from checks._stream import Damaged, Source, Stops, Stream, Unread, of_disk, unpacked

TOC = "toc.dat"
SUFFIXES = {".gz": "gzip", ".lz4": "lz4", ".zst": "zstd"}
END = 1024  # zeros at the end of a tar
Read = Callable[[int], bytes]
Members = Iterator[tuple[str, Stream]]


def directory(path: Path, stops: Stops) -> Contents:
    """A directory that pg_dump wrote."""
    return _judged(_files(path, stops))


def tar(stream: Stream) -> Contents:
    """A tar that pg_dump wrote, or one made of such a directory."""
    return _judged(_packed(stream))


def _files(path: Path, stops: Stops) -> Members:
    try:
        for each in sorted(path.iterdir()):
            if each.is_file():
                with each.open("rb") as file:
                    yield each.name, Stream(Source(file, stops).read)
    except OSError as error:
        raise of_disk(error) from None


def _packed(stream: Any) -> Members:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as opened:
            for each in opened:
                if each.isfile() and (inside := opened.extractfile(each)) is not None:
                    yield each.name.rpartition("/")[2], Stream(_sure(inside.read))
    except tarfile.TarError:
        raise Damaged("the tar ends in the middle, or is damaged") from None


def _sure(read: Read) -> Read:
    def asked(n: int) -> bytes:
        try:
            return read(n)
        except tarfile.TarError:
            raise Damaged("the tar ends in the middle: it was cut") from None

    return asked


def _judged(members: Members) -> Contents:
    """Everything is read; only then can be said what is missing, for toc.dat may come last."""
    toc: Contents | None = None
    tails: dict[str, bytes] = {}
    blobs: set[str] = set()
    for name, stream in members:
        plain, packing = _plain(name)
        if name == TOC:
            toc = _archive.contents(stream, custom=False)
            _to_end(stream)
        elif plain.endswith(".toc"):
            blobs |= _listed(unpacked(stream, packing) if packing else stream)
            tails[plain] = b""
        else:
            tails[plain] = _archive.tail(unpacked(stream, packing) if packing else stream)
    if toc is None:
        raise Unread("several files without toc.dat: not a dump that can be read here")
    _complete(toc, tails, blobs)
    return toc


def _plain(name: str) -> tuple[str, str]:
    """The name without what says how it is compressed, and that."""
    plain, dot, ending = name.rpartition(".")
    packing = SUFFIXES.get(dot + ending, "")
    return (plain, packing) if packing else (name, "")


def _to_end(stream: Stream) -> None:
    if stream.read(1):
        raise Damaged("something follows its table of contents: it is damaged")


def _listed(stream: Stream) -> set[str]:
    """The files of large objects: a number and a name a line."""
    text = stream.read(64 << 20).decode("ascii", "replace")
    names = {line.partition(" ")[2] for line in text.splitlines()}
    if "" in names or (text and not text.endswith("\n")):
        raise Damaged("the list of large objects is damaged")
    return names


def _complete(toc: Contents, tails: dict[str, bytes], blobs: set[str]) -> None:
    lists = {each.number: {"blobs.toc", f"blobs_{each.number}.toc"} for each in toc.entries if not each.table}
    wanted = {each.file for each in toc.entries if not lists.get(each.number, set()) & tails.keys()} | blobs
    if missing := sorted(wanted - tails.keys()):
        raise Damaged(f"{len(missing)} of {len(wanted)} files are missing, such as {missing[0]}")
    for each in toc.entries:
        _archive.finished(each, tails.get(each.file, b""))


def ended(rest: Stream, last: bytes) -> None:
    """A tar ends with zeros: without them it was cut between two files."""
    for piece in rest.pieces():
        last = (last + piece)[-END:]
    if last != bytes(END):
        raise Damaged("the tar ends in the middle: it was cut")
