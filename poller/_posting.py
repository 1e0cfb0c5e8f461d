"""Posts verdicts as checks of the newest deployment, where that is wanted; what could not be said is said again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import gate
import integrations
from data import deployments, store, watch
from data.store import Engine
from integrations import vercel
from model import Deployment
from settings import Settings
from verdicts import NOTE

log = logging.getLogger(__name__)
EVERY, FIRST, LONGEST = 3.0, timedelta(seconds=30), timedelta(minutes=15)
POSTED = "posted "
Write = Callable[[Callable[[], object]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Owed:
    """One verdict that Vercel does not know yet."""

    key: str
    name: str
    deployment: str
    state: str
    concluded: bool


class Posting:
    """``turn`` posts what is owed; a list that failed waits, twice as long each time."""

    def __init__(self, engine: Engine, settings: Settings, now: Callable[[], datetime], write: Write) -> None:
        self.engine, self.settings, self.now, self._write = engine, settings, now, write
        found = next((each.options for each in settings.integrations if each.name == "vercel"), None)
        self.options = found if isinstance(found, vercel.Options) and found.checks_token and found.checks else None
        self._wait: dict[str, tuple[datetime, timedelta]] = {}

    async def run(self) -> None:
        """For ever; ends at once where nothing is to be posted."""
        if self.options is None:
            return
        async with integrations.open_tools(clock=self.now) as tools:
            while True:
                with suppress(store.StoreError, store.Broken):  # it is owed again at the next turn
                    await self.turn(tools)
                await asyncio.sleep(EVERY)

    async def turn(self, tools: integrations.Tools) -> None:
        """Looks once at what is owed, and posts what need not wait."""
        for each in await asyncio.to_thread(self._owed):
            due, pause = self._wait.get(each.key, (self.now(), FIRST))
            if due > self.now():
                continue
            assert self.options is not None
            failed = await vercel.tell(
                self.options, tools, each.deployment, each.key, each.name, each.state, concluded=each.concluded
            )
            if failed:
                log.warning("the verdict of %s could not be posted: %s", each.key, failed)
                self._wait[each.key] = (self.now() + pause, min(2 * pause, LONGEST))
                continue
            self._wait.pop(each.key, None)
            await self._write(lambda said=each: self._note(said))  # type: ignore[misc]

    def _owed(self) -> list[Owed]:
        assert self.options is not None
        names = {each.key: each.name for each in self.settings.checklists if each.key in self.options.checks}
        with store.reading(self.engine) as c:
            now = self.now()
            release, noted = gate.release(c, now), watch.noted(c)
            recent = deployments.between(c, now - timedelta(days=1), now)
        deployment = next((each for each in recent if _is(each, release)), None)
        found = (_missing(noted, key, name, release, deployment) for key, name in names.items())
        return [each for each in found if each is not None]

    def _note(self, said: Owed) -> None:
        concluded = said.concluded or said.state != "unsure"
        body = {"deployment": said.deployment, "state": said.state, "concluded": concluded}
        with store.writing(self.engine) as c:
            watch.note(c, f"{POSTED}{said.key}", json.dumps(body))


def _is(one: Deployment, release: str) -> bool:
    return one.target == "production" and release in (one.commit, one.id)


def _missing(noted: dict[str, str], key: str, name: str, release: str, deployment: Deployment | None) -> Owed | None:
    """What is to be posted of one list; None when Vercel knows it, or nothing is known yet."""
    verdict, posted = (json.loads(noted.get(f"{kind}{key}", "{}")) for kind in (NOTE, POSTED))
    if deployment is None or verdict.get("release") != release:
        return None
    same = posted.get("deployment") == deployment.id
    if same and posted.get("state") == verdict["state"]:
        return None
    return Owed(key, name, deployment.id, verdict["state"], bool(same and posted.get("concluded")))
