"""Text of strangers becomes one short harmless line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning import clean, slug


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Connection  refused\r\n\tby peer", "Connection refused by peer"),
        ("a\x00b\x1b[31mred\x07", "a b [31mred"),
        ("left\u202eright\u200b", "left right"),
        ("connect postgresql://user:pass@db.example:5432/x failed", "connect [removed] failed"),
        ("no user jane.doe@clinic.example", "no user [removed]"),
        ("key sk_live_abcdef123 refused", "key [removed] refused"),
        ("Authorization: Bearer abcdef.ghi", "Authorization: [removed]"),
        ("token eyJhbGciOiJIUzI1NiJ9.abc.def bad", "token [removed] bad"),
        ("password=hunter22 wrong", "[removed] wrong"),
        ("ｐassword=hunter22", "[removed]"),
        ("x" * 10_000_000, "x" * 199 + "…"),
        (["not text"], ""),
        (None, ""),
    ],
)
def test_what_is_kept(text: object, kept: str) -> None:
    assert clean(text) == kept


@given(st.text(max_size=2000))
@settings(max_examples=300)
def test_whatever_comes_is_one_line_of_at_most_200_visible_characters(text: str) -> None:
    line = clean(text)
    assert len(line) <= 200
    assert line == line.strip()
    assert all(unicodedata.category(sign)[0] != "C" for sign in line)
    assert clean(line) == line


@given(st.text(max_size=300))
def test_a_slug_fits_into_a_series_key(name: str) -> None:
    made = slug(name)
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")
    assert len(made) <= 64
    assert slug(made) == made
