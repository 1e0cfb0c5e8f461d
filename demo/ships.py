"""What was shipped in the demo: every deployment with its commit and message, previews and failed builds too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from demo.chance import number, share
from demo.schedule import Release, Schedule
from model import Deployment

PROJECT = "prescriptions-web"
FAILS, PREVIEWS = 0.12, 0.8  # shares of releases that a failed build, a preview comes before
MESSAGES = (
    "Show the dosage of granules in grams",
    "Cache the medicine search for a minute",
    "Upgrade Next.js",
    "Let practitioners copy an earlier prescription",
    "Check interactions before signing",
    "Move the audit log behind a queue",
    "Retry the payment once when Stripe is slow",
    "Smaller images on the start page",
    "Fix the date of birth in Safari",
    "Write the label in Chinese and German",
    "Sign out after an hour without use",
    "Say why a prescription was refused",
    "Count refills per patient, not per order",
    "Drop the old checkout",
)
BRANCHES = ("granules", "search", "checkout", "labels", "audit", "safari", "refills")


def _picked(options: tuple[str, ...], *names: object) -> str:
    return options[number(*names) % len(options)]


def message(schedule: Schedule, release: Release) -> str:
    """What the commit of a release says."""
    return _picked(MESSAGES, schedule.seed, "message", release.commit)


def deployments(schedule: Schedule, start: datetime, end: datetime) -> tuple[Deployment, ...]:
    """Everything deployed in [start, end), newest first; the newest production one serves."""
    found = [each for release in schedule.releases(start, end) for each in _of(schedule, release, end)]
    return tuple(sorted(found, key=lambda each: each.created, reverse=True))


def _of(schedule: Schedule, release: Release, end: datetime) -> Iterator[Deployment]:
    built = 48.0 + 40 * share(schedule.seed, "build", release.commit)
    serving = schedule.release(end - timedelta(microseconds=1)).deployment == release.deployment
    yield _made(schedule, release, release.at, built, serving=serving)
    if share(schedule.seed, "fails", release.commit) < FAILS:
        yield _made(schedule, release, release.at - timedelta(minutes=9), 31.0, mark="x", state="error")
    if share(schedule.seed, "preview", release.commit) < PREVIEWS:
        yield _made(schedule, release, release.at - timedelta(minutes=17), built - 6, mark="p", target="preview")


def _made(
    schedule: Schedule,
    release: Release,
    ready: datetime,
    built: float,
    *,
    mark: str = "",
    state: str = "ready",
    target: str = "production",
    serving: bool = False,
) -> Deployment:
    queued = 1.0 + 3 * share(schedule.seed, "queue", release.commit)
    return Deployment(
        id=release.deployment + mark,
        project=PROJECT,
        target=target,
        state=state,
        created=ready - timedelta(seconds=round(built + queued, 3)),
        ready=ready if state == "ready" else None,
        commit=release.commit,
        branch="main" if target == "production" else f"feature/{_picked(BRANCHES, 'branch', release.commit)}",
        message=message(schedule, release),
        queued=queued,
        built=built if state == "ready" else None,
        serving=serving,
        candidate=target == "production" and state == "ready" and not serving,
        error="BUILD_UTILS_SPAWN_1" if state == "error" else "",
    )
