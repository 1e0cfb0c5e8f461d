"""The runs of checklists, one for each release: as they were judged last, whatever the world does afterwards."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from data.moments import micros, moment
from data.tables import RUNS
from data.text import kept
from data.upsert import upsert
from model import Item, Ruling, Run, Signature, Verdict

_HEAD = [column for column in RUNS.columns if column.name != "body"]


def put(c: Connection, verdict: Verdict) -> None:
    """Writes the verdict over an older one of the same list and release; when that was first judged stays."""
    row = {
        "checklist": verdict.checklist, "release": verdict.release, "at": micros(verdict.at), "state": verdict.state,
        "words": kept(verdict.words, 1000), "waivers": verdict.waivers,
        "body": json.dumps([_plain(each) for each in verdict.rulings], ensure_ascii=False, default=datetime.isoformat),
    }  # fmt: skip
    c.execute(upsert(c, RUNS, ("checklist", "release"), ("begun",)), row | {"begun": row["at"]})


def _plain(ruling: Ruling) -> dict[str, Any]:
    return asdict(ruling) | {"words": kept(ruling.words, 500)}


def read(c: Connection, checklist: str, release: str) -> Run | None:
    """The run of one list about one release; None when there was none."""
    row = c.execute(select(RUNS).where(RUNS.c.checklist == checklist, RUNS.c.release == release)).mappings().first()
    return _run(dict(row)) if row else None


def state(c: Connection, checklist: str, release: str) -> str:
    """What a run came to last; empty when there was none."""
    query = select(RUNS.c.state).where(RUNS.c.checklist == checklist, RUNS.c.release == release)
    return str(c.execute(query).scalar() or "")


def newest(c: Connection, checklist: str, limit: int = 50) -> tuple[Run, ...]:
    """The runs of one list without their items, newest first."""
    t = RUNS.c
    rows = c.execute(select(*_HEAD).where(t.checklist == checklist).order_by(t.at.desc()).limit(limit)).mappings()
    return tuple(_run({**row, "body": "[]"}) for row in rows)


def about(c: Connection, release: str) -> tuple[Run, ...]:
    """The runs of all lists about one release without their items, by list."""
    rows = c.execute(select(*_HEAD).where(RUNS.c.release == release).order_by(RUNS.c.checklist)).mappings()
    return tuple(_run({**row, "body": "[]"}) for row in rows)


def releases(c: Connection, limit: int = 200) -> tuple[str, ...]:
    """The releases that any list was judged for, newest first."""
    newest = func.max(RUNS.c.at)
    rows = c.execute(select(RUNS.c.release).group_by(RUNS.c.release).order_by(newest.desc()).limit(limit))
    return tuple(rows.scalars())


def _run(row: dict[str, Any]) -> Run:
    rulings = tuple(_ruling(each) for each in json.loads(row["body"]))
    verdict = Verdict(
        row["checklist"], row["release"], row["state"], row["words"], moment(row["at"]), rulings, row["waivers"]
    )
    return Run(moment(row["begun"]), verdict)


def _ruling(value: dict[str, Any]) -> Ruling:
    item = Item(**value["item"] | {"series": tuple(value["item"]["series"])})
    signatures = tuple(
        Signature(**each | {"at": _at(each["at"]), "until": _at(each["until"])}) for each in value["signatures"]
    )
    return Ruling(**value | {
        "item": item, "at": _at(value["at"]), "until": _at(value["until"]), "signatures": signatures,
    })  # fmt: skip


def _at(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text else None
