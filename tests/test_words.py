"""How things are said, the same everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import words
from model import Status

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (45.9, "45 s"), (720, "12 min"), (3900, "1 h 5 min"), (7200, "2 h"), (100_000, "1 d 3 h")],
)
def test_durations(seconds: float, said: str) -> None:
    assert words.lasted(seconds) == said


def test_how_long_ago(noon: datetime) -> None:
    assert words.ago(noon, noon) == "just now"
    assert words.ago(noon - timedelta(minutes=3), noon) == "3 min ago"


@pytest.mark.parametrize(
    ("back", "said"), [({"hours": 1}, "12:00"), ({"days": 2}, "Sat 13:00"), ({"days": 30}, "24 Oct 14:00")]
)
def test_the_clock_in_the_zone_of_the_site(noon: datetime, back: dict[str, int], said: str) -> None:
    assert words.clock(noon - timedelta(**back), BERLIN, noon) == said


def test_a_moment_in_full_names_its_zone(noon: datetime) -> None:
    assert words.moment(noon, BERLIN) == "23 Nov 2026 13:00:00 CET"


@pytest.mark.parametrize(
    ("ms", "said"), [(None, "no answer"), (0.42, "0.4 ms"), (63.6, "64 ms"), (999.4, "999 ms"), (1240, "1.2 s")]
)
def test_latencies(ms: float | None, said: str) -> None:
    assert words.ms(ms) == said


@pytest.mark.parametrize(
    ("n", "noun", "said"), [(1, "monitor", "1 monitor"), (0, "monitor", "0 monitors"), (2, "search", "2 searches")]
)
def test_counts(n: int, noun: str, said: str) -> None:
    assert words.count(n, noun) == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://user:pw@example.com:8443/a?token=1#x", "https://example.com:8443/a"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://example.com:99999/", "(not a URL)"),
        ("sqlite:///var/wardround.db", "sqlite:///var/wardround.db"),
        ("https:user:pw@example.com", "(not a URL)"),
        ("just words", "(not a URL)"),
        ("http://example.com/\u202eevil\x00", "http://example.com/ evil"),
    ],
)
def test_a_url_is_said_without_its_secrets(url: str, said: str) -> None:
    assert words.safe_url(url) == said


@given(st.text(max_size=3000))
def test_an_excerpt_is_one_short_clean_line(text: str) -> None:
    said = words.excerpt(text)

    assert len(said) <= 200
    assert said.isprintable()
    assert said == said.strip()


def test_every_status_has_a_word_and_a_shape_of_its_own() -> None:
    assert set(words.STATUS_WORD) == set(words.STATUS_SHAPE) == set(Status)
    assert len(set(words.STATUS_SHAPE.values())) == len(Status)
