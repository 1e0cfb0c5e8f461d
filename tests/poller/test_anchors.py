"""Where the trail ends is told hourly to those who ask for it; old acts go while the poller works; both by command."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import settings
import wardround
from data import audit, notifications, store, watch
from model import Act, Channel, Secret, Status
from poller import _anchors
from poller._folding import Folding
from tests.data.test_audit import unguarded

KEY = b"an-audit-key-of-the-test"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AT = Secret("json://127.0.0.1:9/")
ANCHORED = Channel("vault", AT, (), anchor=True)
LOUD = Channel("oncall", AT)
BASIC = '[[monitor]]\nkey = "m"\ncheck = "tcp"\nhost = "127.0.0.1"\nport = 9\n'


@pytest.fixture
def trail(db):
    return db


def known(*channels: Channel, key: bytes | None = KEY) -> settings.Settings:
    sealing = Secret(key.decode()) if key else None
    return settings.Settings(server=settings.Server(audit_key=sealing), channels=channels or (LOUD, ANCHORED))


def act(trail, at=NOON, who="p1"):
    with store.writing(trail) as c:
        return audit.add(c, Act(at, who, "on-call", "signed", "run/1"), KEY)


def told(trail):
    with store.reading(trail) as c:
        return [(each.channel, each.notice) for each in reversed(notifications.recent(c))]


def note(trail):
    with store.reading(trail) as c:
        return watch.noted(c).get(_anchors.NOTE)


def test_the_head_is_told_with_how_to_use_it(trail) -> None:
    entry = act(trail)
    _anchors.step(trail, known(), NOON)
    ((channel, notice),) = told(trail)
    assert channel == "vault"
    assert f"{entry.seq}:{entry.seal}" in notice.body.splitlines()[0]
    assert notice.body.splitlines()[1].endswith(f"python wardround.py audit verify --anchor 1:{entry.seal}")
    assert notice.title == f"Audit anchor 1:{entry.seal}"  # of several messages in one only titles are left


def test_once_an_hour_and_only_what_is_new(trail) -> None:
    for minute in range(60 * 5):
        if minute < 150 and minute % 10 == 0:
            act(trail)
        _anchors.step(trail, known(), NOON + minute * MINUTE)
    heads = [notice.title.split(" ")[2].partition(":")[0] for _, notice in told(trail)]
    assert heads == ["1", "7", "13", "15"]


@pytest.mark.parametrize(
    "settled",
    [known(LOUD), known(key=None), replace(known(), channels=())],
    ids=["no such channel", "no key", "no channel"],
)
def test_nothing_is_told_to_nobody(settled: settings.Settings, trail) -> None:
    act(trail)
    _anchors.step(trail, settled, NOON)
    assert (told(trail), note(trail)) == ([], None)


def test_an_empty_trail_has_no_anchor(trail) -> None:
    _anchors.step(trail, known(), NOON)
    assert (told(trail), note(trail)) == ([], None)


def test_a_clock_that_steps_holds_nothing_up_and_repeats_nothing(trail) -> None:
    act(trail)
    _anchors.step(trail, known(), NOON + timedelta(days=4000))
    _anchors.step(trail, known(), NOON)
    assert len(told(trail)) == 1
    act(trail)
    _anchors.step(trail, known(), NOON)
    assert len(told(trail)) == 2
    act(trail)
    _anchors.step(trail, known(), NOON + 59 * MINUTE)
    assert len(told(trail)) == 2
    _anchors.step(trail, known(), NOON + HOUR)
    assert len(told(trail)) == 3


def test_a_head_that_comes_back_is_told_again(trail) -> None:
    """Somebody cut the end off: the older head that shows it goes out."""
    for k in range(2):
        act(trail)
        _anchors.step(trail, known(), NOON + k * HOUR)
    unguarded(trail)
    with store.writing(trail) as c:
        c.execute(text("DELETE FROM audit WHERE seq = 2"))
    _anchors.step(trail, known(), NOON + 2 * HOUR)
    assert [notice.title.split(" ")[2][:2] for _, notice in told(trail)] == ["1:", "2:", "1:"]


@pytest.mark.parametrize("broken", [(notifications, "owe"), (watch, "note")], ids=["outbox", "note"])
def test_the_note_and_the_message_are_one_transaction(broken, trail, monkeypatch) -> None:
    act(trail)

    whole = getattr(*broken)

    def fails(*words: object) -> None:
        whole(*words)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(*broken, fails)
        with pytest.raises(RuntimeError):
            _anchors.step(trail, known(), NOON)
    assert (told(trail), note(trail)) == ([], None)
    _anchors.step(trail, known(), NOON)
    assert len(told(trail)) == 1


def test_every_channel_that_asks_is_told(trail) -> None:
    act(trail)
    _anchors.step(trail, known(ANCHORED, replace(LOUD, anchor=True), replace(LOUD, key="other")), NOON)
    assert sorted(channel for channel, _ in told(trail)) == ["oncall", "vault"]


@pytest.mark.parametrize(
    ("on", "states"),
    [
        ('["anchor"]', ()),
        ('["anchor", "down"]', (Status.DOWN,)),
        ('["degraded", "anchor"]', (Status.DEGRADED,)),
        ('["down"]', (Status.DOWN,)),
    ],
)
def test_anchor_is_something_a_channel_may_ask_for(on: str, states: tuple[Status, ...], tmp_path) -> None:
    file = tmp_path / "wardround.toml"
    file.write_text(BASIC + f'[[channel]]\nkey = "a"\nurl = "json://localhost"\non = {on}\n')
    (channel,) = settings.load(file, {}).channels
    assert (channel.on, channel.anchor) == (states, "anchor" in on)


def test_who_asks_for_anchors_alone_hears_of_no_outage() -> None:
    from model import Notice
    from rules import alerting

    for notice in (Notice("k", "down", "t", "b", "m"), Notice("k", "recovered", "t", "b", "m", Status.DOWN)):
        assert alerting.recipients(notice, (ANCHORED, LOUD)) == (LOUD,)


# --- what the poller deletes -----------------------------------------------------------------------------------------


def seven_years_later(trail, settled: settings.Settings):
    for month in (10, 11, 12):
        act(trail, datetime(2026, month, 5, tzinfo=UTC), f"p{month}")
    act(trail, datetime(2027, 1, 1, tzinfo=UTC))
    folding = Folding(trail, settled)
    assert not folding.prune_acts(datetime(2033, 12, 31, 23, 59, tzinfo=UTC))
    with store.reading(trail) as c:
        assert audit.count(c) == 4
    while folding.prune_acts(datetime(2034, 1, 1, tzinfo=UTC)):
        pass
    with store.reading(trail) as c:
        assert audit.verify(c, KEY) is None
        return audit.count(c), (audit.base(c) or ("",))[-1]


def test_acts_go_when_their_seven_years_are_over(trail) -> None:
    assert seven_years_later(trail, known()) == (1, "2026-12")


def test_without_the_key_no_act_goes(trail) -> None:
    assert seven_years_later(trail, known(key=None)) == (4, "")


def test_a_longer_history_keeps_acts_longer(trail) -> None:
    longer = replace(known(), store=settings.Store(history_days=2557 + 35))
    assert seven_years_later(trail, longer) == (3, "2026-10")


async def test_the_poller_tells_by_itself(configure, polling, until, webs) -> None:
    target = webs()
    plain = configure(target.url)
    settled = replace(plain, server=settings.Server(audit_key=Secret(KEY.decode())), channels=(ANCHORED,))
    engine = store.open(plain.store.url)
    act(engine)
    async with polling(settled):
        await until(lambda: told(engine))
    engine.dispose()


# --- by command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(tmp_path):
    file = tmp_path / "wardround.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "w.db"}"\n[server]\naudit_key = "{KEY.decode()}"\n' + BASIC)
    engine = store.open(f"sqlite:///{tmp_path / 'w.db'}")

    def run(*words: str):
        return CliRunner().invoke(wardround.app, ["audit", *words, "--config", str(file)])

    yield engine, run
    engine.dispose()


def test_a_name_is_forgotten_by_command(stage) -> None:
    engine, run = stage
    who = audit.pseudonym("Ada Example", KEY)
    with store.writing(engine) as c:
        audit.know(c, who, "Ada Example", NOON)
        audit.know(c, "other", "Other", NOON)
    act(engine, who=who)
    again = [run("erase", name) for name in ("Nobody", " ada EXAMPLE ", "Ada Example")]
    assert [each.exit_code for each in again] == [1, 0, 1]
    assert [each.output.split(";")[0].strip() for each in again] == [
        "no such name was known",
        "the name is forgotten",
        "no such name was known",
    ]
    with store.reading(engine) as c:
        assert audit.names(c) == {"other": "Other"}
        assert audit.of(c, "run/1")[0].act.actor == who
        assert audit.verify(c, KEY) is None


def test_the_base_and_older_anchors_are_said_by_command(stage) -> None:
    engine, run = stage
    for month in (1, 2, 3):
        act(engine, datetime(2026, month, 5, tzinfo=UTC))
    assert "base" not in run("verify").output
    with store.writing(engine) as c:
        audit.prune(c, datetime(2026, 3, 1, tzinfo=UTC), KEY)
        number, seal, _ = audit.base(c)
    ran = run("verify", "--anchor", "1:ab", "--anchor", f"{number}:{seal}")
    assert ran.exit_code == 0
    assert f"base 2:{seal}: what was written up to 2026-02 was deleted" in ran.output
    assert "anchor 1 is older than what is kept" in ran.output
    assert "anchor 2" not in ran.output
    assert run("verify", "--anchor", "2:ab").exit_code == 1
    with store.writing(engine) as c:
        watch.note(c, audit.BASE, None)
    lost = run("verify")
    assert (lost.exit_code, "no base" in lost.output) == (1, True)
