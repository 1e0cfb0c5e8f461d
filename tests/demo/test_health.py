"""The demo's health endpoints have the shapes and headers that the watched platform's have."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest

from demo import health
from demo.answer import Answer, Request
from demo.health import Look
from demo.outside import KEY, PATHS, answer
from demo.schedule import CAROUSEL, Schedule
from demo.story import Story
from demo.telling import cast

CHECKS = ["database", "authentication", "external_services", "memory", "uptime"]


def during(schedule: Schedule, subject: str, kind: str) -> Look:
    """A moment in the middle of a trouble of the first hour."""
    end = schedule.opened + timedelta(hours=1)
    found = [each for each in schedule.troubles(subject, schedule.opened, end) if each.kind == kind]
    return Look(schedule, max(found[0].start, schedule.opened) + timedelta(seconds=20))


def well(schedule: Schedule) -> Look:
    """A moment at which nothing the platform depends on is down or slow."""
    look = Look(schedule, schedule.opened + timedelta(minutes=8))
    assert all(schedule.at(each, look.at) is None for each in ("database", "payments", "auth"))
    return look


def named(said: Answer) -> dict[str, str]:
    return dict(said.headers)


def test_a_healthy_aggregate(schedule: Schedule) -> None:
    look = well(schedule)
    while health.heap_share(look) > 80:
        look = Look(schedule, look.at + timedelta(seconds=2))
    said = health.aggregate(look)
    body = json.loads(said.body)
    assert (said.status, body["status"]) == (200, "healthy")
    assert sorted(body) == sorted(["status", "timestamp", "version", "environment", "checks", "metadata"])
    assert list(body["checks"]) == CHECKS
    assert {check["status"] for check in body["checks"].values()} == {"pass"}
    assert datetime.fromisoformat(body["timestamp"]) - look.at < timedelta(milliseconds=1)
    assert named(said)["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert re.fullmatch(r"\d+ms", named(said)["X-Response-Time"])
    assert sorted(body["metadata"]) == ["build_time", "deployment_id", "git_commit"]
    assert re.fullmatch(r"\d+MB", body["checks"]["memory"]["details"]["heapUsed"])
    assert re.fullmatch(r"\d+%", body["checks"]["memory"]["details"]["percentage"])
    assert re.fullmatch(r"\d+:\d\d:\d\d", body["checks"]["uptime"]["details"]["formatted"])


@pytest.mark.parametrize(("subject", "kind", "part"), [
    ("database", "refused", "database"),
    ("payments", "error", "external_services"),
])  # fmt: skip
def test_a_failing_part_makes_the_aggregate_unhealthy(schedule: Schedule, subject: str, kind: str, part: str) -> None:
    said = health.aggregate(during(schedule, subject, kind))
    body = json.loads(said.body)
    assert (said.status, body["status"], body["checks"][part]["status"]) == (503, "unhealthy", "fail")
    assert body["checks"][part]["message"]


def test_the_aggregate_hangs_for_seconds_while_the_database_is_down(schedule: Schedule) -> None:
    look = during(schedule, "database", "refused")
    assert health.aggregate(look).wait == health.RETRIES_MS
    assert health.ready(look).wait < 200


def test_an_outage_of_auth_is_invisible_in_the_aggregate(schedule: Schedule) -> None:
    look = during(schedule, "auth", "error")
    assert json.loads(health.aggregate(look).body)["checks"]["authentication"]["status"] == "pass"
    assert answer(look, Request("/auth/v1/health")).status == 503


def test_memory_warns_now_and_then_and_never_in_two_looks_running(schedule: Schedule) -> None:
    shares = [
        health.heap_share(Look(schedule, schedule.opened + timedelta(seconds=second / 2))) for second in range(14_400)
    ]
    warns = [n / 2 for n, share in enumerate(shares) if share > 80]
    assert 0.003 < len(warns) / len(shares) < 0.05
    assert not any(second + 3 in warns for second in warns)


def test_a_warning_degrades_the_aggregate(schedule: Schedule) -> None:
    look = well(schedule)
    while health.heap_share(look) <= 80 or any(look.down(each) for each in ("database", "payments")):
        look = Look(schedule, look.at + timedelta(seconds=2))
    said = health.aggregate(look)
    body = json.loads(said.body)
    assert (said.status, body["status"], body["checks"]["memory"]["status"]) == (200, "degraded", "warn")


@pytest.mark.parametrize(("kind", "status", "word"), [("", 200, "ready"), ("refused", 503, "not ready")])
def test_readiness(schedule: Schedule, kind: str, status: int, word: str) -> None:
    said = health.ready(during(schedule, "database", kind) if kind else well(schedule))
    body = json.loads(said.body)
    assert (said.status, body["status"]) == (status, word)
    assert [check["component"] for check in body["checks"]] == ["database", "environment", "services"]
    assert all(set(check) == {"component", "ready", "message"} for check in body["checks"])
    assert datetime.fromisoformat(body["timestamp"])


def test_liveness(schedule: Schedule) -> None:
    body = json.loads(health.live(well(schedule)).body)
    assert body["status"] == "alive"
    assert isinstance(body["pid"], int)
    assert isinstance(body["uptime"], float)


@pytest.mark.parametrize(("path", "token", "status"), [
    ("/", "", 200),
    ("/auth/login", "", 200),
    ("/dashboard", "", 307),
    ("/prescriptions", "", 307),
    ("/v1/charges", "", 401),
    ("/v1/charges", "wrong", 401),
    ("/v1/charges", KEY, 200),
    ("/api/prescriptions", "", 401),
    ("/nowhere", "", 404),
])  # fmt: skip
def test_the_doors_of_the_platform(schedule: Schedule, path: str, token: str, status: int) -> None:
    said = answer(well(schedule), Request(path, token))
    assert said.status == status
    if status == 307:
        assert named(said)["Location"] == "/auth/login"
    if path.startswith("/api/"):
        assert json.loads(said.body) == {"error": "Authentication required"}


def test_every_turn_of_the_carousel_shows_on_some_monitor() -> None:
    shown = {subject for player in cast() for line in player.lines for subject, _ in line.shows}
    assert {turn.subject for turn in CAROUSEL} - shown == set()
    assert all(path.startswith("/") for path in PATHS)


def test_a_slow_answer_is_slower_than_its_monitor_allows_and_a_good_one_is_not(schedule: Schedule) -> None:
    for player in cast():
        slow = [subject for subject, kind in player.line.shows if kind == "slow"]
        if player.slow and slow:
            story = Story(player.line, player.every, schedule, schedule.opened - timedelta(days=7), schedule.opened)
            for stretch in story.stretches(story.first, story.last):
                times = [sample.latency or 0.0 for sample in story.samples(stretch)]
                late = sum(ms > player.slow * 1000 for ms in times)
                assert late >= 0.99 * len(times) if stretch.slow else late <= 0.001 * len(times) + 1
