"""What people sign, waive, withdraw and comment: written into the trail, read back from it, never kept twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from data import audit, runs
from data.store import Connection
from gate._releases import ask, current
from model import Act, Checklist, Entry, Item, Signature
from settings import Settings

KINDS = ("signed", "waived", "withdrawn", "commented")


class Refused(Exception):
    """What a person wanted to sign cannot be; ``words`` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


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
    person: str = "",
    until: datetime | None = None,
    asked_by: str = "",
    seen: int | None = None,
) -> Entry:
    """Writes a signature, a waiver or a withdrawal into the trail. Raises Refused.

    ``person`` is who signed in, as issuer and subject; without it ``name`` was typed, and may be anybody's.
    ``seen`` is how many signatures the signer had in front of him: when there are more by now, he looks again first.
    The same person cannot sign twice while the first signature counts: a double click leaves one row.
    """
    key = known.server.audit_key
    if key is None:
        raise Refused("nobody can sign: [server] audit_key is not set")
    sealing = key.reveal().encode()
    if not name.strip():
        raise Refused("a name is needed")
    if link and not re.fullmatch(r"https?://[^\s/]+\S*", link.strip()):
        raise Refused("the link to the evidence begins with https:// or http://")
    audit.alone(c)
    if checklist.per_release and wanted not in current(c, now) and runs.state(c, checklist.key, wanted):
        raise Refused("another release has come since, and this run is over")
    naming = known.server.naming_key
    actor = audit.identity(person, naming) if person else audit.pseudonym(name, naming)
    asker = audit.pseudonym(asked_by, naming) if asked_by.strip() else ""
    if asker and asked_by.strip().casefold() == name.strip().casefold():
        asker = actor  # who signed in may have typed his own name
    before = signatures(c, checklist.key, wanted, item.key)
    if seen is not None and len(before) > seen:
        raise Refused("somebody else has signed meanwhile: look again")
    _allowed(kind, item, before, actor, note, asker, until, now)
    audit.know(c, actor, name.strip(), now)
    if asker:
        audit.know(c, asker, asked_by.strip(), now)
    detail = {
        "note": note,
        "link": link.strip(),
        "verified": "yes" if person else "",
        "asked_by": asker,
        "until": until.isoformat() if until else "",
    }
    if checklist.per_release:
        ask(c, wanted, now)
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
