"""The poller against real servers: what fails is told, what is ours is unknown, and only one judges at a time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import settings
from data import changes, flips, intervals, lease, notifications, samples, series, standings, store, watch
from data.lease import Fenced
from model import Monitor, Part, Result, Status
from poller._ledger import Ledger, Seen
from rules import parts
from tests import warm
from tests.ports import refusing

HOME = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(300)


def read(engine, work):
    with store.reading(engine) as c:
        return work(c)


async def test_from_a_failing_answer_to_a_message_and_back(webs, mailbox, configure, polling, until) -> None:
    target, hook = webs(), webs()
    box, smtp = mailbox
    mail = f"mailto://{smtp}/?from=watch@example.com&to=oncall@example.com&mode=insecure"
    known = configure(target.url, channels=(f"json://{hook.url}/", mail))
    async with polling(known) as running:
        await until(lambda: read(running.engine, standings.read).get("m0", None))
        target.status = 503
        await until(lambda: hook.said and box.letters)
        target.status = 200
        await until(lambda: len(hook.said) == 2 and len(box.letters) == 2)
        await asyncio.sleep(0.6)  # three turns, in which nothing more is decided
        found = read(running.engine, lambda c: flips.between(c, datetime(2020, 1, 1, tzinfo=UTC), later()))

    assert hook.titles()[0] == "M0 is down"
    assert hook.titles()[1].startswith("M0 recovered after ")
    assert "answered 503, not 2xx" in hook.said[0]["message"]
    assert [("M0 is down" in box.letters[0]), ("recovered" in box.letters[1])] == [True, True]
    assert [f.after for f in reversed(found)] == [Status.UP, Status.DOWN, Status.UP]


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_a_check_is_told_what_it_saw_last_before_a_restart_too(webs, configure, polling, until) -> None:
    known = configure(webs().url, every="300s")
    async with polling(known) as first:
        await until(lambda: getattr(first.poller, "tools", None) and first.poller.tools.last("m0").facts)
        assert first.poller.tools.last("nobody") == Result(Status.UNKNOWN)
    async with polling(known) as second:
        await until(lambda: getattr(second.poller, "tools", None) and second.poller.tools.last("m0").facts)
        assert second.poller.tools.last("m0") == read(second.engine, standings.results)["m0"][1]


async def test_while_in_doubt_it_looks_again_before_its_turn(webs, configure, polling, until) -> None:
    target = webs()
    async with polling(configure(target.url, every="300s")) as running:
        await until(lambda: read(running.engine, standings.read).get("m0", None))
        target.status = 500
        running.poller.clock.look()
        # its turn is minutes away: only the start's first look, then nothing; make one bad sample arrive
        ledger = running.poller.ledger
        bad = Seen(running.poller.settings.monitors[0], running.poller.clock.now(), Result(Status.DOWN, "x"))
        running.poller.buffer.append(bad)
        before = len(target.asked)
        await until(lambda: len(target.asked) > before)
        await until(lambda: ledger.standings["m0"].status is Status.DOWN)


async def test_a_hung_channel_delays_neither_the_other_nor_the_probes(webs, configure, polling, until) -> None:
    target, good, hung = webs(), webs(), webs()
    hung.hang = 110
    known = configure(target.url, channels=(f"json://{hung.url}/", f"json://{good.url}/"), patience="100s")
    async with polling(known) as running:
        await until(lambda: read(running.engine, standings.read).get("m0", None))
        target.status = 503
        await until(lambda: good.said and hung.said)
        asked = len(target.asked)
        await until(lambda: len(target.asked) >= asked + 3)


async def test_two_hundred_fall_at_once_and_come_back_in_a_few_messages(webs, configure, polling, until) -> None:
    target, hook = webs(), webs()
    known = configure(*[target.url] * 200, channels=(f"json://{hook.url}/",), every="10s")
    async with polling(known) as running:
        await until(lambda: sum(s.status is Status.UP for s in running.poller.ledger.standings.values()) == 200)
        target.status = 503
        await until(lambda: read(running.engine, notifications.waiting)[0] == 0 and len(told(hook, "down")) == 200)
        falls = len(hook.said)
        target.status = 200
        await until(lambda: len(told(hook, "recovered")) == 200)

    assert max(falls, len(hook.said) - falls) <= 20
    assert min(after - before for before, after in pairwise(hook.asked)) > 0.9, "one message a group_window at most"


def told(hook, word: str) -> set[str]:
    """The monitors that the messages spoke of; a long one counts those it does not name."""
    names: set[str] = set()
    for message in hook.said:
        lines = [message["title"], *message["message"].split("\n")]
        names |= {line.split()[0] for line in lines if f" {word}" in line and line.startswith("M")}
        names |= {f"{id(message)}-{i}" for line in lines if line.startswith("and ") and word in message["title"]
                  for i in range(int(line.split()[1]))}  # fmt: skip
    return names


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside monitors that never go out"])
async def test_when_our_own_line_is_cut_nothing_is_called_down(webs, configure, polling, until, beside: bool) -> None:
    hook, target, other = webs(), webs(), webs()
    async with contextlib.AsyncExitStack() as stack:
        gate = f'connectivity = ["127.0.0.1:{stack.enter_context(refusing())}"]\n'
        known = configure(target.url, other.url, channels=(f"json://{hook.url}/",), extra=gate)
        if beside:
            known = with_heartbeat(known)
        running = await stack.enter_async_context(polling(known))
        real, cut = running.poller._probe, asyncio.Event()

        async def over_the_line(monitor: Monitor) -> Result:
            """What a cut line looks like from inside: every probe fails, and nothing answers."""
            gone = cut.is_set() and monitor.check == "http"
            return Result(Status.DOWN, "no route", network=True) if gone else await real(monitor)

        running.poller._probe = over_the_line
        await until(lambda: len(running.poller.ledger.standings) == len(known.monitors))
        cut.set()
        await until(lambda: hook.said)
        cut.clear()
        await until(lambda: len(hook.said) == 2)
        stood = read(running.engine, standings.read)
        noted = read(running.engine, lambda c: changes.between(c, datetime(2020, 1, 1, tzinfo=UTC), later()))

    assert hook.titles()[0] == "Wardround is blind: its own network is cut"
    assert hook.titles()[1].startswith("Wardround can see again after ")
    assert [stood[key].status for key in ("m0", "m1")] == [Status.UP, Status.UP]
    assert len([change for change in noted if change.kind == "watch"]) == 2


def with_heartbeat(known):
    with known.path.open("a") as file:
        file.write('[[monitor]]\nkey = "job"\ncheck = "heartbeat"\nperiod = "1d"\nevery = "1s"\n')
        file.write('token = "a-token-of-this-test"\n')
    return settings.load(known.path)


async def test_parts_of_a_health_document_are_series_of_their_own(webs, configure, polling, until) -> None:
    target = webs()
    target.body = (
        b'{"status":"degraded","timestamp":"2026-11-23T12:00:00Z","version":"1","environment":"production","checks":'
        b'{"database":{"status":"pass","responseTime":12},"memory":{"status":"warn","message":"82 %"}}}'
    )
    known = configure(target.url)
    text = known.path.read_text().replace('check = "http"', 'check = "health"')
    known.path.write_text(text)
    async with polling(settings.load(known.path)) as running:
        await until(lambda: running.poller.ledger.standings.get("m0/memory"))
        await until(lambda: running.poller.ledger.standings["m0/memory"].status is Status.DEGRADED)
        found = read(running.engine, lambda c: samples.recent(c, "m0/database", 1))

    assert (found[0].status, found[0].latency) == (Status.UP, 12.0)


async def test_parts_that_are_named_anew_each_time_do_not_use_up_the_series(
    webs, configure, polling, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, other = webs(), webs()
    known = configure(target.url, other.url, every="1s")
    monkeypatch.setattr(parts, "ALL", 100)
    async with polling(known) as running:
        real, names = running.poller._probe, itertools.count()

        async def renamed(monitor: Monitor) -> Result:
            made = tuple(Part(f"worker-{next(names)}", Status.UP) for _ in range(64))
            return replace(await real(monitor), parts=made) if monitor.key == "m0" else await real(monitor)

        running.poller._probe = renamed
        ledger = running.poller.ledger
        await until(lambda: len(ledger.standings) >= 100)
        seen = ledger.standings["m1"].seen
        await until(lambda: ledger.standings["m1"].seen > seen and ledger.results["m0"][1].findings)
        assert ledger.results["m0"][1].findings[0].words.startswith("64 of its parts are not kept")
        assert len(read(running.engine, series.ids)) <= 101


async def test_a_second_poller_waits_and_takes_over(webs, configure, polling, until) -> None:
    known = configure(webs().url)
    async with polling(known, ttl=120.0) as first:
        await until(lambda: first.poller.ledger.epoch)
        async with polling(known, ttl=120.0) as second:
            await asyncio.sleep(1.0)  # it asks every turn
            assert second.poller.ledger.epoch == 0
            first.poller.stop.set()
            await first.task
            await until(lambda: second.poller.ledger.epoch == first.poller.ledger.epoch + 1)


def test_a_zombie_is_fenced_and_writes_nothing(configure, noon: datetime) -> None:
    known = configure("127.0.0.1:9")
    engine = store.open(known.store.url)
    old, new = (Ledger(engine, known, name, 5.0) for name in ("old", "new"))
    assert old.take(noon)
    assert not new.take(noon + timedelta(seconds=4))
    assert new.take(noon + timedelta(seconds=6))
    with pytest.raises(Fenced):
        old.keep([seen(known, noon)], noon, report(known, engine))

    assert read(engine, lambda c: samples.recent(c, "m0", 5)) == ()
    assert read(engine, lambda c: lease.read(c, "poller")).epoch == 2
    engine.dispose()


def seen(known, at: datetime, state: Status = Status.UP) -> Seen:
    return Seen(
        known.monitors[0], at, Result(state, "", 5.0 if state is Status.UP else None, parts=(Part("db", state),))
    )


def report(known, engine):
    from model import WatchReport

    now = datetime.now(UTC)
    return WatchReport(now, now, 1, 1, "0", len(known.monitors), 0)


def test_a_transaction_that_fails_leaves_nothing_behind(configure, noon: datetime) -> None:
    known = configure("127.0.0.1:9")
    engine = store.open(known.store.url)
    ledger = Ledger(engine, known, "h", 60.0)
    ledger.take(noon)
    ledger.keep([seen(known, noon)], noon, report(known, engine))
    before = dict(ledger.standings)
    broken = replace(report(known, engine), words=object())  # cannot be written
    with pytest.raises((TypeError, AttributeError)):
        ledger.keep([seen(known, noon + timedelta(seconds=1), Status.DOWN)], noon, broken)

    assert ledger.standings == before
    assert len(read(engine, lambda c: samples.recent(c, "m0", 5))) == 1
    engine.dispose()


def test_facts_outlive_a_failed_look_but_not_a_good_one_that_says_nothing(configure, noon: datetime) -> None:
    known = configure("127.0.0.1:9")
    engine = store.open(known.store.url)
    ledger = Ledger(engine, known, "h", 60.0)
    ledger.take(noon)
    kept = []
    for second, (state, facts) in enumerate(
        [(Status.UP, (("score", "90"),)), (Status.DOWN, ()), (Status.UNKNOWN, ()), (Status.UP, ())]
    ):
        one = seen(known, noon + timedelta(seconds=second), state)
        ledger.keep([replace(one, result=replace(one.result, facts=facts))], one.at, report(known, engine))
        kept.append(dict(read(engine, standings.results)["m0"][1].facts))

    assert kept == [{"score": "90"}] * 3 + [{}]
    engine.dispose()


def test_a_gap_of_ours_is_unknown(configure, noon: datetime) -> None:
    known = configure("127.0.0.1:9")
    engine = store.open(known.store.url)
    for name, start in (("first", noon), ("second", noon + timedelta(hours=1))):
        ledger = Ledger(engine, known, name, 5.0)
        assert ledger.take(start)
        for second in range(3):
            at = start + timedelta(seconds=second)
            ledger.keep([seen(known, at)], at, report(known, engine))
    found = read(engine, lambda c: intervals.between(c, noon - timedelta(hours=1), noon + timedelta(hours=2), "m0"))

    assert [(i.status, (i.end - i.start).total_seconds()) for i in found["m0"]][-1] == (Status.UNKNOWN, 3598.0)
    engine.dispose()


# --- as a process

QUICK = """
import wardround
from poller import _main
from rules import schedule

_main.TTL, _main.TURN, _main.OWED, schedule.FAST = 2.0, 0.2, 0.1, 0.6  # a killed one holds its lease that long
wardround.run()
"""


def started(path: Path, *more: str, by: type[subprocess.Popen[bytes]] = warm.Popen) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", QUICK, "poll", "--config", str(path), *more]
    return by(command, cwd=HOME, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def reported(known, after: datetime | None = None):
    try:
        engine = store.open(known.store.url, create=False, readonly=True, check=False)
    except store.StoreError:
        return None
    found = read(engine, watch.read)
    engine.dispose()
    return found if found and found.probes and (after is None or found.at > after) else None


def looked(known, after: datetime) -> bool:
    """Whether a look at m0 that began later is kept."""
    engine = store.open(known.store.url, create=False, readonly=True, check=False)
    found = read(engine, standings.read)
    engine.dispose()
    return found["m0"].seen > after


async def test_stopped_for_a_while_it_neither_bursts_nor_alarms(webs, configure, until) -> None:
    target = webs()
    known = configure(target.url)
    process = started(known.path)
    try:
        await until(lambda: reported(known))
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(5)  # longer than two intervals, and what a look may take
        stopped, now = time.monotonic(), datetime.now(UTC)
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
        burst = [at for at in target.asked if stopped < at <= stopped + 1]
        assert len(burst) <= 2
        await until(lambda: looked(known, now))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    engine = store.open(known.store.url)
    found = read(engine, lambda c: intervals.between(c, datetime(2020, 1, 1, tzinfo=UTC), later(), "m0"))["m0"]
    assert [i.status for i in found][-1] is Status.UNKNOWN
    assert not [
        f
        for f in read(engine, lambda c: flips.between(c, datetime(2020, 1, 1, tzinfo=UTC), later()))
        if f.after is Status.DOWN
    ]
    engine.dispose()


async def test_killed_and_started_again_it_goes_on_where_it_was(webs, configure, until) -> None:
    target, hook = webs(), webs()
    target.status = 503
    known = configure(target.url, channels=(f"json://{hook.url}/",))
    for _ in range(3):
        process = started(known.path)
        try:
            now = datetime.now(UTC)
            await until(lambda now=now: reported(known, now))
            await until(lambda: hook.said)
        finally:
            process.kill()
            process.communicate()
    # killed between sending and marking, it is sent again when its lease is over: the same message
    assert {each["title"] for each in hook.said} == {"M0 is down"}
    assert len({each["message"].rsplit("Reference: ", 1)[1] for each in hook.said}) == 1


async def test_a_child_ends_with_its_parent(webs, configure, until) -> None:
    known = configure(webs().url)
    process = started(known.path, "--child", by=subprocess.Popen)  # a fork would not take its interpreter apart
    await until(lambda: reported(known))
    assert process.stdin
    process.stdin.close()
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def test_a_loop_that_is_stuck_is_ended_from_outside() -> None:
    script = "import time; from poller._watchdog import Watchdog; w = Watchdog(0.5, 0.1); w.start(); time.sleep(90)"
    done = warm.run([sys.executable, "-c", script], cwd=HOME, timeout=60)

    assert done.returncode == 70


def test_a_step_of_the_wall_clock_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from poller import _clock

    clock = _clock.Clock()
    assert clock.look() == 0.0
    clock._wall -= timedelta(hours=1)  # the machine's clock is an hour ahead of what we carried on
    assert clock.look() == pytest.approx(3600, abs=1)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
