"""How much one address may send: by measurement, by network, and never so much that it decides what a p75 says."""

from __future__ import annotations

import random

import pytest

from routes._throttle import FREE, Throttle
from rules import histogram, vitals

MANY = 1e9


def test_each_measurement_is_charged_and_what_does_not_fit_takes_nothing() -> None:
    clock = [0.0]
    throttle = Throttle(1.0, 10.0, MANY, MANY, lambda: clock[0])
    assert throttle.lets("203.0.113.9", 8)
    assert not throttle.lets("203.0.113.9", 3)
    assert throttle.lets("203.0.113.9", 2)
    clock[0] = 4.0
    assert [throttle.lets("203.0.113.9") for _ in range(5)] == [True, True, True, True, False]


def test_a_clock_that_is_set_back_gives_and_takes_nothing() -> None:
    clock = [1000.0]
    throttle = Throttle(1.0, 2.0, MANY, MANY, lambda: clock[0])
    assert throttle.lets("203.0.113.9")
    clock[0] = 10.0
    assert [throttle.lets("203.0.113.9") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("2001:db8:1:2::1", True),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1%eth0", True),
        ("2001:db8:1:3::1", False),
        ("203.0.113.9", False),
        ("::ffff:203.0.113.9", False),
        ("testclient", False),
        ("", False),
    ],
)
def test_the_network_of_an_ipv6_address_counts_as_one(other: str, same: bool) -> None:
    throttle = Throttle(1.0, 1.0, MANY, MANY, lambda: 0.0)
    assert throttle.lets("2001:db8:1:2::abcd")
    assert throttle.lets(other) is not same


def test_an_ipv4_address_in_ipv6_is_the_same_address() -> None:
    throttle = Throttle(1.0, 1.0, MANY, MANY, lambda: 0.0)
    assert throttle.lets("203.0.113.9")
    assert not throttle.lets("::ffff:203.0.113.9")


def test_the_table_of_addresses_is_bounded_and_holds_no_address() -> None:
    clock = [0.0]
    throttle = Throttle(1.0, 2.0, MANY, MANY, lambda: clock[0])
    assert [throttle.lets("203.0.113.9") for _ in range(3)] == [True, True, False]
    for n in range(12_000):
        throttle.lets(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
    assert len(throttle) == 10_000
    assert "203.0.113.9" not in repr(vars(throttle))


def test_everybody_together_is_bounded() -> None:
    everybody = Throttle(MANY, MANY, 1.0, 3.0, lambda: 0.0)
    assert [everybody.lets(str(n)) for n in range(5)] == [True, True, True, False, False]


def test_among_few_nobody_has_too_large_a_share() -> None:
    throttle = Throttle(MANY, MANY, MANY, MANY, lambda: 0.0)
    assert all(throttle.lets("203.0.113.9", 50) for _ in range(100))


@pytest.mark.parametrize("others", [19, 60, 300])
def test_one_address_that_forges_all_it_can_hardly_moves_the_p75(others: int) -> None:
    """I7: one of twenty or more sends zeros for an hour, as fast as it is let in; the hour before was calm."""
    chance = random.Random(others)
    clock = [0.0]
    throttle = Throttle(5.0, 120.0, 1000.0, 1000.0, lambda: clock[0])
    honest, forged, lost = list[float](), 0, 0
    for moment in sorted(chance.uniform(0, 7200) for _ in range(others * 60)):
        while moment >= 3600 and clock[0] + 0.2 < moment:
            clock[0] = max(3600.0, clock[0] + 0.2)
            forged += throttle.lets("198.51.100.1")
        clock[0] = moment
        taken = throttle.lets(f"203.0.113.{chance.randrange(others)}")
        lost += not taken
        honest += [chance.lognormvariate(7.5, 0.6)] if taken and moment >= 3600 else []

    true, told = p75(honest), p75([*honest, *[0.0] * forged])
    assert forged >= FREE, "it was let in like anybody else"
    assert abs(told / true - 1) < 0.05
    assert p75([*honest, *[0.0] * 18_000]) < 0.8 * true, "by tokens alone the same address would decide"
    assert lost < 0.02 * len(honest)


def p75(values: list[float]) -> float:
    found = vitals.quantile("LCP", histogram.of(values))
    assert found is not None
    return found
