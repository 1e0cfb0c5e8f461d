"""Whether the project's domains point to Vercel, and how long their certificates hold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cleaning import slug
from integrations._parts import attempt, blind, fixes, missing, troubles, worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, moment, number, table, text
from model import Figure, Finding, Part, Result, Snapshot, Status
from words import count

MOST = 60  # domains that are asked about one by one
PAGES = 5  # pages of 100 of each list
SOON = 14  # days: Vercel renews thirty days before the end, so a certificate this old was not renewed
NAME = set("abcdefghijklmnopqrstuvwxyz0123456789-.")


async def read(to: Reach, project: str, team: Mapping[str, str]) -> Snapshot:
    """Vercel: GET /v9/projects/{p}/domains, GET /v6/domains/{d}/config, GET /v8/certs."""
    listed, more = await _paged(to, f"/v9/projects/{project}/domains", "domains", team)
    known = [row for row in listed if _plain(row.get("name"))]
    rows = known[:MOST]
    asked = await asyncio.gather(*(attempt(_config(to, row["name"], team)) for row in rows))
    certificates = await attempt(_certificates(to, team))
    parts = [_part(row, found) for row, found in zip(rows, asked, strict=True)]
    figures: tuple[Figure, ...] = (Figure("domains", len(known)),)
    if isinstance(certificates, Unmeasured):
        parts.append(blind("certificates", certificates))
    elif (part := _held(certificates[0], {row["name"] for row in known}, to.tools.clock())) is not None:
        parts.append(part[0])
        figures = (*figures, Figure("certificate_days", part[1]))
    left = len(known) - len(rows)
    if left or more:
        said = f"{'at least ' if more else ''}{count(left or 1, 'domain')} not looked at"
        parts.append(Part("more-domains", Status.UNKNOWN, None, said))
    if not isinstance(certificates, Unmeasured) and certificates[1]:
        said = f"only the first {count(len(certificates[0]), 'certificate')} were looked at"
        parts.append(Part("more-certificates", Status.UNKNOWN, None, said))
    wrong = [part for part in parts if part.status is Status.DOWN]
    findings = tuple(
        Finding(f"vercel-domain-{part.name}", f"{part.name}: {part.words}", _fix(part), part.name) for part in wrong
    )
    status = worst(part.status for part in parts) if parts else Status.UP
    words = troubles(parts) or ("" if rows else "the project has no domain")
    result = Result(status, words, parts=tuple(parts), findings=findings)
    unread = missing(
        *((found, (slug(row["name"]),)) for row, found in zip(rows, asked, strict=True)),
        (certificates, ("certificates", "certificate_days")),
    )
    return Snapshot(result, fixes(*asked, certificates), figures=figures, unread=unread)


def _plain(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) < 254 and set(name) <= NAME


async def _config(to: Reach, domain: str, team: Mapping[str, str]) -> dict[str, Any]:
    return table((await to.get(f"/v6/domains/{domain}/config", team)).body)


def _part(row: dict[str, Any], found: dict[str, Any] | Unmeasured) -> Part:
    name = slug(row["name"])
    if isinstance(found, Unmeasured):
        return blind(name, found)
    wrong = found.get("misconfigured")
    if wrong is True:
        return Part(name, Status.DOWN, None, "its DNS does not point to Vercel")
    if row.get("verified") is False:
        return Part(name, Status.DEGRADED, None, "its ownership is not verified")
    if wrong is not False:
        return Part(name, Status.UNKNOWN, None, "Vercel does not say whether it is set up")
    by = text(found.get("configuredBy"), 20)
    return Part(name, Status.UP, None, f"points to Vercel by {by}" if by else "")


def _fix(part: Part) -> str:
    return f"set the DNS records that Vercel shows for {part.name} (project settings, Domains)"


async def _certificates(to: Reach, team: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """Where the list is not offered there is none; its end is seen at the handshake as well."""
    try:
        return await _paged(to, "/v8/certs", "certs", team)
    except Unmeasured as reason:
        if reason.status in (400, 404, 405):
            return [], False
        raise


async def _paged(to: Reach, path: str, name: str, team: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """(rows, whether there are more than were read)."""
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 100, **team}
    for _ in range(PAGES):
        body = table((await to.get(path, query)).body)
        if not isinstance(body.get(name), list):
            raise Unmeasured(f"Vercel's list of {name} has another shape", "check [vercel] base")
        rows += items(body[name])
        until = number(table(body.get("pagination")).get("next"))
        if until is None or not body[name]:
            return rows, False
        query["until"] = int(until)
    return rows, True


def _held(rows: list[dict[str, Any]], domains: set[str], now: datetime) -> tuple[Part, float] | None:
    """The certificate of the domains that ends first, with its days; None when Vercel names none of them."""
    ends = []
    for row in rows:
        names = row.get("cns")
        at = moment(row.get("expiresAt"))
        covered = [name for name in names if name in domains] if isinstance(names, list) else []
        if at is not None and covered:
            ends.append(((at - now).total_seconds() / 86400, covered[0]))
    newest: dict[str, float] = {}
    for days, name in ends:
        newest[name] = max(days, newest.get(name, days))
    if not newest:
        return None
    name, days = min(newest.items(), key=lambda pair: pair[1])
    state = Status.DOWN if days <= 0 else Status.DEGRADED if days < SOON else Status.UP
    return Part("certificates", state, None, f"{text(name, 100)}: {days:.0f} days left"), days
