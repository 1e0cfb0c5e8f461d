"""The demo's fate: the same for the same seed, never without something to see, and small enough to be believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from demo import past
from demo.schedule import CAROUSEL, JOBS, LIVELY, Schedule
from model import Status

MINUTE = timedelta(minutes=1)
SUBJECTS = sorted({turn.subject for turn in CAROUSEL} | set(past.SMALL) | {"certificate", "backup"})


def test_the_same_seed_and_opening_give_the_same_fate(schedule: Schedule) -> None:
    again = Schedule(schedule.opened, schedule.seed)
    end = schedule.opened + timedelta(hours=2)
    for subject in SUBJECTS:
        assert schedule.troubles(subject, schedule.first, end) == again.troubles(subject, schedule.first, end)
    assert schedule.releases(schedule.first, end) == again.releases(schedule.first, end)


def test_another_seed_gives_another_past(schedule: Schedule) -> None:
    other = Schedule(schedule.opened, 8)
    window = (schedule.first, schedule.opened)
    assert any(schedule.troubles(each, *window) != other.troubles(each, *window) for each in SUBJECTS)


def test_asking_for_a_part_gives_what_asking_for_the_whole_gives(schedule: Schedule) -> None:
    start, end = schedule.opened - timedelta(hours=1), schedule.opened + timedelta(hours=1)
    for subject in SUBJECTS:
        whole = schedule.troubles(subject, start, end)
        for step in range(120):
            moment = start + step * MINUTE
            at = next((each for each in whole if each.start <= moment < each.end), None)
            assert schedule.at(subject, moment) == at


@pytest.mark.parametrize("seconds", range(0, 300, 15))
def test_something_is_degraded_and_something_down_or_just_back_in_the_first_five_minutes(
    schedule: Schedule, seconds: int
) -> None:
    now = schedule.opened + timedelta(seconds=seconds)
    lately = [each for subject in SUBJECTS for each in schedule.troubles(subject, now - 2 * MINUTE, now)]
    assert any(each.status is Status.DOWN for each in lately)
    assert any(each.status is Status.DEGRADED for each in lately if each.end > now)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_troubles_of_one_subject_never_overlap(schedule: Schedule, subject: str) -> None:
    found = schedule.troubles(subject, schedule.first, schedule.opened + timedelta(hours=5))
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(each.start < each.end for each in found)


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if each not in {"certificate", "search", "payments"}])
def test_the_ninety_days_are_mostly_well(schedule: Schedule, subject: str) -> None:
    bad = schedule.troubles(subject, schedule.first, schedule.lively)
    assert sum((each.end - each.start).total_seconds() for each in bad) < 0.01 * 90 * 86400


def test_the_carousel_comes_round(schedule: Schedule) -> None:
    later = timedelta(minutes=48)
    for minute in range(48):
        now = schedule.opened + minute * MINUTE
        for subject in {turn.subject for turn in CAROUSEL}:
            first, second = schedule.at(subject, now), schedule.at(subject, now + later)
            assert (first and first.kind) == (second and second.kind)


def test_a_new_commit_runs_every_half_hour_and_a_restart_changes_the_process(schedule: Schedule) -> None:
    live = schedule.releases(schedule.opened, schedule.opened + timedelta(hours=2))
    assert [after.at - before.at for before, after in pairwise(live)] == [timedelta(minutes=30)] * 3
    assert len({each.commit for each in live}) == 4
    assert all(len(each.commit) == 40 and int(each.commit, 16) for each in live)
    before, after = (schedule.opened + timedelta(minutes=m) for m in (11, 13))
    assert schedule.release(before) == schedule.release(after)
    assert schedule.pid(before) != schedule.pid(after)
    assert schedule.booted(after) == schedule.opened + timedelta(minutes=12)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.key)
def test_a_job_is_late_exactly_while_it_is_said_to_be(schedule: Schedule, job) -> None:
    start = schedule.opened - LIVELY if job.key == "export" else schedule.first + timedelta(days=3)
    step = timedelta(seconds=10) if job.key == "export" else timedelta(hours=1)
    moments = [start + n * step for n in range(int((schedule.opened + LIVELY - start) / step))]
    late = [each for each in moments if each - schedule.pushed(job, each) >= job.patience]
    said = [each for each in moments if _silent(schedule, job.key, each)]
    assert late == said
    assert said or job.key == "backup"


def _silent(schedule: Schedule, key: str, moment: datetime) -> bool:
    return schedule.at(key, moment) is not None
