"""Puts the poller together: lease, probing, one commit a second, folding, the outbox, and an account of itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import secrets
import shutil
import signal
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import checks
import reporting
import verdicts
from data import changes, hooks, pings, store, watch
from data.lease import Fenced
from data.store import Engine
from model import Change, Hook, Measured, Monitor, Notice, Ping, Question, Result, Snapshot, Status, WatchReport
from poller import _alive, _anchors, _gate
from poller._clock import Clock, boot
from poller._folding import Folding
from poller._ledger import Ledger, Seen
from poller._measured import measured
from poller._outbox import Outbox
from poller._posting import Posting
from poller._probing import Probing
from poller._reading import Readings
from poller._watchdog import Watchdog, end_with_parent, sign, signing
from rules import alerting, blind, parts
from rules import changes as what_changed
from rules.status import graded
from settings import Settings, digest, environment

log = logging.getLogger("wardround.poller")
VERSION = "0.1.0"
TURN = 1.0  # seconds between two commits, and between two questions for the lease
OWED = 0.5  # seconds between two looks at what is to be told
TTL = 8.0  # seconds a lease holds without being renewed
BUFFER = 50_000  # results kept in memory while the store cannot be written
LATELY = 5.0  # seconds: outcomes that speak for how our own line is now
STUCK = 30.0
HUNG = 120.0  # seconds in one call of the store: far beyond its time-outs
WEIGHED = 5.0  # seconds between two looks at the size of the store
PAUSE = 0.01  # seconds between two batches of folding: a commit that waits goes first
JUDGED = 3.0  # seconds between two looks at the checklists
BLIND = "we could not reach the network ourselves"

T = TypeVar("T")


class Poller:
    """One life of the poller on one store; ``run`` returns when it is asked to stop."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        ttl: float | None = None,
        stuck: float = STUCK,
        sign: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings, self.engine, self._sign = settings, engine, sign
        self.clock = Clock()
        self.holder = secrets.token_hex(8)
        self.ledger = Ledger(engine, settings, self.holder, TTL if ttl is None else ttl)
        self.folding = Folding(engine, settings)
        self.watchdog = Watchdog(stuck)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.outbox = Outbox(engine, settings, self.holder, self.clock.now, self._write)
        self.stop = asyncio.Event()
        self.buffer: deque[Seen] = deque()
        self.dropped = 0
        self._outcomes: dict[str, tuple[float, bool]] = {}
        self._changes: list[Change] = []
        self._news: list[Notice] = []
        self._blind_since: datetime | None = None
        self._commit_ms = 0.0
        self._started = self.clock.now()
        self._folded: datetime | None = None
        self._kept = -math.inf
        readings = [reading for each in settings.integrations for reading in each.readings]
        self._patience = _alive.patience((*settings.monitors, *readings))
        self._busy: float | None = None  # since when the writer's thread is inside one call
        self._behind = False  # the last commit failed: results wait
        self._looked, self._lateness = 0.0, (0.0, 0.0)
        self._bytes, self._free = 0, 1.0  # of the store, and of its disk
        self._hook = 0  # number of the newest webhook that was acted upon
        self._planned = self._started  # up to when planned quiet was looked through

    async def run(self) -> None:
        self.watchdog.start()
        pulse = asyncio.create_task(self._pulse())
        async with checks.open_tools(
            networks=self.settings.watch.networks,
            pings=self._pings,
            clock=self.clock.now,
            measured=self._measured,
            last=self.ledger.last,
            environment=environment,
        ) as self.tools:
            while not self.stop.is_set():
                if await self._leading():
                    await self._lead()
        pulse.cancel()
        self.watchdog.rest()
        self._writer.shutdown(wait=True)

    async def _leading(self) -> bool:
        """Waits a turn for the lease; True when it is ours."""
        try:
            if await self._write(lambda: self.ledger.take(self.clock.now())):
                await self._write(self._configured)
                return True
        except (store.StoreError, store.Broken) as error:
            log.warning("the store cannot be opened for writing: %s", type(error).__name__)
        await self._sleep(TURN)
        return False

    async def _lead(self) -> None:
        """Probes and keeps until it is stopped or fenced off."""
        probing = Probing(self.settings.monitors, self._probe, self._seen, self.settings.watch.concurrency)
        reading = Readings(self.settings.integrations, self.clock.now, self._read)
        posting = Posting(self.engine, self.settings, self.clock.now, self._write)
        ours = (self._fold(), self._deliver(), self._judge(), self._weigh(), self._prove_alive())
        turning = [asyncio.create_task(work) for work in (probing.run(), reading.run(), posting.run(), *ours)]
        try:
            while not self.stop.is_set():
                await self._sleep(TURN)
                self._notice_steps()
                self._notice_plans()
                if not await self._keep(probing):
                    return
                await self._follow_hooks(probing, reading)
                for task in turning:
                    if task.done():
                        task.result()  # a bug of ours: say so and end, the server starts us anew
            await self._keep(probing)
            with suppress(store.StoreError, store.Broken):  # then the lease runs out by itself
                await self._write(self.ledger.give_up)
        finally:
            await probing.close()
            for task in turning:
                task.cancel()
            await asyncio.gather(*turning, return_exceptions=True)
            await self.outbox.close()

    async def _pulse(self) -> None:
        """Says every second that the loop turns. A store that is full, locked or away is no reason to end us.

        One that never comes back from a single call is: only a new process has another connection.
        """
        while True:
            since = self._busy
            if since is None or boot() - since < HUNG:
                self.watchdog.beat()
                self._sign()
            await asyncio.sleep(1.0)

    async def _probe(self, monitor: Monitor) -> Result:
        return graded(await checks.run(monitor, self.tools), monitor.slow)

    def _seen(self, monitor: Monitor, began: float, result: Result) -> None:
        if blind.tells(result):
            self._outcomes[monitor.key] = (boot(), result.network)
        self._wait(Seen(monitor, self.clock.at(began), result))

    def _read(self, reading: Monitor, began: float, snapshot: Snapshot) -> None:
        self._wait(Seen(reading, self.clock.at(began), snapshot.result, snapshot))

    def _wait(self, seen: Seen) -> None:
        self.buffer.append(seen)
        if len(self.buffer) > BUFFER:
            self.buffer.popleft()
            self.dropped += 1

    async def _keep(self, probing: Probing) -> bool:
        """One commit; False when another poller has taken over. What could not be written stays in the buffer."""
        count, dropped = len(self.buffer), self.dropped
        batch = self._fitted(await self._believed([self.buffer[i] for i in range(count)]))
        now, report, began = self.clock.now(), self._report(probing), boot()
        changed, news = tuple(self._changes), tuple(self._news)
        try:
            doubtful = await self._write(lambda: self.ledger.keep(batch, now, report, changed, news))
        except Fenced:
            log.warning("another poller has taken over; this one waits")
            self.buffer.clear()
            return False
        except (store.StoreError, store.Broken) as error:
            self._behind = True
            log.error("nothing could be kept (%s); %d results wait", type(error).__name__, count)
            return True
        self._behind = False
        gone = self.dropped - dropped  # from the buffer while this was committed: the first of them are kept after all
        self.dropped = dropped + max(0, gone - count)
        for _ in range(count - gone):
            self.buffer.popleft()
        del self._changes[: len(changed)], self._news[: len(news)]
        self._commit_ms, self._kept = (boot() - began) * 1000, boot() if batch else self._kept
        probing.doubtful(doubtful)
        return True

    async def _believed(self, batch: list[Seen]) -> list[Seen]:
        """Failures without any answer become unknown while our own line is cut."""
        failed = [each for each in batch if each.result.network]
        asked = self.settings.watch.connectivity
        if not asked or (not failed and not (self._blind_since and batch)):
            return batch
        since = boot() - LATELY
        recent = [(key, network) for key, (at, network) in self._outcomes.items() if at >= since]
        alone = len(recent) == 1 and recent[0][1]
        is_blind = (blind.suspect(recent) or alone) and not await _gate.reachable(asked, self.tools.resolver.addresses)
        self._tell_blind(is_blind)
        if not is_blind:
            return batch
        return [replace(each, result=Result(Status.UNKNOWN, BLIND)) if each.result.network else each for each in batch]

    def _fitted(self, batch: list[Seen]) -> list[Seen]:
        found = parts.fitted([(each.monitor.key, each.result) for each in batch], self.ledger.standings.keys())
        return [replace(each, result=result) for each, result in zip(batch, found, strict=True)]

    def _tell_blind(self, is_blind: bool) -> None:
        now, tz = self.clock.now(), self.settings.site.timezone
        if is_blind and self._blind_since is None:
            self._blind_since = now
            self._news.append(alerting.blindness(True, now, now, tz))
            self._changes.append(Change(now, "watch", "our own network is cut: nothing is judged"))
        elif not is_blind and self._blind_since is not None:
            self._news.append(alerting.blindness(False, self._blind_since, now, tz))
            self._changes.append(Change(now, "watch", "our own network is back"))
            self._blind_since = None

    def _notice_steps(self) -> None:
        if step := self.clock.look():
            self._changes.append(
                Change(self.clock.now(), "watch", f"the clock of this machine stepped by {step:+.0f} s")
            )

    def _notice_plans(self) -> None:
        now = self.clock.now()
        self._changes += what_changed.planned(self.settings.maintenance, self._planned, now)
        self._planned = max(self._planned, now)

    async def _follow_hooks(self, probing: Probing, reading: Readings) -> None:
        """A deployment that is told of is looked at now, and so is the platform's health."""
        if not any(getattr(each.options, "hook_secret", None) for each in self.settings.integrations):
            return
        with suppress(store.StoreError, store.Broken):  # they are still there in a second
            found = await asyncio.to_thread(self._hooks)
            if found:
                self._hook = found[-1][0]
                reading.at_once("vercel.deployments")
                probing.at_once([each.key for each in self.settings.monitors if each.check in ("health", "http")])

    def _hooks(self) -> Sequence[tuple[int, Hook]]:
        with store.reading(self.engine) as c:
            return hooks.after(c, self._hook)

    async def _fold(self) -> None:
        """Every minute, a few seconds after it is over: one short transaction at a time, and commits in between."""
        while True:
            now = self.clock.now()
            end = now.replace(second=0, microsecond=0)
            if self._folded != end and now.second >= 3:
                anchor: Callable[[], object] = partial(_anchors.step, self.engine, self.settings, now)
                for step in (*self.folding.steps(now, self._behind), anchor):
                    with suppress(store.StoreError, store.Broken):  # every step may be repeated
                        more = True
                        while more:
                            more = bool(await self._write(step))
                            await asyncio.sleep(PAUSE)
                self._folded = end
            await asyncio.sleep(1.0)

    async def _judge(self) -> None:
        """Checklists, every few seconds."""
        while self.settings.checklists:
            with suppress(store.StoreError, store.Broken):  # it is judged again in a moment
                await self._write(lambda: verdicts.step(self.engine, self.settings, self.clock.now()))
            await asyncio.sleep(JUDGED)

    async def _deliver(self) -> None:
        while True:
            with suppress(store.StoreError, store.Broken):  # what is owed stays owed until the store answers again
                if self.settings.channels:
                    await self.outbox.turn()
            await asyncio.sleep(OWED)

    async def _prove_alive(self) -> None:
        if (url := self.settings.watch.dead_man) is not None:
            await _alive.prove(url.reveal(), self.tools.client, self._well)

    def _well(self) -> bool:
        """Rows written, messages going out, room left."""
        oldest = self.outbox.oldest
        owed = oldest is not None and self.clock.now() - oldest > timedelta(minutes=2)
        return not owed and boot() - self._kept < self._patience and self._free >= 0.1

    def _report(self, probing: Probing) -> WatchReport:
        late_p50, late_p99 = self._late(probing)
        return WatchReport(
            at=self.clock.now(),
            started=self._started,
            pid=os.getpid(),
            epoch=self.ledger.epoch,
            version=VERSION,
            monitors=len(probing.monitors),
            probes=probing.probes,
            late_p50=late_p50,
            late_p99=late_p99,
            missed=probing.missed,
            running=len(probing.running),
            queued=len(self.buffer),
            blind=self._blind_since is not None,
            commit_ms=self._commit_ms,
            store_bytes=self._bytes,
            disk_free=self._free,
            words=f"{self.dropped} results were dropped while the store could not be written" if self.dropped else "",
        )

    async def _weigh(self) -> None:
        """How large the store is and what room it has, every few seconds; in the writer's thread, for it asks."""
        while True:
            with suppress(store.StoreError, store.Broken, OSError):  # what was known last still stands
                self._bytes, self._free = await self._write(self._weighed)
            await asyncio.sleep(WEIGHED)

    def _weighed(self) -> tuple[int, float]:
        path = store.path_of(self.settings.store.url)
        usage = shutil.disk_usage(path.parent) if path else None
        return store.size(self.engine), usage.free / usage.total if usage else 1.0

    def _late(self, probing: Probing) -> tuple[float, float]:
        """Lateness of the last minute in ms, p50 and p99, anew every five seconds: there may be many."""
        now = boot()
        if now - self._looked > WEIGHED:
            late = sorted(ms for at, ms in probing.late if at >= now - 60) or [0.0]
            self._looked, self._lateness = now, (late[len(late) // 2], late[int((len(late) - 1) * 0.99)])
        return self._lateness

    def _configured(self) -> None:
        """Notes when the configuration is another than last time."""
        now, new = self.clock.now(), digest(self.settings)
        with store.writing(self.engine) as c:
            old = watch.noted(c).get("configuration")
            if old not in (None, new):
                changes.add(c, [Change(now, "configuration", "wardround.toml was changed")])
            watch.note(c, "configuration", new)
            self._hook = hooks.newest(c)
            before = watch.read(c)
        if before is not None and now - timedelta(days=1) < before.at < now:
            self._planned = before.at  # what began while nobody watched is told all the same

    async def _measured(self, question: Question) -> Measured:
        return await asyncio.to_thread(measured, self.engine, question, self.clock.now())

    async def _pings(self, key: str) -> dict[str, Ping]:
        return await asyncio.to_thread(self._read_pings, key)

    def _read_pings(self, key: str) -> dict[str, Ping]:
        with store.reading(self.engine) as c:
            return pings.latest(c, key)

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._timed, work)

    def _timed(self, work: Callable[[], T]) -> T:
        self._busy = boot()
        try:
            return work()
        finally:
            self._busy = None

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stop.wait()


async def _serve(settings: Settings, engine: Engine, child: bool) -> None:
    poller = Poller(settings, engine, sign=sign if child else lambda: None)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, poller.stop.set)
    await poller.run()


def main(settings: Settings, config_path: str | None = None, child: bool = False) -> int:
    """Runs the poller until SIGTERM; 0 when it ended as asked. ``child``: ends when its parent does, and
    gives it signs of life."""
    if child:
        end_with_parent()
    if settings.server.sentry_dsn is not None:
        reporting.start(settings.server.sentry_dsn.reveal(), settings.site.environment, VERSION)
    with signing() if child else nullcontext():
        engine = store.open(settings.store.url)
    gc.freeze()  # what was imported stays: a collection need not walk it, and each probe leaves little behind
    gc.set_threshold(20_000, 20, 20)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(_serve(settings, engine, child))
    engine.dispose()
    reporting.stop()
    return 0


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: a third less CPU for each probe."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


__all__: Sequence[str] = ["Poller", "main"]
