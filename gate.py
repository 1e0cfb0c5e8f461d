"""Puts together what the gate asks of the store, and writes down what people sign; the rules decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from data import (
    audit,
    changes,
    days,
    deployments,
    intervals,
    issues,
    rollups,
    series,
    snapshots,
    standings,
    vitals,
)
from data.snapshots import Kept
from data.store import Connection
from model import Act, Budget, Checklist, Entry, Interval, Item, Signature, Slo, Standing, Uptime, Verdict
from rules import checklist as rules
from rules import histogram, slo, uptime, windows
from rules import intervals as cover
from rules.gates import SENTRY, News, World
from settings import Settings

LOOK_BACK = timedelta(days=31)  # how far gates look for trouble and restarts
READ = 90.0 * 3  # seconds after which a reading of an outside service is old, unless it is asked more seldom
BACK = ("calm", "no-restart")  # gates that look back over a stretch
KINDS = ("signed", "waived", "withdrawn", "commented")


class Refused(Exception):
    """What a person wanted to sign cannot be; ``words`` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def of(known: Settings, key: str) -> Checklist | None:
    """The checklist of that key."""
    return next((each for each in known.checklists if each.key == key), None)


def release(c: Connection, now: datetime) -> str:
    """The commit that a run is about when none is named: the newest production deployment's, serving or not."""
    recent = deployments.between(c, now - LOOK_BACK, now)
    return next((each.commit or each.id for each in recent if each.target == "production"), "")


def judge(c: Connection, known: Settings, checklist: Checklist, wanted: str, now: datetime) -> Verdict:
    """The verdict on a release, from one snapshot of the store."""
    return judge_all(c, known, (checklist,), wanted, now)[0]


def judge_all(
    c: Connection, known: Settings, checklists: Sequence[Checklist], wanted: str, now: datetime
) -> tuple[Verdict, ...]:
    """A verdict for each list; what they look at is read once for all of them."""
    world = _world(c, known, [item for each in checklists for item in each.items], wanted, now)
    return tuple(
        rules.verdict(each, wanted, world, {item.key: signatures(c, each.key, wanted, item.key) for item in each.items})
        for each in checklists
    )


def _world(c: Connection, known: Settings, items: Sequence[Item], wanted: str, now: datetime) -> World:
    found, kept = standings.read(c), snapshots.read(c)
    keys = {key for item in items for key in item.series}
    horizons = _horizons(known, found)
    results = {key: dict(result.facts) for key, (_, result) in standings.results(c).items()}
    return World(
        now=now,
        standings={key: each for key, each in found.items() if key in keys},
        horizons=horizons,
        past=_past(c, items, found, horizons, now),
        facts=results,
        figures=_figures(kept),
        changes=changes.between(c, now - LOOK_BACK, now, limit=2000),
        p95=_p95(c, sorted({key for item in items if item.gate == "p95" for key in item.series}), now),
        deployed=_deployed(c, wanted, now),
        event=issues.newest(c) if "sentry.issues" in kept else None,
        news=_news(c, known, kept.get(SENTRY), wanted, now),
        budgets=_budgets(c, known, {key for item in items if item.gate == "budget" for key in item.series}, found, now),
        measured=sum(each.n for each in vitals.between(c, "hour", now - timedelta(hours=1), now)),
    )


def _patience(known: Settings) -> dict[str, float]:
    """Seconds after which what a monitor or a reading said is old."""
    every = {each.key: each.horizon for each in known.monitors}
    return every | {each.key: max(each.horizon, READ) for one in known.integrations for each in one.readings}


def _horizons(known: Settings, found: Mapping[str, Standing]) -> dict[str, float]:
    """Of a part as of its monitor."""
    every = _patience(known)
    return {key: every.get(key.partition("/")[0], 3600.0) for key in found}


def _past(
    c: Connection, items: Sequence[Item], found: Mapping[str, Standing], horizons: Mapping[str, float], now: datetime
) -> dict[str, tuple[Interval, ...]]:
    """What was seen of each series that must have been well for a time, as far back as any item looks."""
    looking = [each for each in items if each.gate in BACK]
    keys = sorted({key for each in looking for key in each.series if key in found})
    if not keys:
        return {}
    start, born = now - timedelta(seconds=max(each.seconds for each in looking)), series.created(c)
    closed = intervals.between(c, start, now, keys)
    return {
        key: cover.timeline(closed.get(key, ()), found[key], horizons[key], born.get(key, now), (), start, now, now)
        for key in keys
    }


def _figures(kept: Mapping[str, Kept]) -> dict[str, tuple[datetime, float]]:
    return {
        f"{key}/{figure.name}": (each.good_at, figure.value)
        for key, each in kept.items()
        if each.good is not None and each.good_at is not None
        for figure in each.good.figures
    }


def _p95(c: Connection, keys: list[str], now: datetime) -> dict[str, tuple[datetime, float]]:
    """As old as the last minute in which anything answered."""
    made = {}
    for key in keys:
        minutes = [
            each for each in rollups.between(c, "minute", now - timedelta(hours=1), now, key) if each.latency.counts
        ]
        found = histogram.latency(histogram.merge([each.latency for each in minutes])) if minutes else None
        if found is not None and found.p95 is not None:
            made[key] = min(now, minutes[-1].start + timedelta(minutes=1)), found.p95
    return made


def _budgets(
    c: Connection, known: Settings, wanted: set[str], found: Mapping[str, Standing], now: datetime
) -> dict[str, Budget]:
    """Of each promise that a gate names that of the monitor with least left, as old as the oldest look."""
    made = {}
    for each in known.slos:
        if each.key in wanted:
            seen = [found[key].seen if key in found else None for key in each.monitors]
            least = slo.worst(_kept_by(c, known, each, found, now))
            if least is not None:
                looks = [at for at in seen if at]
                made[each.key] = replace(least, at=min(looks) if len(looks) == len(seen) else None)
    return made


def _kept_by(
    c: Connection, known: Settings, promise: Slo, found: Mapping[str, Standing], now: datetime
) -> list[Budget]:
    spent = _spent(c, known, promise, found, now)
    seconds = windows.WINDOWS[promise.window].total_seconds()
    return [replace(slo.budget(promise.target, spent.get(key, Uptime()), seconds), of=key) for key in promise.monitors]


def _spent(
    c: Connection, known: Settings, promise: Slo, found: Mapping[str, Standing], now: datetime
) -> dict[str, Uptime]:
    """The seconds that the pages show for the same window: long ones by whole days, of which the last two are fresh."""
    tz, length = known.site.timezone, windows.WINDOWS[promise.window]
    today = now.astimezone(tz).date()
    yesterday = today - timedelta(days=1)
    start, over = now - length, {}
    if promise.window != "7d":
        start = uptime.midnight(yesterday, tz)
        over = days.between(c, today - length + timedelta(days=1), yesterday - timedelta(days=1), promise.monitors)
    closed, born = intervals.between(c, start, now, promise.monitors), series.created(c)
    made = {}
    for each in known.monitors:
        if each.key in promise.monitors and each.key in born:
            quiet = [plan for plan in known.maintenance if not plan.monitors or each.key in plan.monitors]
            line = cover.timeline(
                closed.get(each.key, ()), found.get(each.key), each.horizon, born[each.key], quiet, start, now, now
            )
            made[each.key] = uptime.add(uptime.uptime(line), *(day.uptime for day in over.get(each.key, ())))
    return made


def _deployed(c: Connection, wanted: str, now: datetime) -> datetime | None:
    """When a release went live in production first, if it did."""
    recent = deployments.between(c, now - LOOK_BACK, now)
    live = [
        each.ready for each in recent if each.ready and each.target == "production" and wanted in (each.commit, each.id)
    ]
    return min(live, default=None)


def _news(c: Connection, known: Settings, kept: Kept | None, wanted: str, now: datetime) -> News:
    """How many issues this release brought: only a fresh reading that asked for this very release can tell."""
    at = kept.good_at if kept else None
    if kept is None or kept.good is None or at is None:
        return News()
    if now - at > timedelta(seconds=_patience(known).get(SENTRY, 3600.0)):
        return News(at, why="Sentry could not be read lately")
    version = next((each.version for each in kept.good.releases if each.asked and _names(each.version, wanted)), None)
    if version is None:
        return News(at, why=f"Sentry does not know the release {wanted[:12]} yet" if wanted else "no release is named")
    recent = issues.first_between(c, now - LOOK_BACK, now)
    return News(at, sum(_names(each.release, wanted) for each in recent))


def _names(version: str, wanted: str) -> bool:
    """Whether a release in Sentry is this one: the commit itself, name@commit, or name@version+commit."""
    return bool(wanted) and wanted in (version, version.rpartition("@")[2], version.rpartition("+")[2])


def subject(checklist: str, wanted: str, item: str) -> str:
    """What an act of the trail is about."""
    return f"{checklist}/{wanted or '-'}/{item}"


def signatures(c: Connection, checklist: str, wanted: str, item: str) -> tuple[Signature, ...]:
    """What people said of one item in one run, oldest first."""
    acts = [entry.act for entry in reversed(audit.of(c, subject(checklist, wanted, item))) if entry.act.action in KINDS]
    return tuple(_signature(act) for act in acts)


def _signature(act: Act) -> Signature:
    said = dict(act.detail)
    until = said.get("until")
    return Signature(
        act.at,
        act.action,
        act.actor,
        act.role,
        said.get("note", ""),
        said.get("link", ""),
        said.get("verified") == "yes",
        datetime.fromisoformat(until).astimezone(UTC) if until else None,
        said.get("asked_by", ""),
    )


def sign(
    c: Connection,
    known: Settings,
    checklist: Checklist,
    wanted: str,
    item: Item,
    kind: str,
    name: str,
    now: datetime,
    *,
    role: str = "",
    note: str = "",
    link: str = "",
    verified: bool = False,
    until: datetime | None = None,
    asked_by: str = "",
    seen: int | None = None,
) -> Entry:
    """Writes a signature, a waiver or a withdrawal into the trail. Raises Refused.

    ``seen`` is how many signatures the signer had in front of him: when there are more by now, he looks again first.
    The same person cannot sign twice while the first signature counts: a double click leaves one row.
    """
    key = known.server.audit_key
    if key is None:
        raise Refused("nobody can sign: [server] audit_key is not set")
    sealing = key.reveal().encode()
    if not name.strip():
        raise Refused("a name is needed")
    audit.alone(c)
    actor, asker = audit.pseudonym(name, sealing), audit.pseudonym(asked_by, sealing) if asked_by.strip() else ""
    before = signatures(c, checklist.key, wanted, item.key)
    if seen is not None and len(before) > seen:
        raise Refused("somebody else has signed meanwhile: look again")
    _allowed(kind, item, before, actor, note, asker, until, now)
    audit.know(c, actor, name.strip(), now)
    if asker:
        audit.know(c, asker, asked_by.strip(), now)
    detail = {
        "note": note,
        "link": link,
        "verified": "yes" if verified else "",
        "asked_by": asker,
        "until": until.isoformat() if until else "",
    }
    pairs = tuple((name, value) for name, value in detail.items() if value)
    return audit.add(c, Act(now, actor, role, kind, subject(checklist.key, wanted, item.key), pairs), sealing)


def _allowed(
    kind: str,
    item: Item,
    before: tuple[Signature, ...],
    actor: str,
    note: str,
    asker: str,
    until: datetime | None,
    now: datetime,
) -> None:
    if kind not in KINDS:
        raise Refused("expected signed, waived, withdrawn or commented")
    if kind == "commented" and not note.strip():
        raise Refused("a comment needs words: write them into the note")
    mine = [each for each in before if each.actor == actor and each.kind != "commented"]
    if kind == "signed" and item.gate:
        raise Refused("this item is judged by what was measured; it can be waived, not signed")
    if kind == "signed" and mine and mine[-1].kind == "signed" and now - mine[-1].at < timedelta(seconds=item.valid):
        raise Refused("you have signed this already")
    if kind == "withdrawn" and (not mine or mine[-1].kind == "withdrawn"):
        raise Refused("there is nothing of yours to withdraw")
    if kind == "waived":
        if not note.strip():
            raise Refused("a waiver needs a reason")
        if not asker or asker == actor:
            raise Refused("a waiver is approved by another person than the one who asks for it")
        if until is None or not now < until <= now + timedelta(days=90):
            raise Refused("a waiver ends, within 90 days")
