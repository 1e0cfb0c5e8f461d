"""How well the platform is kept: headers, access, certificates, variables, database rules, privacy, as one board."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import data.changes
import data.figures
import data.findings
import data.snapshots
import data.standings
import rules.status
import words
from data.store import Connection
from model import Change, Monitor, OpenFinding, Part, Result, Standing, Status
from settings import Settings
from ui.strips import begin
from ui.trends import Trend

CHECKS = {"headers": "Headers and access", "tls": "Certificates", "configuration": "Variables"}
READINGS = {
    "supabase.rls": "Row level security", "supabase.advisors": "Database advisors",
    "sentry.privacy": "Privacy of error events", "vercel.domains": "Domains",
}  # fmt: skip
HOW = "Monitors with check headers, tls or configuration make this page; Supabase and Sentry add what they see."
BAD = (Status.DOWN, Status.DEGRADED)
LOOK = "see its own page for what it found"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that was looked at: what was found, and how to mend it when it is wrong."""

    name: str
    status: Status
    words: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Everything of one kind. ``monitor`` leads to its page; ``at`` is when it was seen, None: never.

    ``unseen``: that something is there is all that is known of it, such as of a variable by its name.
    """

    title: str
    name: str
    status: Status
    words: str
    at: datetime | None
    rules: tuple[Rule, ...]
    monitor: str = ""
    unseen: bool = False

    @property
    def wrong(self) -> tuple[Rule, ...]:
        """What has to be mended, worst first."""
        return tuple(sorted((each for each in self.rules if each.fix), key=rank))


@dataclass(frozen=True, slots=True)
class Posture:
    """The board, the marks of each monitor that gives some, and how they went."""

    sections: tuple[Section, ...]
    marks: tuple[tuple[str, str], ...]
    trend: Trend

    @property
    def wrong(self) -> list[Rule]:
        """What has to be mended in all sections, worst first."""
        return sorted((rule for section in self.sections for rule in section.wrong), key=rank)

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What stands on top."""
        every = [rule for section in self.sections for rule in section.rules]
        fine = sum(each.status is Status.UP for each in every)
        unknown = sum(each.status is Status.UNKNOWN for each in every)
        return [
            *self.marks, ("Rules met", f"{fine} of {len(every)}"), ("To mend", str(len(self.wrong))),
            ("Not known", str(unknown)),
        ]  # fmt: skip


def read(c: Connection, told: Settings, window: str, now: datetime) -> Posture:
    """All of it, in one snapshot of the store."""
    results, standings = data.standings.results(c), data.standings.read(c)
    watched = [each for each in told.monitors if each.check in CHECKS and not each.paused]
    sections = [_monitored(each, results.get(each.key), standings.get(each.key), now) for each in watched]
    sections += _read(c, told, standings, now)
    start = begin(window, now, told.site.timezone)
    scored = {f"{each.key}/score": each.name for each in watched if each.check == "headers"}
    points = data.figures.between(c, start, now, scored) if scored else {}
    lines = tuple((scored[name], found) for name, found in points.items())
    return Posture(
        tuple(sorted(sections, key=lambda each: list((CHECKS | READINGS).values()).index(each.title))),
        tuple(_marks(watched, results)),
        Trend(window, start, now, "score", lines, _changes(c, start, now, watched) if lines else ()),
    )


def _changes(c: Connection, start: datetime, now: datetime, watched: Iterable[Monitor]) -> tuple[Change, ...]:
    """What can explain another score: what concerns everything, and what was seen by the checks of headers."""
    own = {each.key for each in watched if each.check == "headers"}
    found = data.changes.between(c, start, now, limit=300)
    return tuple(each for each in found if each.monitor is None or each.monitor in own)


def _marks(watched: Iterable[Monitor], results: Mapping[str, tuple[datetime, Result]]) -> Iterator[tuple[str, str]]:
    for each in watched:
        facts = dict(results[each.key][1].facts) if each.key in results else {}
        if "score" in facts:
            yield f"Score of {each.name}", f"{facts['score']} ({facts.get('grade', '')})"


def _monitored(
    monitor: Monitor, found: tuple[datetime, Result] | None, standing: Standing | None, now: datetime
) -> Section:
    title = CHECKS[monitor.check]
    if found is None or standing is None:
        return Section(title, monitor.name, Status.UNKNOWN, "nobody has looked yet", None, (), monitor.key)
    state, _, said = rules.status.current(standing, monitor.horizon, now)
    at, result = found
    rows = tuple(_rules(result, state)) or (_whole(monitor.name, result, state),)
    return Section(title, monitor.name, state, said, at, rows, monitor.key, "there" in dict(result.facts))


def _rules(result: Result, state: Status) -> Iterator[Rule]:
    """A row for each part, and one for each finding that is about none of them; none at all without parts."""
    fixes = {each.kind.partition("-")[2]: each.fix for each in result.findings}
    for part in result.parts:
        yield _rule(part, fixes, state)
    named = {part.name for part in result.parts}
    seen = {part.status for part in result.parts}
    beside = state if state is Status.UNKNOWN or (state is Status.DOWN and state not in seen) else Status.DEGRADED
    for each in result.findings if named else ():
        if each.kind.partition("-")[2] not in named:
            yield Rule(each.words, beside, "", each.fix or LOOK)


def _rule(part: Part, fixes: Mapping[str, str], state: Status, fallback: str = LOOK) -> Rule:
    fix = fixes.get(part.name, "")
    if state is Status.UNKNOWN:  # what was right when it was last seen is not known to be right now
        return Rule(part.name, Status.UNKNOWN, part.words)
    return Rule(part.name, part.status, part.words, fix or (fallback if part.status in BAD else ""))


def _whole(name: str, result: Result, state: Status) -> Rule:
    fix = "; ".join(each.fix for each in result.findings if each.fix)
    return Rule(name, state, result.words or words.STATUS_WORD[state], fix or (LOOK if state in BAD else ""))


def _read(c: Connection, told: Settings, standings: Mapping[str, Standing], now: datetime) -> Iterator[Section]:
    kept = data.snapshots.read(c)
    for reading in (each for integration in told.integrations for each in integration.readings):
        if reading.key not in READINGS:
            continue
        one, standing = kept.get(reading.key), standings.get(reading.key)
        title = READINGS[reading.key]
        if one is None or one.good is None or standing is None:
            yield Section(title, reading.name, Status.UNKNOWN, "it was not read yet", None, ())
            continue
        state, _, said = rules.status.current(standing, max(reading.horizon, 270.0), now)
        open_now = data.findings.open_now(c, reading.key)
        fallback = "" if open_now else LOOK  # the findings say what to do about the parts
        found = [*_open(open_now), *(_rule(each, {}, state, fallback) for each in one.good.result.parts)]
        yield Section(title, reading.name, state, said, one.good_at, tuple(found))


def _open(found: Sequence[OpenFinding]) -> Iterator[Rule]:
    for each in found:
        yield Rule(each.finding.words, Status.DEGRADED, "", each.finding.fix or LOOK)


def rank(rule: Rule) -> int:
    """Worst first; a note about something that is right comes last."""
    return (*BAD, Status.UNKNOWN, Status.MAINTENANCE, Status.UP).index(rule.status)
