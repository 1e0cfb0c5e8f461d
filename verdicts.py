"""Judges every checklist until an hour after the deployment: a GO that no longer holds is revoked, and told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import gate
from data import audit, changes, deployments, notifications, revision, runs, store, watch
from data.store import Connection, Engine
from model import Act, Change, Notice, Run, Verdict
from rules import messages
from settings import Settings

AFTER = timedelta(hours=1)
KEPT = timedelta(minutes=5)  # how old the evidence of a run that stands still may be when its hour is over
NOTE = "verdict "


def step(engine: Engine, known: Settings, now: datetime) -> None:
    """One look at all of them; what turned is written at once: the note, the trail, the change and the message."""
    if not known.checklists:
        return
    with store.reading(engine) as c:
        moved, turned = _look(c, known, now)
    if turned or moved:
        with store.writing(engine) as c:
            settle(c, known, now)


def settle(c: Connection, known: Settings, now: datetime) -> None:
    """Judges and writes in the transaction it is given: a signature and the GO that it makes are one decision.

    Whoever looks next, the page or the poller, finds a GO written down before anybody was shown it, and revokes it.
    """
    audit.alone(c)
    moved, turned = _look(c, known, now)
    for verdict in moved:
        runs.put(c, verdict)
    for verdict, before in turned:
        _write(c, known, verdict, before, now)
    if turned or moved:
        revision.bump(c)


def _look(c: Connection, known: Settings, now: datetime) -> tuple[list[Verdict], list[tuple[Verdict, str]]]:
    """The verdicts whose kept run is out of date, and those that are not what was noted, with what was."""
    release = gate.release(c, now)
    watched = _watched(c, release, now)
    verdicts = gate.judge_all(c, known, known.checklists, release, now) if watched else ()
    noted = watch.noted(c)
    moved = [each for each in verdicts if _moved(runs.read(c, each.checklist, each.release), each)]
    turned = [(each, _before(noted, each.checklist, release)) for each in verdicts]
    return moved, [(each, before) for each, before in turned if each.state != before]


def _moved(run: Run | None, verdict: Verdict) -> bool:
    """Whether what is kept of this run no longer shows how it stands, or is some minutes old."""
    return run is None or verdict.at - run.verdict.at >= KEPT or _picture(run.verdict) != _picture(verdict)


def _picture(verdict: Verdict) -> tuple[str, list[tuple[str, str, int]]]:
    return verdict.state, [(each.item.key, each.state, len(each.signatures)) for each in verdict.rulings]


def _watched(c: Connection, release: str, now: datetime) -> bool:
    """Before the deployment, and until an hour after it."""
    recent = deployments.between(c, now - timedelta(days=31), now)
    mine = (each for each in recent if each.target == "production" and release in (each.commit, each.id))
    ready = next((each.ready for each in mine), None)  # the newest: who deploys again begins a new hour
    return ready is None or now - ready < AFTER


def _before(noted: dict[str, str], key: str, release: str) -> str:
    said = json.loads(noted.get(f"{NOTE}{key}", "{}"))
    return str(said.get("state", "")) if said.get("release") == release else ""


def _write(c: Connection, known: Settings, verdict: Verdict, before: str, now: datetime) -> None:
    watch.note(c, f"{NOTE}{verdict.checklist}", json.dumps({"release": verdict.release, "state": verdict.state}))
    if not before and verdict.state != "go":
        return  # a run that has just begun is no news
    revoked = before == "go"
    name = next(each.name for each in known.checklists if each.key == verdict.checklist)
    words = f"{name}: {'GO revoked, ' if revoked else ''}{verdict.words}"[:200]
    changes.add(c, [Change(now, "checklist", words)])
    if known.server.audit_key is not None:
        subject = gate.subject(verdict.checklist, verdict.release, "verdict")
        act = Act(now, "watch", "watch", "revoked" if revoked else "verdict", subject, (("note", verdict.words[:400]),))
        audit.add(c, act, known.server.audit_key.reveal().encode())
    if revoked or verdict.state == "go":
        notice = _notice(verdict, name, revoked, now)
        notifications.owe(c, [(channel.key, notice) for channel in known.channels], now, now)


def _notice(verdict: Verdict, name: str, revoked: bool, now: datetime) -> Notice:
    head = f"{name}: GO revoked for {verdict.release[:12]}" if revoked else f"{name}: GO for {verdict.release[:12]}"
    key = f"checklist:{verdict.checklist}:{verdict.release}:{verdict.state}:{now.isoformat()}"
    return Notice(
        key, "watch", messages.inert(head, messages.TITLE), messages.body([messages.inert(verdict.words, 400)])
    )
