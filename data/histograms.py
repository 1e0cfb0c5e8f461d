"""A latency histogram as a few dozen bytes: one a bucket as long as gaps and counts are small."""

from __future__ import annotations

from collections.abc import Iterator

from model import Histogram

SMALL = 15
ESCAPE = 0  # no pair packs to it: gaps and counts are at least one


def pack(histogram: Histogram) -> bytes:
    """The bytes of ``histogram``, empty for an empty one. Buckets must rise and counts be positive, else ValueError."""
    if not histogram.counts:
        return b""
    last = histogram.counts[0][0] - 1
    out = bytearray(_varint(last << 1 if last >= 0 else (-last << 1) - 1))
    for bucket, count in histogram.counts:
        gap, last = bucket - last, bucket
        if gap < 1 or count < 1:
            raise ValueError(f"bucket {bucket} does not rise, or its count {count} is not positive")
        if gap <= SMALL and count <= SMALL:
            out.append(gap << 4 | count)
        else:
            out.append(ESCAPE)
            out += _varint(gap) + _varint(count)
    return bytes(out)


def unpack(blob: bytes) -> Histogram:
    """The histogram of ``blob``."""
    if not blob:
        return Histogram()
    data = iter(blob)
    first = _number(data)
    bucket = first >> 1 if not first & 1 else -((first + 1) >> 1)
    counts = []
    for byte in data:
        gap, count = (byte >> 4, byte & SMALL) if byte != ESCAPE else (_number(data), _number(data))
        bucket += gap
        counts.append((bucket, count))
    return Histogram(tuple(counts))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(data: Iterator[int]) -> int:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number
    raise ValueError("a histogram ends too early")
