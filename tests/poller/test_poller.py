"""The poller against real servers: what fails is told, what is ours is unknown, and only one judges at a time."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data import changes, flips, intervals, lease, notifications, samples, standings, store, watch
from data.lease import Fenced
from model import Monitor, Part, Result, Status
from poller._ledger import Ledger, Seen

HOME = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(90)


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
        await asyncio.sleep(1.5)

    assert hook.titles()[0] == "M0 is down"
    assert hook.titles()[1].startswith("M0 recovered after ")
    assert "answered 503, not 2xx" in hook.said[0]["message"]
    assert [("M0 is down" in box.letters[0]), ("recovered" in box.letters[1])] == [True, True]
    found = read(store.open(known.store.url), lambda c: flips.between(c, datetime(2020, 1, 1, tzinfo=UTC), later()))
    assert [f.after for f in reversed(found)] == [Status.UP, Status.DOWN, Status.UP]


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_while_in_doubt_it_looks_again_before_its_turn(webs, configure, polling, until) -> None:
    target = webs()
    async with polling(configure(target.url, every="60s")) as running:
        await until(lambda: read(running.engine, standings.read).get("m0", None))
        target.status = 500
        running.poller.clock.look()
        # its turn is a minute away: only the start's first look, then nothing; make one bad sample arrive
        ledger = running.poller.ledger
        bad = Seen(running.poller.settings.monitors[0], running.poller.clock.now(), Result(Status.DOWN, "x"))
        running.poller.buffer.append(bad)
        before = len(target.asked)
        await until(lambda: len(target.asked) > before, 6)
        await until(lambda: ledger.standings["m0"].status is Status.DOWN)


async def test_a_hung_channel_delays_neither_the_other_nor_the_probes(webs, configure, polling, until) -> None:
    target, good, hung = webs(), webs(), webs()
    hung.hang = 30
    known = configure(target.url, channels=(f"json://{hung.url}/", f"json://{good.url}/"))
    async with polling(known) as running:
        await until(lambda: read(running.engine, standings.read).get("m0", None))
        target.status = 503
        began = time.monotonic()
        await until(lambda: good.said)
        assert time.monotonic() - began < 10
        asked = len(target.asked)
        await asyncio.sleep(2.2)
        assert len(target.asked) >= asked + 2


async def test_two_hundred_fall_at_once_and_come_back_in_a_few_messages(webs, configure, polling, until) -> None:
    target, hook = webs(), webs()
    known = configure(*[target.url] * 200, channels=(f"json://{hook.url}/",), every="2s", check="")
    async with polling(known) as running:
        await until(lambda: sum(s.status is Status.UP for s in running.poller.ledger.standings.values()) == 200, 30)
        target.status = 503
        await until(lambda: read(running.engine, notifications.waiting)[0] == 0 and len(told(hook, "down")) == 200, 30)
        falls = len(hook.said)
        target.status = 200
        await until(lambda: len(told(hook, "recovered")) == 200, 30)

    assert falls <= 6
    assert len(hook.said) - falls <= 6


def told(hook, word: str) -> set[str]:
    """The monitors that the messages spoke of; a long one counts those it does not name."""
    names: set[str] = set()
    for message in hook.said:
        lines = [message["title"], *message["message"].split("\n")]
        names |= {line.split()[0] for line in lines if f" {word}" in line and line.startswith("M")}
        names |= {f"{id(message)}-{i}" for line in lines if line.startswith("and ") and word in message["title"]
                  for i in range(int(line.split()[1]))}  # fmt: skip
    return names


async def test_when_our_own_line_is_cut_nothing_is_called_down(webs, configure, polling, until) -> None:
    hook, target, other = webs(), webs(), webs()
    gate = f'connectivity = ["127.0.0.1:{closed_port()}"]\n'
    known = configure(target.url, other.url, channels=(f"json://{hook.url}/",), extra=gate)
    async with polling(known) as running:
        real, cut = running.poller._probe, asyncio.Event()

        async def over_the_line(monitor: Monitor) -> Result:
            """What a cut line looks like from inside: every probe fails, and nothing answers."""
            return Result(Status.DOWN, "no route", network=True) if cut.is_set() else await real(monitor)

        running.poller._probe = over_the_line
        await until(lambda: len(running.poller.ledger.standings) == 2)
        cut.set()
        await until(lambda: hook.said, 20)
        cut.clear()
        await until(lambda: len(hook.said) == 2)
        stood = read(running.engine, standings.read)
        noted = read(running.engine, lambda c: changes.between(c, datetime(2020, 1, 1, tzinfo=UTC), later()))

    assert hook.titles()[0] == "Wardround is blind: its own network is cut"
    assert hook.titles()[1].startswith("Wardround can see again after ")
    assert [s.status for s in stood.values()] == [Status.UP, Status.UP]
    assert len([change for change in noted if change.kind == "watch"]) == 2


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_parts_of_a_health_document_are_series_of_their_own(webs, configure, polling, until) -> None:
    target = webs()
    target.body = (
        b'{"status":"degraded","timestamp":"2026-11-23T12:00:00Z","version":"1","environment":"production","checks":'
        b'{"database":{"status":"pass","responseTime":12},"memory":{"status":"warn","message":"82 %"}}}'
    )
    known = configure(target.url)
    text = known.path.read_text().replace('check = "http"', 'check = "health"')
    known.path.write_text(text)
    import settings

    async with polling(settings.load(known.path)) as running:
        await until(lambda: running.poller.ledger.standings.get("m0/memory"))
        await until(lambda: running.poller.ledger.standings["m0/memory"].status is Status.DEGRADED)
        found = read(running.engine, lambda c: samples.recent(c, "m0/database", 1))

    assert (found[0].status, found[0].latency) == (Status.UP, 12.0)


async def test_a_second_poller_waits_and_takes_over(webs, configure, polling, until) -> None:
    known = configure(webs().url)
    async with polling(known, ttl=2.0) as first:
        await until(lambda: first.poller.ledger.epoch)
        async with polling(known, ttl=2.0) as second:
            await asyncio.sleep(1.5)
            assert second.poller.ledger.epoch == 0
            first.poller.stop.set()
            await first.task
            await until(lambda: second.poller.ledger.epoch == first.poller.ledger.epoch + 1, 4)


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


def started(path: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(HOME / "wardround.py"), "poll", "--config", str(path), *more]
    return subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def reported(known, after: datetime | None = None):
    try:
        engine = store.open(known.store.url, create=False, readonly=True, check=False)
    except store.StoreError:
        return None
    found = read(engine, watch.read)
    engine.dispose()
    return found if found and found.probes and (after is None or found.at > after) else None


async def test_stopped_for_a_while_it_neither_bursts_nor_alarms(webs, configure, until) -> None:
    target = webs()
    known = configure(target.url)
    process = started(known.path)
    try:
        await until(lambda: reported(known))
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(6)
        stopped = time.monotonic()
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
        burst = [at for at in target.asked if stopped < at <= stopped + 1]
        assert len(burst) <= 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
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
            await until(lambda now=now: reported(known, now), 25)
            await until(lambda: hook.said, 15)
        finally:
            process.kill()
            process.communicate()
    assert hook.titles() == ["M0 is down"]


async def test_a_child_ends_with_its_parent(webs, configure, until) -> None:
    known = configure(webs().url)
    process = started(known.path, "--child")
    await until(lambda: reported(known))
    assert process.stdin
    process.stdin.close()
    try:
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def test_a_loop_that_is_stuck_is_ended_from_outside() -> None:
    script = "import time; from poller._watchdog import Watchdog; w = Watchdog(0.5, 0.1); w.start(); time.sleep(20)"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], cwd=HOME, capture_output=True, timeout=15, check=False)

    assert done.returncode == 70
    assert time.monotonic() - began < 10


def test_a_step_of_the_wall_clock_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from poller import _clock

    clock = _clock.Clock()
    assert clock.look() == 0.0
    clock._wall -= timedelta(hours=1)  # the machine's clock is an hour ahead of what we carried on
    assert clock.look() == pytest.approx(3600, abs=1)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
