"""Sealed hours: what goes in comes out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import chunks, rice
from data.chunks import Row

HOUR = 1_795_000_000_000 // 3_600_000 * 3_600_000
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)
latencies = st.none() | st.integers(0, 0x7FFFFFFF)
rows = st.builds(Row, st.integers(HOUR, HOUR + 3_599_999), st.integers(0, 4), latencies, texts)
hours = st.lists(rows, min_size=1, max_size=60, unique_by=lambda row: row.at).map(sorted)


@given(hours)
def test_a_sealed_hour_gives_back_every_sample_exactly(hour: list[Row]) -> None:
    assert chunks.unpack(chunks.pack(hour, HOUR), HOUR) == hour


def usual(count: int = 120) -> list[Row]:
    chance = random.Random(7)
    return [
        Row(HOUR + n * 30_000 + chance.randint(0, 20), 0, int(64_000 * chance.lognormvariate(0, 0.15)), "")
        for n in range(count)
    ]


def test_a_usual_hour_takes_less_than_three_and_a_half_bytes_a_sample() -> None:
    assert len(chunks.pack(usual(), HOUR)) < 3.5 * 120


def test_a_second_for_a_whole_hour_fits() -> None:
    hour = [Row(HOUR + n * 1000, 2, None, f"answered {500 + n % 4}") for n in range(3600)]
    assert chunks.unpack(chunks.pack(hour, HOUR), HOUR) == hour


def test_an_empty_hour_has_no_chunk() -> None:
    with pytest.raises(ValueError, match="without samples"):
        chunks.pack([], HOUR)


numbers = st.lists(st.integers(0, 300) | st.integers(0, 2**32 - 1), max_size=50)


@given(numbers, st.integers(0, 20))
def test_numbers_come_back_from_their_bits_whatever_the_width(some: list[int], low: int) -> None:
    text = rice.bits(some, low)
    assert rice.to_text(rice.to_bytes(text))[: len(text)] == text
    assert rice.numbers(text, 0, len(some), low) == (some, len(text))


@pytest.mark.parametrize("cut", [0, 1, 2, 30, -1], ids=["empty", "one byte", "two bytes", "half", "all but one"])
def test_a_chunk_that_is_cut_off_says_so(cut: int) -> None:
    with pytest.raises(chunks.Damaged):
        chunks.unpack(chunks.pack(usual(), HOUR)[:cut], HOUR)


def test_no_flipped_byte_goes_unnoticed() -> None:
    blob = chunks.pack(usual(20), HOUR)
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 0x55
        with pytest.raises(chunks.Damaged):
            chunks.unpack(bytes(changed), HOUR)
