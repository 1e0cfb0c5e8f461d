"""Judges every checklist until an hour after the deployment: a GO that no longer holds is revoked, and told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import gate
from data import audit, changes, notifications, revision, runs, store, watch
from data.store import Connection, Engine
from model import Act, Change, Notice, Run, Verdict
from rules import messages
from settings import Settings

AN_HOUR = timedelta(hours=1)
KEPT = timedelta(minutes=5)  # how old the evidence of a run that stands still may be when its hour is over
NOTE, TOLD = "verdict ", "told "
OFTEN = 2  # times an hour that a GO of the same release is told; and so often that it is revoked
QUIET = "It turns often. For an hour no further GO of it is told; the page Checklist says how it stands."


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
    """The verdicts whose kept run is out of date, and those that are not what they were, with what that was."""
    lists = [each for each in known.checklists if each.per_release]
    running = [each for each in known.checklists if not each.per_release]
    verdicts = [each for release in gate.watched(c, now) for each in gate.judge_all(c, known, lists, release, now)]
    verdicts += gate.judge_all(c, known, running, "", now) if running else ()
    found = [(each, runs.read(c, each.checklist, each.release)) for each in verdicts]
    moved = [each for each, run in found if _moved(run, each)]
    turned = [(each, run.verdict.state if run else "") for each, run in found]
    return moved, [(each, before) for each, before in turned if each.state != before]


def _moved(run: Run | None, verdict: Verdict) -> bool:
    """Whether what is kept of this run no longer shows how it stands, or is some minutes old."""
    return run is None or verdict.at - run.verdict.at >= KEPT or _picture(run.verdict) != _picture(verdict)


def _picture(verdict: Verdict) -> tuple[str, list[tuple[str, str, int]]]:
    return verdict.state, [(each.item.key, each.state, len(each.signatures)) for each in verdict.rulings]


def _write(c: Connection, known: Settings, verdict: Verdict, before: str, now: datetime) -> None:
    if verdict.release in ("", gate.release(c, now)):
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
        _tell(c, known, verdict, name, revoked, now)


def _tell(c: Connection, known: Settings, verdict: Verdict, name: str, revoked: bool, now: datetime) -> None:
    """A verdict that flutters tells of a few turns an hour; what was told last is never a GO that is gone."""
    told = _told(c, verdict.checklist, now)
    goes, last = told.get(verdict.release, ([], ""))
    if last == "revoked" if revoked else len(goes) >= OFTEN:
        return
    goes = goes if revoked else [*goes, now.isoformat()]
    told[verdict.release] = goes, "revoked" if revoked else "go"
    watch.note(c, f"{TOLD}{verdict.checklist}", json.dumps(told))
    notice = _notice(verdict, name, revoked, revoked and len(goes) >= OFTEN, now)
    notifications.owe(c, [(channel.key, notice) for channel in known.channels], now, now)


def _told(c: Connection, checklist: str, now: datetime) -> dict[str, tuple[list[str], str]]:
    """By release: the moments of the last hour at which a GO was told, and what was told last."""
    said = json.loads(watch.noted(c).get(f"{TOLD}{checklist}", "{}"))
    fresh = {release: ([at for at in goes if _lately(at, now)], last) for release, (goes, last) in said.items()}
    return {release: one for release, one in fresh.items() if one[0]}


def _lately(at: str, now: datetime) -> bool:
    return timedelta() <= now - datetime.fromisoformat(at) < AN_HOUR


def _notice(verdict: Verdict, name: str, revoked: bool, quiet: bool, now: datetime) -> Notice:
    head = f"{name}: GO{' revoked' if revoked else ''}{f' for {verdict.release[:12]}' if verdict.release else ''}"
    key = f"checklist:{verdict.checklist}:{verdict.release}:{verdict.state}:{now.isoformat()}"
    lines = [messages.inert(verdict.words, 400), *([QUIET] if quiet else [])]
    return Notice(key, "watch", messages.inert(head, messages.TITLE), messages.body(lines))
