"""Quantiles within one per cent of the exact ones, however the latencies lie; merging loses nothing."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import Phases, Sample, Status
from rules import histogram, rollup

DICE = random.Random(7)
SHAPES = {
    "lognormal": [DICE.lognormvariate(4, 0.8) for _ in range(5000)],
    "bimodal": [DICE.gauss(40, 3) if DICE.random() < 0.97 else DICE.gauss(5000, 200) for _ in range(5000)],
    "constant": [123.4] * 1000,
    "one": [77.7],
    "microseconds to minutes": [10 ** DICE.uniform(-2.5, 5) for _ in range(5000)],
}


def exact(values: list[float], q: float) -> float:
    return sorted(values)[max(1, math.ceil(q * len(values))) - 1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("q", [0.5, 0.75, 0.95, 0.99, 1.0])
def test_a_quantile_errs_by_less_than_one_per_cent(shape: str, q: float) -> None:
    found = histogram.quantile(histogram.of(SHAPES[shape]), q)

    assert found == pytest.approx(exact(SHAPES[shape], q), rel=0.01)


@given(st.floats(0.001, 1e7))
def test_a_bucket_stands_for_its_latencies_within_one_per_cent(ms: float) -> None:
    assert histogram.value(histogram.bucket(ms)) == pytest.approx(ms, rel=0.01)


@given(st.lists(st.lists(st.floats(0.001, 1e6), max_size=20), max_size=6))
def test_merging_equals_building_from_all(groups: list[list[float]]) -> None:
    merged = histogram.merge([histogram.of(group) for group in groups])

    assert merged == histogram.of([ms for group in groups for ms in group])


def test_nothing_measured_has_no_quantile() -> None:
    assert histogram.latency(histogram.of([])) == histogram.Latency(0, None, None, None)


def test_folding_hours_out_of_minutes_equals_folding_them_out_of_samples(noon) -> None:
    samples = [
        Sample(
            "m",
            noon + timedelta(seconds=i),
            DICE.choice([Status.UP, Status.DEGRADED, Status.DOWN]),
            DICE.uniform(1, 99) if i % 7 else None,
            phases=Phases(1, 2, 3, 4, 10),
        )
        for i in range(3600)
    ]
    minutes = [
        rollup.fold("m", "minute", noon + timedelta(minutes=n), samples[60 * n : 60 * n + 60]) for n in range(60)
    ]

    merged, folded = rollup.merge("m", "hour", noon, minutes), rollup.fold("m", "hour", noon, samples)

    assert merged.latency_sum == pytest.approx(folded.latency_sum)
    assert (merged.samples, merged.latency, merged.p95, merged.dns) == (3600, folded.latency, folded.p95, folded.dns)


def test_a_failed_probe_has_no_latency(noon) -> None:
    found = rollup.fold("m", "minute", noon, [Sample("m", noon, Status.DOWN), Sample("m", noon, Status.UP, 10.0)])

    assert (found.up, found.down, histogram.latency(found.latency).n) == (1, 1, 1)


def test_the_steps_of_an_answer_and_the_rest_add_up_to_its_latency(noon) -> None:
    phases = Phases(dns=1.0, connect=2.0, tls=3.0, first_byte=10.0, total=20.0)
    looks = [Sample("api", noon + timedelta(seconds=i), Status.UP, 20.0, phases=phases) for i in range(4)]
    folded = rollup.fold("api", "minute", noon, looks)
    steps = [rollup.mean(folded, step) for step in ("dns", "connect", "tls", "first_byte", "rest")]
    assert steps == pytest.approx([1.0, 2.0, 3.0, 10.0, 4.0])
    assert rollup.mean(rollup.fold("api", "minute", noon, []), "dns") is None
