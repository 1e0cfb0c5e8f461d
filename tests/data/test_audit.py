"""The trail tells where it was tampered with, forgets names without breaking, and loses nothing under many writers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, text

from data import audit, copies, store, tables
from model import Act

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = b"a key of thirty-two bytes or more"
SIGNED = Act(
    NOON,
    "p1",
    "on-call",
    "signed",
    "release/3f2c/login-works",
    (("note", "tried it <b>"), ("link", "https://x.example")),
)


def fill(db: Engine, n: int = 20) -> None:
    with store.writing(db) as c:
        for k in range(n):
            audit.add(
                c, Act(NOON + timedelta(minutes=k), f"p{k % 3}", "on-call", "signed", f"run/{k}", (("n", str(k)),)), KEY
            )


def verified(db: Engine, key: bytes = KEY, anchors=()):
    with store.reading(db) as c:
        return audit.verify(c, key, anchors)


def sql(db: Engine, statement: str) -> None:
    with store.writing(db) as c:
        c.execute(text(statement))


def test_an_act_comes_back_as_it_was_and_the_trail_is_whole(db: Engine) -> None:
    with store.writing(db) as c:
        entry = audit.add(c, SIGNED, KEY)
    fill(db)
    with store.reading(db) as c:
        assert audit.of(c, SIGNED.subject) == (entry,)
        assert entry.act == SIGNED
        assert audit.count(c) == 21
        assert audit.head(c)[0] == 21
    assert verified(db) is None


@pytest.mark.parametrize(
    ("tamper", "seq"),
    [
        ("UPDATE audit SET role = 'admin' WHERE seq = 7", 7),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ('UPDATE audit SET detail = \'[["n", "9"]]\' WHERE seq = 20', 20),
        ("DELETE FROM audit WHERE seq = 11", 11),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("UPDATE audit SET seal = (SELECT seal FROM audit WHERE seq = 3) WHERE seq = 4", 4),
        ("UPDATE audit SET seq = 30 WHERE seq = 20", 20),
    ],
)
def test_tampering_is_located(tamper: str, seq: int, db: Engine) -> None:
    fill(db)
    sql(db, tamper)
    found = verified(db)
    assert found is not None
    assert found.seq == seq
    assert str(seq) in found.words


def test_an_act_that_is_put_in_between_is_located(db: Engine) -> None:
    fill(db, 5)
    with store.writing(db) as c:
        c.execute(
            insert(tables.AUDIT),
            {
                "seq": 6,
                "at": 0,
                "actor": "x",
                "role": "",
                "action": "signed",
                "subject": "s",
                "detail": "[]",
                "seal": "f" * 64,
            },
        )
    found = verified(db)
    assert found is not None
    assert found.seq == 6


def test_two_acts_that_change_places_are_located(db: Engine) -> None:
    fill(db)
    for statement in (
        "UPDATE audit SET seq = 99 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = 6",
        "UPDATE audit SET seq = 6 WHERE seq = 99",
    ):
        sql(db, statement)
    found = verified(db)
    assert found is not None
    assert found.seq == 5


def test_a_trail_that_was_cut_is_whole_unless_its_head_was_anchored(db: Engine) -> None:
    fill(db)
    with store.reading(db) as c:
        anchor = audit.head(c)
    sql(db, "DELETE FROM audit WHERE seq > 15")
    assert verified(db) is None
    found = verified(db, anchors=[anchor])
    assert found is not None
    assert (found.seq, "cut" in found.words) == (16, True)


def test_a_trail_that_was_swapped_whole_is_seen_by_its_anchor(db: Engine) -> None:
    fill(db)
    with store.reading(db) as c:
        anchor = audit.head(c)
    sql(db, "DELETE FROM audit")
    with store.writing(db) as c:
        for k in range(25):
            audit.add(c, Act(NOON, "p9", "admin", "signed", f"other/{k}"), KEY)
    assert verified(db) is None
    found = verified(db, anchors=[anchor])
    assert found is not None
    assert "swapped" in found.words


def test_another_key_fits_nothing(db: Engine) -> None:
    fill(db, 3)
    assert verified(db, b"another key") is not None
    with store.writing(db) as c, pytest.raises(ValueError, match="key"):
        audit.add(c, SIGNED, b"")


def test_a_name_is_erased_and_the_trail_stays_whole(db: Engine) -> None:
    who = audit.pseudonym("Ada Example", KEY)
    assert who == audit.pseudonym(" ada example ", KEY) != audit.pseudonym("Ada Example", b"x")
    with store.writing(db) as c:
        audit.know(c, who, "Ada Example", NOON)
        audit.add(c, Act(NOON, who, "on-call", "signed", "run/1"), KEY)
    with store.reading(db) as c:
        assert audit.names(c) == {who: "Ada Example"}
    with store.writing(db) as c:
        assert audit.erase(c, who)
        assert not audit.erase(c, who)
    with store.reading(db) as c:
        assert audit.names(c) == {}
        assert audit.of(c, "run/1")[0].act.actor == who
    assert verified(db) is None


def test_fifty_at_once_lose_nothing_and_double_nothing(db: Engine) -> None:
    def write(k: int) -> None:
        with store.writing(db) as c:
            audit.add(c, Act(NOON, f"p{k}", "on-call", "signed", f"run/{k}"), KEY)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading(db) as c:
        assert audit.count(c) == 50
    assert verified(db) is None


def test_a_backup_carries_the_trail_whole(db: Engine, url: str, tmp_path) -> None:
    fill(db)
    copies.backup(url, tmp_path / "copy")
    there = f"sqlite:///{tmp_path / 'restored.db'}"
    copies.restore(tmp_path / "copy", there)
    engine = store.open(there)
    assert verified(engine) is None
    with store.reading(engine) as c, store.reading(db) as mine:
        assert audit.head(c) == audit.head(mine)
    engine.dispose()
