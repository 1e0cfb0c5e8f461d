"""A sealed hour of one series as one small blob: moments, statuses, latencies and words, nothing rounded.

Columns, each transformed so that its numbers are small, split into byte planes, and deflated together: about three
bytes a sample at 30 s. The phases of a probe are not kept; they would treble that, and live on as sums in the roll-ups.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

FORMAT = 1
WIDTH = 4  # bytes of one number before it is split
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
    flags = bytes(row.status | MEASURED * (row.latency is not None) | SAID * (row.words != "") for row in rows)
    latencies = [row.latency for row in rows if row.latency is not None]
    times = [row.at - hour for row in rows]
    step, middle = _step(times), _middle(latencies)
    numbers = [_fold(at - times[0] - n * step) for n, at in enumerate(times)]
    said = [row.words for row in rows if row.words]
    texts = list(dict.fromkeys(said))
    place = {text: n for n, text in enumerate(texts)}
    head = array("I", (len(rows), times[0], step, middle, len(said)))
    body = [flags, _split(numbers), _split(_fold(us - middle) for us in latencies)]
    body += [_split(place[text] for text in said), "\0".join(texts).encode()]
    return bytes((FORMAT,)) + zlib.compress(_little(head).tobytes() + b"".join(body), 9)


def unpack(blob: bytes, hour: int) -> list[Row]:
    """The samples of ``blob``, sorted by moment. Raises Damaged."""
    try:
        return _unpack(blob, hour)
    except (zlib.error, ValueError, IndexError) as error:
        raise Damaged(f"a sealed hour cannot be read: {error}") from error


def _unpack(blob: bytes, hour: int) -> list[Row]:
    if blob[0] != FORMAT:
        raise Damaged(f"format {blob[0]}")
    data = zlib.decompress(blob[1:])
    count, first, step, middle, said = _little(array("I", data[: 5 * WIDTH]))
    flags, at = data[5 * WIDTH : 5 * WIDTH + count], 5 * WIDTH + count
    numbers, at = _join(data, at, count)
    latencies, at = _join(data, at, sum(flag & MEASURED > 0 for flag in flags))
    places, at = _join(data, at, said)
    texts = data[at:].decode().split("\0")
    measured = (_unfold(n) + middle for n in latencies)
    words = (texts[n] for n in places)
    return [
        Row(
            hour + first + n * step + _unfold(numbers[n]),
            flag & 0x0F,
            next(measured) if flag & MEASURED else None,
            next(words) if flag & SAID else "",
        )
        for n, flag in enumerate(flags)
    ]


def _step(times: Sequence[int]) -> int:
    """The usual distance of two samples: what is left after it is only the lateness."""
    return _middle([after - before for before, after in pairwise(times)])


def _middle(numbers: Sequence[int]) -> int:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0


def _fold(number: int) -> int:
    """Small numbers of either sign become small numbers without one."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def _unfold(number: int) -> int:
    return number >> 1 if not number & 1 else -((number + 1) >> 1)


def _little(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _split(numbers: Iterable[int]) -> bytes:
    """First the lowest bytes of all numbers, then the next: the upper ones are nearly all zero."""
    data = _little(array("I", numbers)).tobytes()
    return b"".join(data[plane::WIDTH] for plane in range(WIDTH))


def _join(data: bytes, at: int, count: int) -> tuple[array[int], int]:
    end = at + count * WIDTH
    if len(data) < end:
        raise Damaged("it is too short")
    whole = bytearray(count * WIDTH)
    for plane in range(WIDTH):
        whole[plane::WIDTH] = data[at + plane * count : at + (plane + 1) * count]
    return _little(array("I", bytes(whole))), end
