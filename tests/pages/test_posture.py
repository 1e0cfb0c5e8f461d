"""The page Posture: what has to be mended comes first, what is not known is never green, strangers' text is inert."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import data.changes
import data.figures
import data.findings
import data.series
import data.standings
import data.store
import settings
from model import Change, Figure, Finding, Part, Result, Standing, Status
from ui import posture, shelf

HOSTILE = "<img src=x onerror=alert(1)>"
TABLE = """
[[monitor]]
key = "care"
name = "Headers and access"
check = "headers"
url = "https://platform.example.test/"
every = "5m"
"""
RESULT = Result(
    Status.DEGRADED, "score 40 (D+); x-frame-options", None,
    parts=(
        Part("x-frame-options", Status.DEGRADED, None, f"{HOSTILE} (wanted: DENY)"),
        Part("referrer-policy", Status.UP, None, "right (wanted: right)"),
    ),
    findings=(Finding("header-x-frame-options", "x-frame-options: missing", "send X-Frame-Options: DENY"),),
    facts=(("score", "40"), ("grade", "D+")),
)  # fmt: skip


def said(app) -> str:
    return "\n".join(each.proto.body for each in app.get("html"))


@pytest.fixture
def cared(stage):
    scene = stage()
    path = settings.current().path
    path.write_text(path.read_text() + TABLE)
    settings.current.cache_clear()
    shelf.forget()

    def sees(result: Result = RESULT, ago: float = 5.0):
        engine = data.store.open(scene.url)
        at = scene.now - timedelta(seconds=ago)
        with data.store.writing(engine) as c:
            ids = data.series.ensure(c, ["care"], scene.now - timedelta(days=40))
            data.standings.keep(c, ids, [Standing("care", result.status, at - timedelta(hours=2), at, result.words)])
            data.standings.keep_result(c, "care", result, at)
            data.findings.put(c, "care", list(result.findings), at)
            for days, score in ((30, 5), (20, 20), (1, 40)):
                data.figures.add(c, "care", scene.now - timedelta(days=days), [Figure("score", float(score))])
        engine.dispose()
        shelf.forget()

    return sees


def test_what_has_to_be_mended_stands_on_top_with_its_fix(cared, visit) -> None:
    cared()
    app = visit("posture")
    text = said(app)
    assert not app.exception
    assert "40 (D+)" in text
    assert "1 of 2" in text
    assert text.index("send X-Frame-Options: DENY") < text.index("referrer-policy")
    assert "<img" not in text
    assert "&lt;img" in text
    assert len(app.get("plotly_chart")) == 1
    assert "1 of 2 right" in app.expander[0].label


def test_a_finding_about_no_row_is_a_row_of_its_own(cared, visit) -> None:
    """Such as a secret in a public name that no rule asks for: every row is right, and yet something must be mended."""
    public = Finding("header-elsewhere", f"NEXT_PUBLIC_X {HOSTILE} puts a secret into a public name", "rename it")
    cared(replace(RESULT, status=Status.DOWN, parts=RESULT.parts[1:], findings=(public,)))
    app = visit("posture")
    text = said(app)
    assert "Nothing has to be mended" not in text
    assert text.index("puts a secret into a public name") < text.index("referrer-policy")
    assert "rename it" in text
    assert "wr-icon wr-down" in text
    assert "1 of 2 right" in app.expander[0].label
    assert "<img" not in text


def test_names_without_values_are_there_and_not_right(cared, visit) -> None:
    parts = tuple(Part(name, Status.UP, None, "there, value not seen") for name in ("jwt_secret", "node_env"))
    cared(Result(Status.UP, "2 variables there; no value was seen", parts=parts, facts=(("there", "2 of 2"),)))
    app = visit("posture")
    assert "2 of 2 there" in app.expander[0].label
    assert "value not seen" in said(app)


def test_what_can_explain_another_score_stands_under_it(cared) -> None:
    cared()
    told = settings.current()
    engine, now = data.store.open(told.store.url), datetime.now(UTC)
    at = now - timedelta(days=3)
    mine, other = Change(at, "commit", "new commit", "care"), Change(at, "commit", "new commit", "api")
    with data.store.writing(engine) as c:
        data.changes.add(c, [Change(at, "deployment", "abc went live"), mine, other])
    with data.store.reading(engine) as c:
        shown = posture.read(c, told, "90d", now).trend.changes
    engine.dispose()
    assert {(each.kind, each.monitor) for each in shown if each.at == at} == {("deployment", None), ("commit", "care")}


def test_what_was_right_long_ago_is_not_known_to_be_right_now(cared, visit) -> None:
    cared(ago=7200.0)
    text = said(visit("posture"))
    assert "0 of 2" in text
    assert "wr-icon wr-up" not in text


def test_a_board_without_a_fault_says_so(cared, visit) -> None:
    cared(replace(RESULT, status=Status.UP, words="", parts=RESULT.parts[1:], findings=()))
    assert "Nothing has to be mended" in said(visit("posture"))


def test_before_the_first_look_it_is_unknown(cared, visit) -> None:
    app = visit("posture")
    assert "nobody has looked yet" in app.expander[0].label


def test_without_such_monitors_it_says_how_to_get_them(stage, visit) -> None:
    stage()
    assert "Nothing of the posture is looked at yet" in said(visit("posture"))
