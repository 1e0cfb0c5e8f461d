"""A latency histogram as a few dozen bytes: one a bucket as long as gaps and counts are small."""

from __future__ import annotations

from functools import lru_cache

from data.varints import fold, number, unfold, varint
from model import Histogram

SMALL = 15
ESCAPE = 0  # no pair packs to it: gaps and counts are at least one


@lru_cache(maxsize=1024)  # hours that are alike, and all those in which nothing was measured, have one between them
def pack(histogram: Histogram) -> bytes:
    """The bytes of ``histogram``, empty for an empty one. Buckets must rise and counts be positive, else ValueError."""
    if not histogram.counts:
        return b""
    last = histogram.counts[0][0] - 1
    out = bytearray(varint(fold(last)))
    for bucket, count in histogram.counts:
        gap, last = bucket - last, bucket
        if gap < 1 or count < 1:
            raise ValueError(f"bucket {bucket} does not rise, or its count {count} is not positive")
        if gap <= SMALL and count <= SMALL:
            out.append(gap << 4 | count)
        else:
            out.append(ESCAPE)
            out += varint(gap) + varint(count)
    return bytes(out)


def unpack(blob: bytes) -> Histogram:
    """The histogram of ``blob``."""
    if not blob:
        return Histogram()
    data = iter(blob)
    bucket = unfold(number(data))
    counts = []
    for byte in data:
        gap, count = (byte >> 4, byte & SMALL) if byte != ESCAPE else (number(data), number(data))
        bucket += gap
        counts.append((bucket, count))
    return Histogram(tuple(counts))
