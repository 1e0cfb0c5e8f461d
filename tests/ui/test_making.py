"""How a number is made is said without making it better than it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import filled
from ui import making, store


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((0.999999, 0.9999999), "99.999 % and 99.999 %"),
        ((0.5, 1.0), "50.000 % and 100.000 %"),
        (None, "no data"),
    ],
)
def test_bounds_are_cut_never_rounded_up(stage, bounds, words) -> None:
    stage()
    detail = replace(store.one(filled.DOWN, "24h"), bounds=bounds)
    said = dict(making.uptime(detail, store.told().site.timezone))
    assert said["The truth lies between"] == words
