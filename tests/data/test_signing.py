"""On both databases: who clicks twice, who signs at once, and who judges meanwhile leave one row for each decision."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import gate
import settings
import verdicts
from data import audit, deployments, runs, series, standings, store
from model import Deployment, Standing, Status
from settings import Settings
from tests.test_gate import KEY, SHA, TOML

NOW = datetime.now(UTC)
LIST = TOML.partition('[[checklist.item]]\nkey = "no-new"')[0] + '[[checklist.item]]\nkey = "login"\ntitle = "Login"\n'
THREADS = 50


@pytest.fixture
def known(tmp_path: Path) -> Settings:
    file = tmp_path / "wardround.toml"
    file.write_text(LIST.format(folder=tmp_path, key=KEY), encoding="utf-8")
    return settings.load(file, {})


@pytest.fixture
def ready(db: Engine) -> Engine:
    with store.writing(db) as c:
        ids = series.ensure(c, ["web"], NOW - timedelta(days=1))
        standings.keep(c, ids, [Standing("web", Status.UP, NOW - timedelta(hours=2), NOW)])
        deployments.put(c, [Deployment("d", "web", "production", "ready", NOW - timedelta(minutes=2), NOW, SHA)])
    return db


def together(works: Sequence[Callable[[], None]]) -> Counter[str]:
    """All at the same moment; what refused them, counted."""
    told: Counter[str] = Counter()
    start = threading.Barrier(len(works))

    def one(work: Callable[[], None]) -> None:
        start.wait(60)
        try:
            work()
        except gate.Refused as reason:
            told[reason.words] += 1
        except store.Busy:
            told["busy"] += 1

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def sign(known: Settings, engine: Engine, name: str, settle: bool = False) -> None:
    checklist = gate.of(known, "release")
    assert checklist
    with store.writing(engine) as c:
        gate.sign(c, known, checklist, SHA, checklist.items[-1], "signed", name, NOW)
        if settle:
            verdicts.settle(c, known, NOW)


def written(engine: Engine) -> Counter[str]:
    with store.reading(engine) as c:
        assert audit.verify(c, KEY.encode()) is None
        acts = [entry.act for key in ("login", "verdict") for entry in audit.of(c, gate.subject("release", SHA, key))]
    return Counter(act.action for act in acts)


def test_fifty_clicks_of_one_person_are_one_row(known: Settings, ready: Engine) -> None:
    told = together([lambda: sign(known, ready, "Ada")] * THREADS)

    assert written(ready) == {"signed": 1}
    assert told["you have signed this already"] + told["busy"] == THREADS - 1


def test_people_sign_while_others_judge_and_nothing_is_written_twice(known: Settings, ready: Engine) -> None:
    def judge() -> None:
        with store.writing(ready) as c:
            verdicts.settle(c, known, NOW)

    people = [lambda n=n: sign(known, ready, f"P{n}", True) for n in range(THREADS // 2)]
    told = together([*people, *[judge] * (THREADS // 2)])

    assert written(ready)["verdict"] == 1
    assert THREADS // 2 - told["busy"] <= written(ready)["signed"] <= THREADS // 2
    with store.reading(ready) as c:
        run = runs.read(c, "release", SHA)
    assert run is not None
    assert run.verdict.state == "go"
    assert len(run.verdict.rulings[-1].signatures) == written(ready)["signed"]
