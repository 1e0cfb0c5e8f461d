"""What was seen of the outside services before the demo opened: their series, numbers, deployments, errors, changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from data import changes, deployments, issues, snapshots
from data.store import Connection
from demo import errors, past, sentry, ships, supabase, vercel
from demo.cast import DEGRADED, DOWN, UP, Line, Shows
from demo.chance import share
from demo.health import Look
from demo.schedule import HISTORY, Schedule
from demo.story import Story
from demo.telling import Telling
from model import Change, Deployment, Figure, Issue, Result, Snapshot, VendorIncident
from rules import changes as explained

CLOSE, STEP, WIDE = timedelta(days=14), timedelta(hours=1), timedelta(hours=6)
PAYING: Shows = {
    ("payments", "slow"): (DEGRADED, "answered in 2400 ms"),
    ("payments", "error"): (DOWN, "Stripe answered 500"),
}
STUCK: Shows = {("payments", "slow"): (DEGRADED, "1 not delivered, the oldest 22 min ago")}
TABLES: Shows = {("database", "refused"): (DOWN, "the database cannot be reached (PGRST000)")}
EDGE: Shows = {("hosting", "vendor"): (DEGRADED, "degraded performance")}
SAID: Shows = {("hosting", "vendor"): (DEGRADED, "vercel: Partially degraded service")}
STRIPE: Shows = {("payments", "slow"): (DEGRADED, "degraded"), ("payments", "error"): (DEGRADED, "degraded")}
GROWS: Shows = {(each, "error"): (DEGRADED, "1") for each in ("auth", "payments", "storage")}
GROWS = {**GROWS, ("database", "refused"): (DEGRADED, "1"), ("search", "slow"): (DEGRADED, "1")}
SERVICES = ("auth", "storage", "realtime")
BACK = (DEGRADED, "1")
CALM, SLOW = (UP, ""), (DEGRADED, "not good: LCP, INP")
PRIVACY = (DEGRADED, "email (1), query (1) in 10 events")
SCRUB = (DEGRADED, "project edge stores IP addresses")
ADVICE = (DEGRADED, "0 grave, 2 to look at")


def _broken(subject: str) -> Shows:
    return {(subject, "error"): (DOWN, "answered 503")}


def _sick(subject: str) -> Shows:
    return {(subject, "error"): (DOWN, "unhealthy"), (subject, "refused"): (DOWN, "unhealthy")}


def _lines() -> Iterator[tuple[Line, float]]:
    """Every series of a reading, and the seconds between two looks."""
    yield from _supabase()
    yield Line("crux.record", calm=SLOW), 43_200
    yield from (
        (Line(f"crux.record/{form}", calm=SLOW if form == "phone" else CALM), 43_200)
        for form in ("all", "phone", "desktop")
    )
    yield from ((Line("stripe.account", (), PAYING), 60), (Line("stripe.webhooks", (), STUCK), 300))
    yield from ((Line("stripe.webhooks/webhook-we_demo"), 300), (Line("stripe.webhooks/deliveries", (), STUCK), 300))
    for part in ("", "/production", "/builds"):
        yield Line(f"vercel.deployments{part}"), 60
    for part in ("", "/prescriptions.example.com", "/www.prescriptions.example.com", "/certificates"):
        yield Line(f"vercel.domains{part}"), 900
    yield Line("vendors.status", (), {**SAID, **STRIPE}), 90
    shown = {"vercel": SAID, "vercel.edge-network": EDGE, "stripe": STRIPE, "stripe.api": STRIPE}
    for part in (
        "vercel",
        "vercel.edge-network",
        "supabase",
        "supabase.database",
        "supabase.auth",
        "stripe",
        "stripe.api",
        "stripe.webhooks",
        "sentry",
    ):
        yield Line(f"vendors.status/{part}", (), shown.get(part, {})), 90
    yield from _sentry()


def _supabase() -> Iterator[tuple[Line, float]]:
    broken = {key: value for each in (*SERVICES, "functions") for key, value in _broken(each).items()}
    yield Line("supabase.data", (), {**TABLES, **broken}), 30
    yield from ((Line(f"supabase.data/{table}", (), TABLES), 30) for table in supabase.ROWS)
    yield from ((Line(f"supabase.data/{each}", (), _broken(each)), 30) for each in SERVICES)
    yield from ((Line(f"supabase.vitals{part}"), 60) for part in ("", "/rows"))
    yield Line("supabase.data/function-health", (), _broken("functions")), 30
    for part in ("", "/user_profiles", "/prescriptions", "/audit_logs"):
        yield Line(f"supabase.rls{part}"), 60
    subjects = {"project": "database", "db": "database", "pooler": "database", "rest": "database", "writes": ""}
    everything = {key: value for each in ("database", *SERVICES) for key, value in _sick(each).items()}
    yield Line("supabase.project", (), everything), 60
    for part in ("project", *SERVICES, "db", "pooler", "rest", "writes"):
        yield Line(f"supabase.project/{part}", (), _sick(subjects.get(part, part))), 60
    for part in ("", "/disk", "/function-send-label", "/function-refill"):
        yield Line(f"supabase.disk{part}"), 300
    yield from ((Line(f"supabase.backups{part}"), 3600) for part in ("", "/recovery"))
    yield from ((Line(f"supabase.advisors{part}", calm=ADVICE), 21_600) for part in ("", "/advisors"))


def _sentry() -> Iterator[tuple[Line, float]]:
    yield Line("sentry.issues", (), {}, BACK), 60
    yield from ((Line("sentry.issues/new"), 60), (Line("sentry.issues/regressed", (), {}, BACK), 60))
    yield Line("sentry.issues/escalating", (), GROWS), 60
    yield from ((Line(f"sentry.health{part}"), 300) for part in ("", "/releases", "/crash-free", "/quota"))
    yield from ((Line(f"sentry.vitals{part}"), 300) for part in ("", *(f"/{name}" for name in sentry.VITALS)))
    yield from ((Line(f"sentry.privacy{part}", calm=PRIVACY), 21_600) for part in ("", "/events"))
    yield Line("sentry.privacy/scrubbing", calm=SCRUB), 21_600


def told(schedule: Schedule) -> Iterator[Telling]:
    """Every series of every reading with its story up to the opening."""
    for line, every in _lines():
        first = schedule.opened - HISTORY
        yield Telling(Story(line, every, schedule, first, schedule.opened), None)


def write(c: Connection, schedule: Schedule) -> None:
    """Deployments, errors and changes. ``c`` is a connection of data.store.writing."""
    shipped = ships.deployments(schedule, schedule.first, schedule.opened)
    known = _issues(schedule)
    deployments.put(c, shipped)
    newest = tuple(each for each in shipped if each.created >= schedule.opened - vercel.SHOWN)[:50]
    # what serves is known already: the first live reading must not tell of it as if it were news
    snapshots.put(c, {"vercel.deployments": (schedule.opened, Snapshot(Result(UP), deployments=newest))})
    issues.put(c, known)
    changes.add(c, sorted(_changes(schedule, shipped, known), key=lambda each: each.at))


def figures(schedule: Schedule) -> Iterator[tuple[str, datetime, tuple[Figure, ...]]]:
    """The numbers that each reading gave, hour by hour."""
    for at in _moments(schedule):
        for key, found in _figures(schedule, at).items():
            yield key, at, found


def _issues(schedule: Schedule) -> tuple[Issue, ...]:
    older = errors.fresh(schedule, schedule.first, schedule.opened - timedelta(days=3))
    return (*errors.all_of(schedule, schedule.opened), *older)


def _changes(schedule: Schedule, shipped: tuple[Deployment, ...], known: tuple[Issue, ...]) -> Iterator[Change]:
    for each in shipped:
        if each.target == "production" and each.ready:
            yield Change(each.ready, "deployment", f"production: {explained.named(each)}")
        elif each.state == "error":
            yield Change(each.created, "deployment", f"failed build: {explained.named(each)}")
    for issue in known:
        if issue.first >= schedule.first:
            yield Change(issue.first, "issue", f"new issue {issue.short}: {issue.title}")
    for trouble in schedule.troubles("hosting", schedule.first, schedule.opened):
        told = VendorIncident("", "vercel", "Slow answers from the edge network", "", "minor", trouble.start)
        yield from explained.vendors((), (told,), trouble.start)
        if trouble.end < schedule.opened:
            yield from explained.vendors((told,), (), trouble.end)
    yield from explained.planned(past.maintenance(schedule.opened), schedule.first, schedule.opened)


def _moments(schedule: Schedule) -> Iterator[datetime]:
    """Every hour of the last two weeks, every sixth before."""
    at = schedule.opened
    while at > schedule.first:
        yield at
        at -= STEP if schedule.opened - at < CLOSE else WIDE


def _figures(schedule: Schedule, at: datetime) -> dict[str, tuple[Figure, ...]]:
    look = Look(schedule, at)
    hour = int(at.timestamp()) // 3600
    events = sum(next(errors.hours(schedule, kind, at, back=1)) for kind in errors.KINDS)
    many = 8 + int(5 * share(schedule.seed, "unresolved", hour // 24))
    counts = tuple(Figure(f"rows_{name}", max(0, supabase.count(look, name))) for name in supabase.ROWS)
    vitals = tuple(Figure(f"{name}_p75", sentry.vital(schedule, name, hour)) for name in sentry.VITALS)
    disk = 100 * supabase.used(schedule.opened, at) / supabase.SIZE
    asked = int(14_000 * (0.6 + 0.8 * share(schedule.seed, "asked", hour * 3600)))
    return {
        "sentry.issues": (
            Figure("issues_unresolved", many),
            Figure("events_per_hour", events),
            Figure("users_hit", 40 * many),
        ),
        "sentry.health": (Figure("crash_free", 99.5 + 0.2 * share(schedule.seed, "free", hour)),),
        "sentry.vitals": vitals,
        "supabase.data": counts,
        "supabase.disk": (Figure("disk", disk), Figure("requests_rest", asked)),
    }
