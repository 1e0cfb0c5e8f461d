"""Audits recent events of the top issues for what must never be in them; the value itself is never kept or said."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from integrations._parts import attempt, fixes, missing, troubles, worst
from integrations._reach import Unmeasured
from integrations._sentry._scope import Scope
from integrations._sentry._walk import GRAVE, SECRETS, found_in
from integrations._sentry.issues import wanted
from integrations._shape import table, text
from model import Figure, Finding, Leak, Part, Result, Snapshot, Status
from words import count

PROJECTS = 20  # projects whose scrubbing settings are looked at
MOST = 200  # leaks that are kept
AT_ONCE = 3
IN_SDK = "in the SDK's beforeSend delete it before the event is sent; in Sentry delete the events that have it"
FIXES = {
    "email": "set sendDefaultPii to false and delete user.email in beforeSend",
    "ip": "switch on 'Prevent storing of IP addresses' in the project, and delete user.ip_address in beforeSend",
    "username": "send a number of your own as user.id and nothing else of the person",
    "header": "delete authorization and cookie from request.headers in beforeSend",
    "cookie": "delete request.cookies in beforeSend",
    "query": "cut the query off every URL in beforeSend and beforeBreadcrumb",
    "password": "delete passwords and tokens from request.data in beforeSend; change the ones that were sent",
    "jwt": f"{IN_SDK}; end the sessions they belong to",
    "key": f"roll the key at its maker at once; {IN_SDK}",
    "card": f"{IN_SDK}; card numbers must never reach your own code (Stripe Elements)",
    "connection": f"change the database's password; {IN_SDK}",
    "frame variable": "set includeLocalVariables to false in the SDK",
}
NAMES = {
    "email": "e-mail addresses",
    "ip": "IP addresses",
    "username": "names of people",
    "header": "headers that tell secrets",
    "cookie": "cookies",
    "query": "addresses with their query",
    "password": "passwords or tokens",
    "jwt": "session tokens",
    "key": "secret keys",
    "card": "card numbers",
    "connection": "connection strings of a database",
    "frame variable": "variables of the code",
}
SETTINGS = (  # field, kind, words, fix; each must be true
    ("dataScrubber", "sentry-scrubber-off", "does not scrub data", "switch on 'Data Scrubber'"),
    (
        "dataScrubberDefaults",
        "sentry-scrub-defaults-off",
        "does not scrub the usual fields",
        "switch on 'Use Default Scrubbers'",
    ),
    ("scrubIPAddresses", "sentry-stores-ip", "stores IP addresses", "switch on 'Prevent Storing of IP Addresses'"),
)
NO_FIELDS = "names no sensitive fields of its own, such as those of a patient"
SDK = "set dataCollection with every category off: from version 11 on all are sent by default"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One setting of one project."""

    kind: str
    words: str
    fix: str
    project: str


async def read(scope: Scope, options: Any) -> Snapshot:
    """Sentry: the newest event of the top issues (issues/{id}/events/latest/), and the settings of their projects."""
    rows = (await scope.rows("issues/", wanted(sort="freq", limit=options.sample, period="24h"), 1)).found
    ids = [text(row.get("id"), 40) for row in rows if text(row.get("id"), 40).isalnum()][: options.sample]
    room = asyncio.Semaphore(AT_ONCE)
    audited = await asyncio.gather(*(attempt(_audited(scope, uid, room)) for uid in ids))
    good = [each for each in audited if not isinstance(each, Unmeasured)]
    if ids and not good:
        raise next(each for each in audited if isinstance(each, Unmeasured))
    leaks = tuple(leak for each in good for leak in each)[:MOST]
    slugs = scope.projects or tuple(dict.fromkeys(text(table(row.get("project")).get("slug"), 60) for row in rows))
    named = [slug for slug in slugs if slug]
    settings = await asyncio.gather(*(attempt(_settings(scope, slug, room)) for slug in named[:PROJECTS]))
    wrong = [each for found in settings if not isinstance(found, Unmeasured) for each in found]
    parts = [_events(leaks, len(good)), _part(settings, wrong)]
    if left := len(named) - len(settings):
        parts.append(Part("more-projects", Status.UNKNOWN, None, f"{count(left, 'project')} not looked at"))
    findings = (*_findings(leaks), *_old(leaks), *_once(wrong))
    figures = (Figure("leaks", len(leaks)), Figure("events_audited", len(good)))
    result = Result(worst(part.status for part in parts), troubles(parts), parts=tuple(parts), findings=findings)
    shown = tuple(leak for leak in leaks if leak.kind != "sdk")
    unread = missing(*((each, ("events", "leaks")) for each in audited), *((each, ("scrubbing",)) for each in settings))
    return Snapshot(
        result, fixes(*audited, *settings), figures=figures, leaks=shown, unread=tuple(dict.fromkeys(unread))
    )


async def _audited(scope: Scope, uid: str, room: asyncio.Semaphore) -> tuple[Leak, ...]:
    async with room:
        answer = await scope.to.get(f"/api/0/organizations/{scope.org}/issues/{uid}/events/latest/", accept=(200, 404))
        if answer.status == 404:  # older servers, and GlitchTip
            answer = await scope.to.get(f"/api/0/issues/{uid}/events/latest/")
    event = table(answer.body)
    if not event:
        raise Unmeasured("Sentry's event has another shape", "check [sentry] base")
    return await asyncio.to_thread(found_in, event, uid)


def _events(leaks: tuple[Leak, ...], audited: int) -> Part:
    kinds = Counter(leak.kind for leak in leaks if leak.kind != "sdk")
    if not audited:
        return Part("events", Status.UNKNOWN, None, "there was no event to look at")
    if not kinds:
        return Part("events", Status.UP, None, f"nothing found in {count(audited, 'event')}")
    state = Status.DOWN if any(kind in GRAVE for kind in kinds) else Status.DEGRADED
    said = ", ".join(f"{kind} ({number})" for kind, number in kinds.most_common(5))
    return Part("events", state, None, f"{said} in {count(audited, 'event')}")


def _findings(leaks: tuple[Leak, ...]) -> list[Finding]:
    """One a kind: where it was seen, and how to mend it."""
    found = []
    for kind in dict.fromkeys(leak.kind for leak in leaks if leak.kind != "sdk"):
        places = list(dict.fromkeys(leak.path for leak in leaks if leak.kind == kind))
        more = f" and {len(places) - 3} more places" if len(places) > 3 else ""
        words = f"error events hold {NAMES.get(kind, kind)}: {', '.join(places[:3])}{more}"
        found.append(Finding(f"privacy-{kind.replace(' ', '-')}", words[:200], FIXES.get(kind, IN_SDK), "events"))
    return found


def _old(leaks: tuple[Leak, ...]) -> list[Finding]:
    sdks = sorted({leak.sdk for leak in leaks if leak.kind == "sdk"})
    return (
        [Finding("sentry-sdk-11", f"an SDK that sends everything by default: {', '.join(sdks)}"[:200], SDK, "events")]
        if sdks
        else []
    )


async def _settings(scope: Scope, project: str, room: asyncio.Semaphore) -> list[Wrong]:
    async with room:
        body = table((await scope.to.get(f"/api/0/projects/{scope.org}/{project}/")).body)
    if "dataScrubber" not in body:
        raise Unmeasured("Sentry's project has another shape", "check [sentry] base")
    found = [
        Wrong(kind, words, fix, project)
        for name, kind, words, fix in SETTINGS
        if name in body and body[name] is not True
    ]
    spared = [field for each in _texts(body.get("safeFields")) if SECRETS.search(field := text(each, 40))]
    if spared:
        said = f"spares {', '.join(spared[:5])} from scrubbing"
        found.append(Wrong("sentry-spares-fields", said, "take it out of 'Safe Fields'", project))
    told = "sensitiveFields" in body and "relayPiiConfig" in body  # older servers know no rules
    if told and not _texts(body["sensitiveFields"]) and not _rules(body["relayPiiConfig"]):
        found.append(Wrong("sentry-no-own-fields", NO_FIELDS, "name them in 'Additional Sensitive Fields'", project))
    return found


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _rules(value: object) -> bool:
    """Whether rules of one's own are applied somewhere. Sentry keeps them as JSON in a text."""
    if not isinstance(value, str):
        return False
    try:
        return bool(table(table(json.loads(value)).get("applications")))
    except (ValueError, RecursionError):
        return False


def _part(settings: list[list[Wrong] | Unmeasured], wrong: list[Wrong]) -> Part:
    if not settings or all(isinstance(each, Unmeasured) for each in settings):
        return Part("scrubbing", Status.UNKNOWN, None, "the projects' settings could not be read")
    grave = [each for each in wrong if each.kind != "sentry-no-own-fields"]  # that one is advice
    said = "; ".join(f"project {text(each.project, 60)} {each.words}" for each in grave)
    return Part("scrubbing", Status.DEGRADED if grave else Status.UP, None, said[:200])


def _once(wrong: list[Wrong]) -> tuple[Finding, ...]:
    """One of a kind, with all projects that it is about."""
    by: dict[str, list[Wrong]] = {}
    for each in wrong:
        by.setdefault(each.kind, []).append(each)
    found = []
    for kind, all_of in by.items():
        projects = [text(each.project, 60) for each in all_of]
        noun = "project" if len(projects) == 1 else "projects"
        more = f" and {len(projects) - 5} more" if len(projects) > 5 else ""
        said = dict.fromkeys(each.words for each in all_of)
        words = f"{noun} {', '.join(projects[:5])}{more}: {'; '.join(said)}"
        fix = f"{all_of[0].fix} in the settings, Security & Privacy"
        found.append(Finding(kind, words[:200], fix, "scrubbing"))
    return tuple(found)
