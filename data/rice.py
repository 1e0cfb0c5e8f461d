"""Many small numbers as a string of bits: Rice's code, which comes within a few per cent of the least possible."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 24  # ones in a row that say: the number follows in full, in 32 bits
FULL = 32
ONES = tuple("1" * upper + "0" for upper in range(LONGEST))


def width(numbers: Sequence[int]) -> int:
    """How many low bits of each of ``numbers`` are best written as they are."""
    mean = sum(min(n, 1 << 24) for n in numbers) // max(len(numbers), 1)  # a gap of minutes must not spoil it
    return max(mean.bit_length() - 1, 0)


def bits(numbers: Sequence[int], low: int) -> str:
    """``numbers`` (0 to 2**32 - 1) as ones and zeros: the upper part in ones up to a zero, then ``low`` bits."""
    mask, lower = (1 << low) - 1, f"0{low}b"
    if not low:
        return "".join([ONES[number] if number < LONGEST else _in_full(number) for number in numbers])
    return "".join(
        [
            ONES[number >> low] + format(number & mask, lower) if number >> low < LONGEST else _in_full(number)
            for number in numbers
        ]
    )


def _in_full(number: int) -> str:
    return "1" * LONGEST + f"{number:0{FULL}b}"


def numbers(text: str, at: int, count: int, low: int) -> tuple[list[int], int]:
    """``count`` numbers of ``text`` from ``at`` on, and where they end. Raises ValueError when it ends too early."""
    found = []
    for _ in range(count):
        zero = text.find("0", at, at + LONGEST)
        if zero < 0:
            found.append(int(text[at + LONGEST : at + LONGEST + FULL], 2))
            at += LONGEST + FULL
        else:
            end = zero + 1 + low
            found.append(zero - at << low | (int(text[zero + 1 : end], 2) if low else 0))
            at = end
    if at > len(text):
        raise ValueError("the bits end too early")
    return found, at


def to_bytes(text: str) -> bytes:
    """Eight bits a byte, the last one filled up with zeros."""
    return int("1" + text + "0" * (-len(text) % 8), 2).to_bytes(len(text) // 8 + 1 + (len(text) % 8 > 0), "big")[1:]


def to_text(data: bytes) -> str:
    """The ones and zeros of ``data``."""
    return bin(int.from_bytes(b"\1" + data, "big"))[3:]
