"""The real integrations read the demo's services: everything is measured, and history has the same series."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import demo
import integrations
import settings
from data import changes, deployments, figures, issues, standings, store
from demo import beacons, beyond, errors, ships
from demo.schedule import Schedule
from integrations import fetch
from model import Integration, Monitor, Snapshot, Status
from rules import vitals


@pytest.fixture(scope="module")
def seen(still: demo.Demo) -> dict[str, Snapshot]:
    """Every reading of the demo, asked once as it opens."""
    return asyncio.run(_read(still.config))


async def _read(config: Path) -> dict[str, Snapshot]:
    known = settings.load(config)
    pairs: list[tuple[Integration, Monitor]] = [
        (each, reading) for each in known.integrations for reading in each.readings
    ]
    async with integrations.open_tools() as tools:
        found = await asyncio.gather(*(fetch(each, reading, tools) for each, reading in pairs))
    return {reading.key: snapshot for (_, reading), snapshot in zip(pairs, found, strict=True)}


def test_every_reading_measures_something(seen) -> None:
    blind = {key: each.result.words for key, each in seen.items() if not each.measured}
    assert blind == {}
    assert {key.partition(".")[0] for key in seen} == {"crux", "sentry", "stripe", "supabase", "vendors", "vercel"}


def test_no_part_is_unknown(seen) -> None:
    unknown = [
        f"{key}/{part.name}: {part.words}"
        for key, each in seen.items()
        for part in each.result.parts
        if part.status is Status.UNKNOWN
    ]
    assert unknown == []


def test_history_tells_of_the_same_series(seen, schedule: Schedule) -> None:
    live = set(seen) | {f"{key}/{part.name}" for key, each in seen.items() for part in each.result.parts}
    past = {each.series for each in beyond.told(schedule)}
    assert live - past == set()
    assert past - live == set()


def test_the_demo_shows_what_the_integrations_are_for(seen) -> None:
    assert seen["vercel.deployments"].deployments
    assert any(each.serving for each in seen["vercel.deployments"].deployments)
    assert dict(seen["vercel.deployments"].result.facts)["rollback"].startswith("vercel rollback dpl_")
    assert len(seen["sentry.issues"].issues) >= 10
    assert seen["sentry.health"].releases[0].vitals
    assert {each.kind for each in seen["sentry.privacy"].result.findings} >= {"privacy-email", "privacy-query"}
    assert {each.kind for each in seen["sentry.privacy"].leaks} == {"email", "query"}
    assert all(part.words == "closed" for part in seen["supabase.rls"].result.parts)
    assert {each.name for each in seen["supabase.data"].figures} >= {"rows_prescriptions"}


def test_deployments_are_releases_with_one_that_serves(schedule: Schedule) -> None:
    now = schedule.opened + timedelta(minutes=20)
    found = ships.deployments(schedule, now - timedelta(days=14), now)
    assert [each.id for each in found if each.serving] == [schedule.release(now).deployment]
    assert {each.target for each in found} == {"production", "preview"}
    assert all(each.ready is None or each.created < each.ready <= now for each in found)
    assert len({each.id for each in found}) == len(found)


def test_errors_grow_while_their_cause_lasts(schedule: Schedule) -> None:
    trouble = next(
        each for each in schedule.troubles("database", schedule.lively, schedule.opened) if each.end < schedule.opened
    )
    calm, bad = (errors.all_of(schedule, at) for at in (trouble.start - timedelta(minutes=5), trouble.end))
    by = [{each.id: each.state for each in found}["6500000011"] for found in (calm, bad)]
    assert by == ["ongoing", "escalating"]


def test_the_past_is_there(filled, schedule: Schedule) -> None:
    with store.reading(filled.engine) as c:
        start, end = schedule.first, schedule.opened
        kinds = {each.kind for each in changes.between(c, start, end, limit=5000)}
        assert kinds >= {"commit", "deployment", "issue", "vendor", "maintenance"}
        assert len(deployments.between(c, start, end)) > 50
        assert len(issues.first_between(c, start, end)) > 10
        assert (
            len(figures.between(c, start, end, ["sentry.issues/events_per_hour"])["sentry.issues/events_per_hour"])
            > 500
        )
        assert standings.read(c)["vercel.deployments/production"].status is Status.UP


def test_chromes_report_says_up_to_which_day(seen) -> None:
    assert date.fromisoformat(dict(seen["crux.record"].result.facts)["last_day"])


def test_what_browsers_measured_goes_on_where_the_past_ends(seen, schedule: Schedule) -> None:
    """By the same way: the page never adds up two."""
    (fit,) = {each.source for each in vitals.fit(seen["supabase.vitals"].sent, vitals.Known(), datetime.now(UTC))}
    assert {each.source for each in (*beacons.hours(schedule), *beacons.days(schedule))} == {fit}
