"""Chance that always falls the same way: numbers made from a seed and a name, and noise made from them."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_bell = NormalDist().inv_cdf


def number(*names: object) -> int:
    """64 even bits that depend on the names alone: not on the process, the machine or the order of questions."""
    return int.from_bytes(blake2b(repr(names).encode(), digest_size=8).digest(), "big")


def mixed(value: int) -> int:
    """A cheap mix of 64 bits (splitmix64), for noise by the hundred thousand."""
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def share(*names: object) -> float:
    """An even number in [0, 1)."""
    return number(*names) / 2**64


def bell(value: int) -> float:
    """A number from the normal distribution, made from 64 bits."""
    return _bell(((value >> 12) + 0.5) / 2**52)
