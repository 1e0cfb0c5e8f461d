"""A sealed hour of one series as one small blob: moments, statuses, latencies and words, nothing rounded.

Moments are written as their distance from an even beat, latencies as their distance from the middle one: about three
bytes a sample at 30 s. The phases of a probe are not kept; they would treble that, and live on as sums in the roll-ups.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from data import rice
from data.varints import fold, number, unfold, varint

FORMAT = 1
SUM = 5  # bytes of the format and the checksum
MEASURED = 0x10  # flags beside the status, which takes the low four bits
SAID = 0x20


class Row(NamedTuple):
    """One sample: milliseconds since 1970, code of the status, latency in microseconds, words ("" for none)."""

    at: int
    status: int
    latency: int | None
    words: str


class Damaged(ValueError):
    """A chunk does not decode: the file was changed by somebody else."""


def pack(rows: Sequence[Row], hour: int) -> bytes:
    """The blob of the samples of ``hour`` (milliseconds at its start), sorted by moment. No rows raise ValueError."""
    if not rows:
        raise ValueError("an hour without samples has no chunk")
    body = _pack(rows, [row.at - hour for row in rows], [row.latency for row in rows if row.latency is not None])
    return bytes((FORMAT,)) + zlib.crc32(body).to_bytes(4, "big") + body


def _pack(rows: Sequence[Row], times: Sequence[int], latencies: Sequence[int]) -> bytes:
    beat, middle = _middle([after - before for before, after in pairwise(times)]), _middle(latencies)
    texts = list(dict.fromkeys(row.words for row in rows if row.words))
    columns = (
        [fold(at - times[0] - n * beat) for n, at in enumerate(times)],
        [fold(us - middle) for us in latencies],
        [texts.index(row.words) for row in rows if row.words],
    )
    widths = [rice.width(column) for column in columns]
    packed = rice.to_bytes("".join(rice.bits(column, low) for column, low in zip(columns, widths, strict=True)))
    head = (len(rows), times[0], beat, middle, *widths, len(packed))
    return b"".join(map(varint, head)) + packed + _marks(rows, texts)


def _marks(rows: Sequence[Row], texts: Sequence[str]) -> bytes:
    """One byte for an hour in which all samples are alike, as most are; else the flags of each, and the words."""
    flags = bytes(row.status | MEASURED * (row.latency is not None) | SAID * (row.words != "") for row in rows)
    if len(set(flags)) == 1 and not texts:
        return flags[:1]
    return zlib.compress(flags + "\0".join(texts).encode(), 9)


def unpack(blob: bytes, hour: int) -> list[Row]:
    """The samples of ``blob``, sorted by moment. Raises Damaged."""
    whole = len(blob) > SUM and zlib.crc32(blob[SUM:]) == int.from_bytes(blob[1:SUM], "big")
    if not whole or blob[0] != FORMAT:
        raise Damaged("a sealed hour cannot be read: its format or its checksum is wrong")
    data = iter(blob[SUM:])
    count, first, beat, middle, *widths, size = (number(data) for _ in range(8))
    rest = bytes(data)
    flags, texts = _unmarked(rest[size:], count)
    lengths = (count, sum(flag & MEASURED > 0 for flag in flags), sum(flag & SAID > 0 for flag in flags))
    columns, at, text = [], 0, rice.to_text(rest[:size])
    for length, low in zip(lengths, widths, strict=True):
        column, at = rice.numbers(text, at, length, low)
        columns.append(column)
    latencies, words = iter(columns[1]), iter(columns[2])
    start = hour + first
    return [
        Row(
            start + n * beat + unfold(columns[0][n]),
            flag & 0x0F,
            unfold(next(latencies)) + middle if flag & MEASURED else None,
            texts[next(words)] if flag & SAID else "",
        )
        for n, flag in enumerate(flags)
    ]


def _unmarked(marks: bytes, count: int) -> tuple[bytes, list[str]]:
    if len(marks) == 1:
        return marks * count, []
    whole = zlib.decompress(marks)
    return whole[:count], whole[count:].decode().split("\0")


def _middle(numbers: Sequence[int]) -> int:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0
