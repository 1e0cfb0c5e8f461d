"""The trail tells where it was tampered with, forgets names without breaking, and loses nothing under many writers."""

from __future__ import annotations

import hashlib
import hmac
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, text

from data import audit, copies, store, tables, watch
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


TRIGGERS = {
    "sqlite": ["DROP TRIGGER IF EXISTS audit_" + name for name in ("update", "delete", "insert")],
    "postgresql": ["DROP TRIGGER IF EXISTS audit_rows ON audit", "DROP TRIGGER IF EXISTS audit_whole ON audit"],
}


def unguarded(db: Engine) -> None:
    """Somebody who owns the database takes the triggers away: from then on only the seals tell."""
    with store.writing(db) as c:
        for statement in TRIGGERS[db.dialect.name]:
            c.execute(text(statement))


def sql(db: Engine, statement: str) -> None:
    unguarded(db)
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
        ("UPDATE audit SET seq = 0 WHERE seq = 20", 0),
        ("UPDATE audit SET seq = -9223372036854775807 WHERE seq = 20", -9223372036854775807),
        ("UPDATE audit SET seal = 'ü' WHERE seq = 2", 2),
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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET role = 'admin' WHERE seq = 7",
        "UPDATE audit SET seal = seal",
        "DELETE FROM audit WHERE seq = 20",
        "DELETE FROM audit",
    ],
)
def test_no_row_is_changed_or_deleted_by_mistake(statement: str, db: Engine) -> None:
    fill(db)
    with pytest.raises(store.Broken, match="append only"), store.writing(db) as c:
        c.execute(text(statement))
    with store.writing(db) as c, audit.opened(c), pytest.raises(store.Broken, match="append only"), c.begin_nested():
        c.execute(text("UPDATE audit SET role = 'admin'"))
    assert numbers(db) == list(range(1, 21))
    assert verified(db) is None


def test_no_row_is_put_over_another_nor_all_of_them_cut_at_once(db: Engine) -> None:
    fill(db, 2)
    whole = "REPLACE INTO audit SELECT * FROM audit" if db.dialect.name == "sqlite" else "TRUNCATE audit"
    with pytest.raises(store.Broken, match="append only"), store.writing(db) as c:
        c.execute(text(whole))
    with store.reading(db) as c:
        assert audit.OPEN not in watch.noted(c)


OLD, OLDER = b"the key of the year before, long", b"the key of two years before, long"


def rotated(db: Engine) -> None:
    """Five acts under each of three keys."""
    with store.writing(db) as c:
        for number, key in enumerate((OLDER, OLD, KEY)):
            for k in range(5):
                audit.add(c, Act(NOON + timedelta(days=number), f"p{k}", "", "signed", f"run/{k}"), key)


def test_the_chain_goes_on_across_a_change_of_the_key(db: Engine) -> None:
    rotated(db)
    with store.reading(db) as c:
        assert audit.verify(c, KEY, (), (OLD, OLDER)) is None
        for older, seq in (((), 1), ((OLD,), 1), ((OLDER,), 6)):
            found = audit.verify(c, KEY, (), older)
            assert found is not None
            assert found.seq == seq, "a key is missing"
    sql(db, "UPDATE audit SET role = 'admin' WHERE seq = 8")
    with store.reading(db) as c:
        found = audit.verify(c, KEY, (), (OLD, OLDER))
        assert found is not None
        assert found.seq == 8


def test_a_key_that_was_given_up_seals_nothing_new(db: Engine) -> None:
    rotated(db)
    with store.writing(db) as c:
        audit.add(c, Act(NOON, "thief", "", "signed", "run/1"), OLD)
    with store.reading(db) as c:
        found = audit.verify(c, KEY, (), (OLD, OLDER))
        assert found is not None
        assert found.seq == 16


def test_what_is_over_goes_across_a_change_of_the_key(db: Engine) -> None:
    rotated(db)
    with store.writing(db) as c:
        assert audit.prune(c, NOON + timedelta(days=1, hours=1), KEY, 8) == 0, "of another key it knows nothing"
        assert audit.prune(c, NOON + timedelta(days=1, hours=1), KEY, 8, (OLD, OLDER)) == 8
    with store.reading(db) as c:
        assert audit.verify(c, KEY, (), (OLD, OLDER)) is None
        assert audit.verify(c, KEY) is not None


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


# --- what goes in its time -------------------------------------------------------------------------------------------

LATER = datetime(2027, 2, 1, tzinfo=UTC)  # in these tests: what is from before February goes
BROKEN_BASES = ["", "5", "x y z w", "9 " + "0" * 64 + " 2027-01 " + "f" * 64, "1 2 3 4 5", "٣ a b c", "-1 a b c"]


def months(db: Engine, each: int = 4) -> None:
    """``each`` acts in November, December, January, February and March, each month by a person of its own."""
    with store.writing(db) as c:
        for number, (year, month) in enumerate([(2026, 11), (2026, 12), (2027, 1), (2027, 2), (2027, 3)]):
            audit.know(c, f"p{number}", f"Person {number}", NOON)
            for k in range(each):
                at = datetime(year, month, 28, 23, 59, 59, k, tzinfo=UTC)
                audit.add(c, Act(at, f"p{number}", "on-call", "signed", f"run/{k}"), KEY)


def pruned(db: Engine, before: datetime = LATER, key: bytes = KEY, limit: int = 5) -> int:
    """Everything that may go, in batches, each in a transaction of its own; the rest is whole after every one."""
    total = 0
    while True:
        with store.writing(db) as c:
            gone = audit.prune(c, before, key, limit)
        assert gone <= limit
        if not gone:
            return total
        assert verified(db) is None
        total += gone


def numbers(db: Engine) -> list[int]:
    with store.reading(db) as c:
        return [row.seq for row in c.execute(text("SELECT seq FROM audit ORDER BY seq"))]


def based(db: Engine, value: str | None) -> None:
    with store.writing(db) as c:
        watch.note(c, audit.BASE, value)


def base_note(db: Engine) -> str:
    with store.reading(db) as c:
        return watch.noted(c)[audit.BASE]


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 12, 100])
def test_what_is_over_goes_and_the_rest_is_whole(limit: int, db: Engine) -> None:
    months(db)
    with store.reading(db) as c:
        seals = {row.seq: row.seal for row in c.execute(text("SELECT seq, seal FROM audit"))}
        assert audit.base(c) is None
    assert pruned(db, limit=limit) == 12
    assert numbers(db) == list(range(13, 21))
    with store.reading(db) as c:
        assert audit.base(c) == (12, seals[12], "2027-01")
        assert audit.head(c) == (20, seals[20])
    assert verified(db, anchors=[(12, seals[12]), (13, seals[13]), (20, seals[20])]) is None
    assert pruned(db) == 0
    fill(db, 3)
    assert numbers(db)[-1] == 23
    assert verified(db) is None


def test_numbers_go_on_after_everything_was_deleted(db: Engine) -> None:
    months(db)
    with store.reading(db) as c:
        head = audit.head(c)
    assert pruned(db, datetime(2040, 1, 1, tzinfo=UTC)) == 20
    assert numbers(db) == []
    assert verified(db, anchors=[head]) is None
    with store.writing(db) as c:
        assert audit.head(c) == head
        assert audit.add(c, SIGNED, KEY).seq == 21
    assert verified(db, anchors=[head]) is None
    sql(db, "DELETE FROM audit")
    found = verified(db, anchors=[(21, "f" * 64)])
    assert found is not None
    assert (found.seq, "cut" in found.words) == (21, True)


@pytest.mark.parametrize("value", BROKEN_BASES)
def test_a_forged_base_is_said_and_nothing_more_goes(value: str, db: Engine) -> None:
    months(db)
    pruned(db, datetime(2027, 1, 1, tzinfo=UTC))
    based(db, value)
    found = verified(db)
    assert found is not None
    assert "base" in found.words
    assert "forged" in found.words
    before = numbers(db)
    with store.writing(db) as c:
        assert audit.prune(c, LATER, KEY) == 0
    assert numbers(db) == before


def test_a_prune_does_not_make_a_forged_base_genuine(db: Engine) -> None:
    """Cut off by hand where the chain goes on, with a base that fits but for its seal."""
    months(db)
    with store.reading(db) as c:
        seal = next(iter(c.execute(text("SELECT seal FROM audit WHERE seq = 4")))).seal
    sql(db, "DELETE FROM audit WHERE seq <= 4")
    based(db, f"4 {seal} 2026-11 " + "0" * 64)
    with store.writing(db) as c:
        assert audit.prune(c, LATER, KEY) == 0
    found = verified(db)
    assert found is not None
    assert "forged" in found.words


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_no_part_of_a_base_can_be_changed(part: int, db: Engine) -> None:
    months(db)
    pruned(db)
    parts = base_note(db).split(" ")
    parts[part] = {0: "13", 1: "0" * 64, 2: "2027-02", 3: "0" * 64}[part]
    based(db, " ".join(parts))
    sql(db, "DELETE FROM audit WHERE seq = 13")
    found = verified(db)
    assert found is not None
    assert "forged" in found.words


def test_the_seal_of_an_act_or_a_pseudonym_is_none_of_a_base(db: Engine) -> None:
    """Who may choose a name, or reads the seals, has no base with that."""
    months(db)
    with store.reading(db) as c:
        seal = next(iter(c.execute(text("SELECT seal FROM audit WHERE seq = 12")))).seal
    sql(db, "DELETE FROM audit WHERE seq <= 12")
    said = f"12 {seal} 2027-01"
    as_person = hmac.new(KEY, f"person:{said}".encode(), hashlib.sha256).hexdigest()
    for sealed in (seal, audit.pseudonym(said, KEY), audit.pseudonym(f"base:{said}", KEY), as_person):
        based(db, f"{said} {sealed}")
        found = verified(db)
        assert found is not None
        assert "forged" in found.words


def test_a_beginning_that_is_cut_off_by_hand_is_located(db: Engine) -> None:
    months(db)
    sql(db, "DELETE FROM audit WHERE seq <= 3")
    found = verified(db)
    assert found is not None
    assert (found.seq, "no base" in found.words) == (1, True)
    with store.writing(db) as c:
        assert audit.prune(c, LATER, KEY) == 0
    assert len(numbers(db)) == 17


def test_a_beginning_that_is_cut_off_after_a_base_is_located(db: Engine) -> None:
    months(db)
    pruned(db)
    sql(db, "DELETE FROM audit WHERE seq <= 14")
    found = verified(db)
    assert found is not None
    assert (found.seq, "missing" in found.words) == (13, True)


def test_a_base_that_is_missing_or_older_is_located(db: Engine) -> None:
    months(db)
    pruned(db, datetime(2027, 1, 1, tzinfo=UTC))
    older = base_note(db)
    pruned(db)
    based(db, older)
    found = verified(db)
    assert found is not None
    assert found.seq == 9
    based(db, None)
    found = verified(db)
    assert found is not None
    assert (found.seq, "no base" in found.words) == (1, True)


def test_an_act_that_is_put_before_the_base_is_located(db: Engine) -> None:
    months(db)
    pruned(db)
    sql(db, "UPDATE audit SET seq = 5 WHERE seq = 20")
    found = verified(db)
    assert found is not None
    assert (found.seq, "put in" in found.words) == (5, True)


def test_an_anchor_from_before_the_base_is_older_not_tampering(db: Engine) -> None:
    months(db)
    anchors = [(3, "f" * 64), (12, "f" * 64)]
    with store.reading(db) as c:
        assert audit.older(c, anchors) == ()
    found = verified(db, anchors=anchors)
    assert found is not None
    assert "swapped" in found.words
    pruned(db)
    assert verified(db, anchors=anchors[:1]) is None
    with store.reading(db) as c:
        assert audit.older(c, anchors) == (3,)
    found = verified(db, anchors=anchors)  # the base itself can be compared still
    assert found is not None
    assert (found.seq, "swapped" in found.words) == (12, True)


def test_of_two_anchors_of_one_number_neither_is_overlooked(db: Engine) -> None:
    fill(db, 3)
    with store.reading(db) as c:
        right = audit.head(c)
    for anchors in ([right, (3, "f" * 64)], [(3, "ü"), right]):
        assert verified(db, anchors=anchors) is not None


@pytest.mark.parametrize("seq", [1, 6, 12, 13])
def test_traces_of_tampering_are_not_tidied_away(seq: int, db: Engine) -> None:
    months(db)
    sql(db, f"UPDATE audit SET role = 'admin' WHERE seq = {seq}")
    with store.writing(db) as c:
        assert audit.prune(c, LATER, KEY) == 0
    assert len(numbers(db)) == 20
    found = verified(db)
    assert found is not None
    assert found.seq == seq


def test_whatever_is_tampered_with_after_a_prune_is_located(db: Engine) -> None:
    months(db)
    pruned(db)
    unguarded(db)
    draw = random.Random(7)
    for _ in range(12):
        seq, column = draw.randint(13, 20), draw.choice(["role", "actor", "action", "subject", "detail", "seal"])
        with store.writing(db) as c:
            held = c.execute(text(f"SELECT {column} FROM audit WHERE seq = {seq}")).scalar()
            c.execute(text(f"UPDATE audit SET {column} = 'x' WHERE seq = {seq}"))
        found = verified(db)
        assert found is not None
        assert found.seq == seq
        with store.writing(db) as c:
            c.execute(text(f"UPDATE audit SET {column} = :held WHERE seq = {seq}"), {"held": held})
        assert verified(db) is None


def test_another_key_deletes_nothing(db: Engine) -> None:
    months(db)
    with store.writing(db) as c:
        assert audit.prune(c, LATER, b"another key") == 0
    assert len(numbers(db)) == 20


def test_an_act_behind_one_that_is_kept_waits_for_it(db: Engine) -> None:
    """The clock stepped back: what was written after a newer act goes when that one goes."""
    with store.writing(db) as c:
        for month in (1, 3, 1, 4):
            audit.add(c, Act(datetime(2027, month, 5, tzinfo=UTC), "p", "r", "signed", "s"), KEY)
    assert pruned(db) == 1
    assert numbers(db) == [2, 3, 4]
    assert pruned(db, datetime(2027, 4, 1, tzinfo=UTC)) == 2


def test_a_name_goes_with_the_last_act_that_names_it(db: Engine) -> None:
    old, new = datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 3, 5, tzinfo=UTC)
    with store.writing(db) as c:
        for who in ("gone", "stays", "asked", "asker", "silent", "100%", "asked_"):
            audit.know(c, who, who.title(), NOON)
        for who in ("gone", "stays", "asked", "100%", "asked_"):
            audit.add(c, Act(old, who, "r", "signed", "s", (("asked_by", "asker"),)), KEY)
        audit.add(c, Act(new, "stays", "r", "waived", "s", (("asked_by", "asked"), ("note", "100 and more"))), KEY)
    pruned(db, limit=1)
    with store.reading(db) as c:
        assert set(audit.names(c)) == {"stays", "asked", "silent"}
    pruned(db, datetime(2027, 4, 1, tzinfo=UTC))
    with store.reading(db) as c:
        assert set(audit.names(c)) == {"silent"}


@pytest.mark.parametrize(
    ("now", "days", "kept"),
    [
        ("2033-12-31T23:59:59+00:00", 2557, "2026-01-01"),
        ("2034-01-01T00:00:00+00:00", 2557, "2027-01-01"),
        ("2034-01-01T01:00:00+02:00", 2557, "2026-01-01"),
        ("2034-07-15T12:00:00+00:00", 30, "2027-01-01"),
        ("2034-07-15T12:00:00+00:00", 3653, "2024-07-01"),
        ("2034-02-28T12:00:00+00:00", 36_525, "1934-02-01"),
    ],
)
def test_an_act_stays_for_seven_calendar_years_after_its_own(now: str, days: int, kept: str) -> None:
    assert audit.over(datetime.fromisoformat(now), days) == datetime.fromisoformat(kept).replace(tzinfo=UTC)


def test_no_act_goes_early_whatever_the_day() -> None:
    for day in range(4 * 366):
        now = datetime(2034, 1, 1, tzinfo=UTC) + timedelta(days=day)
        kept = audit.over(now, 2557)
        assert kept <= datetime(now.year - 7, 1, 1, tzinfo=UTC)
        assert kept >= datetime(now.year - 7, 1, 1, tzinfo=UTC) - timedelta(days=31)


def test_a_prune_that_fails_leaves_everything(db: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    months(db)

    def full(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "_forget", full)
    with pytest.raises(RuntimeError), store.writing(db) as c:
        audit.prune(c, LATER, KEY)
    assert len(numbers(db)) == 20
    assert verified(db) is None
    with store.reading(db) as c:
        assert audit.base(c) is None


def test_acts_that_are_written_while_others_go_are_whole(db: Engine) -> None:
    months(db)

    def write() -> None:
        for _ in range(10):
            with store.writing(db) as c:
                audit.add(c, Act(datetime(2027, 1, 1, tzinfo=UTC), "p", "r", "signed", "s"), KEY)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    gone = 0
    for _ in range(40):
        with store.writing(db) as c:
            gone += audit.prune(c, datetime(2040, 1, 1, tzinfo=UTC), KEY, 3)
        assert verified(db) is None
    for thread in threads:
        thread.join()
    gone += pruned(db, datetime(2040, 1, 1, tzinfo=UTC))
    with store.reading(db) as c:
        assert (gone, audit.head(c)[0], audit.count(c)) == (50, 50, 0)


def test_a_backup_carries_the_base(db: Engine, url: str, tmp_path) -> None:
    months(db)
    pruned(db)
    copies.backup(url, tmp_path / "copy")
    there = f"sqlite:///{tmp_path / 'restored.db'}"
    copies.restore(tmp_path / "copy", there)
    engine = store.open(there)
    assert verified(engine) is None
    with store.reading(engine) as c, store.reading(db) as mine:
        assert audit.base(c) == audit.base(mine)
        assert base_note(engine) == base_note(db)
    engine.dispose()
