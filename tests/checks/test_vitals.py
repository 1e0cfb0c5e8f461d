"""What browsers measured is judged like a probe: slow is degraded, failing is down, too little is unknown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks import open_tools, run
from checks.vitals import Options, judged
from model import Measured, Monitor, Question, Status

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


@pytest.mark.parametrize(
    ("options", "found", "status", "words"),
    [
        ({"metric": "LCP"}, Measured(100, 1000, 2500, 3000), UP, "p75 2500 ms of 100 measurements in 1 h"),
        ({"metric": "LCP"}, Measured(100, 1000, 2501, 3000), DEGRADED, "above 2500 ms"),
        ({"metric": "LCP", "down_above": 4000}, Measured(100, 1000, 4001, 5000), DOWN, "above 2500 ms"),
        ({"metric": "LCP"}, Measured(99, 1, 1, 1), UNKNOWN, "99 of 100"),
        ({"metric": "LCP"}, Measured(), UNKNOWN, "not enough data"),
        ({"metric": "CLS"}, Measured(500, 0.01, 0.12, 0.2), DEGRADED, "p75 0.120"),
        ({"metric": "api.*", "errors_above": 1}, Measured(1000, 40, 60, 90, 0.01), UP, "p75 60 ms"),
        ({"metric": "api.*", "errors_above": 1}, Measured(1000, 40, 60, 90, 0.011), DOWN, "1.10 % failed"),
        (
            {"metric": "api.*", "degraded_above": 80, "percentile": 95},
            Measured(1000, 40, 60, 90),
            DEGRADED,
            "p95 90 ms",
        ),
        ({"metric": "INP", "least": 10}, Measured(12, 1, 100, 1), UP, ""),
    ],
)
def test_the_state_follows_what_was_measured(options, found, status, words) -> None:
    result = judged(Options(**options), found)
    assert (result.status, words in result.words) == (status, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "lcp"},
        {"metric": "api.auth"},
        {"metric": "LCP", "errors_above": 1},
        {"metric": "LCP", "window": "10m"},
        {"metric": "LCP", "percentile": 99},
        {"metric": "api.<x>", "errors_above": 1},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        Options(**wrong)


async def test_the_question_is_asked_as_it_is_configured() -> None:
    asked: list[Question] = []

    async def measured(question: Question) -> Measured:
        asked.append(question)
        return Measured(200, 1, 2, 3)

    options = Options(metric="LCP", route="/prescriptions", device="phone", window="24h")
    async with open_tools(measured=measured) as tools:
        found = await run(Monitor("v", "V", "vitals", options), tools)

    assert found.status is UP
    assert asked == [Question("LCP", 86_400.0, "/prescriptions", "phone")]


async def test_where_nobody_measures_it_is_unknown() -> None:
    async with open_tools() as tools:
        found = await run(Monitor("v", "V", "vitals", Options(metric="LCP")), tools)
    assert found.status is UNKNOWN
