"""Which release a run is about, which runs are open, and which releases somebody asked about before their time."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

from data import deployments, watch
from data.store import Connection
from gate._world import LOOK_BACK
from model import Checklist, Deployment

SHAPE = re.compile(r"[A-Za-z0-9._-]{1,64}")  # of a release: a commit, a tag, an id
ASKED = "asked"  # the note of releases that no deployment has yet, and when each was asked about
REMEMBERED, AGAIN, MOST = timedelta(days=1), timedelta(minutes=10), 20
AFTER = timedelta(hours=1)  # for so long after its deployment a release is watched


def _production(c: Connection, now: datetime) -> list[Deployment]:
    """Newest first."""
    recent = deployments.between(c, now - LOOK_BACK, now)
    return [each for each in recent if each.target == "production"]


def release(c: Connection, now: datetime) -> str:
    """The commit that a run is about when none is named: the newest production deployment's, serving or not."""
    return next((each.commit or each.id for each in _production(c, now)), "")


def about(c: Connection, checklist: Checklist, wanted: str, now: datetime) -> str:
    """What a run of this list is about: the release that is named, else the newest; nothing, where one run goes on."""
    return (wanted or release(c, now)) if checklist.per_release else ""


def current(c: Connection, now: datetime) -> tuple[str, ...]:
    """The releases whose runs are open: the newest, and those that were asked about and are not deployed yet."""
    made = _production(c, now)
    newest = made[0].commit or made[0].id if made else ""
    deployed = {name for each in made for name in (each.commit, each.id)}
    return newest, *(each for each in asked(c, now) if each not in deployed)


def watched(c: Connection, now: datetime) -> tuple[str, ...]:
    """Those that are judged by themselves: before their deployment, and until an hour after it."""
    made = _production(c, now)
    newest = made[0].ready if made else None  # who deploys again begins a new hour
    over = newest is not None and now - newest >= AFTER
    return current(c, now)[over:]


def asked(c: Connection, now: datetime) -> dict[str, datetime]:
    """The releases that somebody asked about within a day, the newest first, and when last."""
    said = {name: datetime.fromisoformat(at) for name, at in json.loads(watch.noted(c).get(ASKED, "{}")).items()}
    fresh = {name: at for name, at in said.items() if now - at < REMEMBERED}
    return dict(sorted(fresh.items(), key=lambda pair: pair[1], reverse=True))


def news(c: Connection, wanted: str, now: datetime) -> bool:
    """Whether that somebody asks about this release should be noted: it is not deployed, and was not just noted."""
    if not SHAPE.fullmatch(wanted) or any(wanted in (each.commit, each.id) for each in _production(c, now)):
        return False
    at = asked(c, now).get(wanted)
    return at is None or now - at >= AGAIN


def ask(c: Connection, wanted: str, now: datetime) -> None:
    """Notes a release that somebody asks about, so that people can sign for it before it is deployed."""
    if news(c, wanted, now):
        kept = {wanted: now, **{name: at for name, at in asked(c, now).items() if name != wanted}}
        some = list(kept.items())[:MOST]
        watch.note(c, ASKED, json.dumps({name: at.isoformat() for name, at in some}))
