"""The outbox: owed once, claimed by one, sent or tried again, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from sqlalchemy import Engine

from data import notifications, store
from model import Notice, Notification

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def notice(n: int) -> Notice:
    return Notice(f"m{n}:down:{n}", "down", f"m{n} is down", "It refused.", f"m{n}")


def owe(db: Engine, channel: str, *numbers: int, due: datetime = NOON) -> int:
    with store.writing(db) as c:
        return notifications.owe(c, [(channel, notice(n)) for n in numbers], NOON, due)


def claim(db: Engine, now: datetime = NOON, holder: str = "a", channel: str = "mail") -> tuple[Notification, ...]:
    with store.writing(db) as c:
        return notifications.claim(c, channel, holder, now, 30.0)


def titles(claimed: tuple[Notification, ...]) -> list[str]:
    return [n.notice.title for n in claimed]


def test_the_same_notice_is_owed_to_a_channel_once(db: Engine) -> None:
    assert owe(db, "mail", 1, 2) == 2
    assert owe(db, "mail", 2, 3) == 1
    assert owe(db, "chat", 1) == 1
    with store.reading(db) as c:
        assert notifications.waiting(c) == (4, NOON)


def test_a_claim_takes_all_that_is_due_on_its_channel_and_nothing_else(db: Engine) -> None:
    owe(db, "mail", 1, 2)
    owe(db, "chat", 3)
    owe(db, "mail", 4, due=NOON + SECOND)
    claimed = claim(db)
    assert titles(claimed) == ["m1 is down", "m2 is down"]
    assert {n.attempts for n in claimed} == {1}
    assert claimed[0].batch == claimed[1].batch is not None
    assert claimed[0].notice == notice(1)


def test_what_is_leased_is_not_given_twice_until_the_lease_runs_out(db: Engine) -> None:
    owe(db, "mail", 1)
    first = claim(db)
    assert claim(db, NOON + 29 * SECOND, "b") == ()
    again = claim(db, NOON + 30 * SECOND, "b")
    assert [(n.id, n.batch, n.attempts) for n in again] == [(first[0].id, first[0].batch, 2)]


def test_a_batch_that_is_claimed_again_holds_the_same_messages_under_the_same_name(db: Engine) -> None:
    owe(db, "mail", 1, 2)
    first = claim(db)
    owe(db, "mail", 3)
    again = claim(db, NOON + 60 * SECOND)
    assert ([n.id for n in again], again[0].batch) == ([n.id for n in first], first[0].batch)
    new = claim(db, NOON + 60 * SECOND)
    assert titles(new) == ["m3 is down"]
    assert new[0].batch != first[0].batch


def test_what_is_sent_is_never_claimed_again(db: Engine) -> None:
    owe(db, "mail", 1)
    (claimed,) = claim(db)
    with store.writing(db) as c:
        notifications.sent(c, [claimed.id], NOON + SECOND)
        notifications.sent(c, [], NOON)
    assert claim(db, NOON + timedelta(days=9)) == ()
    with store.reading(db) as c:
        assert notifications.waiting(c) == (0, None)
        assert notifications.last_sent(c, "mail") == NOON + SECOND
        assert notifications.last_sent(c, "chat") is None
        assert notifications.recent(c, 5)[0].sent == NOON + SECOND


def test_what_failed_is_due_again_later_with_its_reason(db: Engine) -> None:
    owe(db, "mail", 1)
    (claimed,) = claim(db)
    with store.writing(db) as c:
        notifications.failed(c, [claimed.id], "refused " + "x" * 999, NOON + 60 * SECOND, dead=False)
    assert claim(db, NOON + 59 * SECOND) == ()
    (again,) = claim(db, NOON + 60 * SECOND)
    assert (again.attempts, again.batch, len(again.error)) == (2, claimed.batch, 200)


def test_what_is_given_up_is_dead_and_shown(db: Engine) -> None:
    owe(db, "mail", 1)
    (claimed,) = claim(db)
    with store.writing(db) as c:
        notifications.failed(c, [claimed.id], "gone", NOON, dead=True)
    assert claim(db, NOON + timedelta(days=9)) == ()
    with store.reading(db) as c:
        assert [(n.dead, n.error) for n in notifications.dead(c)] == [(True, "gone")]
        assert notifications.waiting(c) == (0, None)


def test_a_failure_that_is_told_late_does_not_undo_a_delivery(db: Engine) -> None:
    owe(db, "mail", 1)
    (claimed,) = claim(db)
    with store.writing(db) as c:
        notifications.sent(c, [claimed.id], NOON)
        notifications.failed(c, [claimed.id], "late", NOON, dead=True)
    with store.reading(db) as c:
        assert notifications.dead(c) == ()


def test_the_newest_messages_come_first(db: Engine) -> None:
    owe(db, "mail", 1, 2, 3)
    with store.reading(db) as c:
        assert titles(notifications.recent(c, 2)) == ["m3 is down", "m2 is down"]


def test_two_claimers_at_once_never_get_the_same_message(db: Engine) -> None:
    rounds = 20
    barrier = Barrier(2)

    def claimer(name: str) -> list[int]:
        mine: list[int] = []
        for n in range(rounds):
            barrier.wait(20)
            owe(db, "mail", *range(n * 10, n * 10 + 5) if name == "a" else range(n * 10 + 5, n * 10 + 10))
            mine += [m.id for m in claim(db, holder=name)]
        return mine

    with ThreadPoolExecutor(2) as pool:
        a, b = pool.map(claimer, "ab")
    assert set(a).isdisjoint(b)
    assert len(a) == len(set(a))
    rest = claim(db, holder="a")
    assert len(a) + len(b) + len(rest) == rounds * 10
