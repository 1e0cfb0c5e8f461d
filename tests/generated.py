"""Bodies as strangers may send them: JSON of every shape and value, the same in every run, each of them once.

Hypothesis searches the odd corners; alone it made seven of eight the same and took a millisecond for each, so the
great number is made by chance.
"""

from __future__ import annotations

import json
import math
import random
import string
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

NAMES = ("LCP", "CLS", "INP", "api.auth", "page.home.first_byte", "database.", "x", "")
FIELDS = ("name", "value", "id", "tags", "path", "route", "release", "device", "rating", "delta", "navigationType", "x")
EDGES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**53 + 1, 2**63, -(2**64), 10**400, -(10**400),
    -0.0, 5e-324, 0.1, 10.000001, 120_000, 600_000.1, 1.7e308, math.inf, -math.inf, math.nan,
    "", "0", "NaN", "\0", "\ud800", "\U0010ffff", "\u202e<b>", "phone", "error", "a" * 200, "a" * 201,
    "/", "//", "?", "/prescriptions/42?mrn=1#x", "https://x.example/orders", "/a" * 2000, "3f2c" * 10,
)  # fmt: skip


def scalar(chance: random.Random) -> Any:
    """Something that is said to matter, a number of any size, or any characters."""
    kind = chance.random()
    if kind < 0.4:
        return chance.choice(EDGES)
    if kind < 0.5:
        return chance.randint(-(1 << chance.randrange(80)), 1 << chance.randrange(80))
    if kind < 0.7:
        return (chance.random() - 0.2) * 10.0 ** chance.randint(-9, 9)
    if kind < 0.9:
        return "".join(chance.choices(string.printable, k=chance.randrange(13)))
    return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(13)))


def likely(chance: random.Random, deep: int) -> dict[str, Any]:
    """Nearly a measurement: a name and a value, and now and then one thing that does not fit."""
    value = scalar(chance) if chance.random() < 0.2 else chance.uniform(0.0, 10.0)
    found: dict[str, Any] = {"name": chance.choice(NAMES), "value": value}
    if chance.random() < 0.5:
        found["id"] = f"v6-{chance.random()}"
    if chance.random() < 0.5:
        found[chance.choice(FIELDS)] = document(chance, deep - 1) if chance.random() < 0.2 else scalar(chance)
    return found


def document(chance: random.Random, deep: int = 4) -> Any:
    """Anything that JSON can say, at most so deep."""
    kind = chance.random()
    if kind < 0.2 or deep <= 0:
        return scalar(chance)
    if kind < 0.5:
        return likely(chance, deep)
    many = chance.choice((0, 1, 2, 3, 4, 60)) if deep == 4 else chance.randrange(4)
    if kind < 0.7:
        return [document(chance, deep - 2 if many > 4 else deep - 1) for _ in range(many)]
    return {chance.choice(FIELDS): document(chance, deep - 1) for _ in range(many)}


def documents(many: int) -> Iterator[Any]:
    """So many documents, no two of which read the same."""
    return (json.loads(raw) for raw in _texts(random.Random(many), many))


def bodies(many: int) -> Iterator[bytes]:
    """So many bodies, all different; some were cut off or are no JSON at all."""
    chance = random.Random(many)
    for number, raw in enumerate(_texts(chance, many)):
        if number % 20 == 0:
            raw = raw[: chance.randrange(len(raw))] + b"\xff%x" % number
        elif number % 20 == 1:
            raw = chance.randbytes(chance.randrange(40)) + b"\0%x" % number
        yield raw


def _texts(chance: random.Random, many: int) -> Iterator[bytes]:
    known: set[bytes] = set()
    while len(known) < many:
        raw = json.dumps(document(chance)).encode()
        if raw not in known:
            known.add(raw)
            yield raw


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
objects = st.fixed_dictionaries({"name": st.sampled_from(NAMES) | values, "value": st.floats(0, 5000) | values})
nested = st.recursive(
    values | objects,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


def searched(examples: int) -> set[bytes]:
    """The different bodies that Hypothesis makes in so many examples of ten documents and some bytes."""
    found: set[bytes] = set()

    @settings(
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(st.lists(nested, min_size=10, max_size=10), st.binary(max_size=40))
    def more(some: list[Any], raw: bytes) -> None:
        found.update(json.dumps(each).encode() for each in some)
        found.add(raw)

    more()
    return found
