"""Whole numbers in as few bytes as they need: seven bits a byte, the eighth says that more follow."""

from __future__ import annotations

from collections.abc import Iterator


def varint(number: int) -> bytes:
    """The bytes of ``number``, which must not be negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(data: Iterator[int]) -> int:
    """Takes one number off ``data``. Raises ValueError when it ends too early."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value
    raise ValueError("the numbers end too early")


def fold(number: int) -> int:
    """Small numbers of either sign become small numbers without one."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unfold(number: int) -> int:
    """What ``fold`` was given."""
    return number >> 1 if not number & 1 else -((number + 1) >> 1)
