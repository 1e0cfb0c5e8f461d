"""Histograms as bytes: nothing is lost, nothing is large."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import histograms
from model import Histogram

counts = st.dictionaries(st.integers(-300, 5000), st.integers(1, 10**6), max_size=80)


@given(counts)
def test_a_histogram_comes_back_as_it_went(buckets: dict[int, int]) -> None:
    histogram = Histogram(tuple(sorted(buckets.items())))
    assert histograms.unpack(histograms.pack(histogram)) == histogram


def test_neighbouring_buckets_take_a_byte_each() -> None:
    histogram = Histogram(tuple((bucket, 2) for bucket in range(180, 240)))
    assert len(histograms.pack(histogram)) == 62


@pytest.mark.parametrize(
    "buckets", [((3, 1), (2, 1)), ((3, 1), (3, 1)), ((3, 0),)], ids=["falling", "twice the same", "nothing counted"]
)
def test_a_histogram_out_of_order_is_refused(buckets: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="does not rise"):
        histograms.pack(Histogram(buckets))


def test_a_cut_histogram_is_refused() -> None:
    blob = histograms.pack(Histogram(((10, 1), (5000, 7))))
    with pytest.raises(ValueError, match="too early"):
        histograms.unpack(blob[:-1])
