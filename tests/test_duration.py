"""Lengths of time are read as people write them, and refused in words."""

import pytest
from pydantic import TypeAdapter, ValidationError

import duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h", 3600),
        ("1d", 86400),
        ("1h 30m", 5400),
        ("500ms", 0.5),
        ("1.5 s", 1.5),
        (2, 2),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_as_seconds(written: object, seconds: float) -> None:
    assert duration.parse(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written", ["often", "", "30", "-5s", "5x", "s", "5s!", None, True, float("nan"), -1, "1e9s", []]
)
def test_anything_else_is_refused_in_words(written: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 30s"):
        duration.parse(written)


def test_the_annotated_type_reads_and_refuses_inside_a_pydantic_schema() -> None:
    kind = TypeAdapter(duration.Seconds)
    assert kind.validate_python("2m") == 120.0
    with pytest.raises(ValidationError, match="expected a duration such as 30s"):
        kind.validate_python("soon")
