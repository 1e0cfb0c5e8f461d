"""Which commits are ours: what was deployed lately, what serves, and what the platform says of itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from data import deployments, standings, store
from routes import _store

if TYPE_CHECKING:
    from data.store import Connection

FRESH = 10.0  # seconds for which it is believed
RECENT = timedelta(days=90)  # as long as single measurements live
LATELY, SERVING = 2000, 50  # deployments of those days, and the newest ones however old they are


@dataclass(frozen=True, slots=True)
class Shipped:
    """Commits that we know of, and the commit of each deployment by its id."""

    commits: frozenset[str] = frozenset()
    of: Mapping[str, str] = field(default_factory=dict)


class Releases:
    """Read before anything is judged, at most every ``FRESH`` seconds, in a thread."""

    def __init__(self) -> None:
        self._known = Shipped()
        self._until = 0.0
        self._lock = asyncio.Lock()  # whoever comes while it is read waits for the same answer

    async def known(self) -> Shipped:
        """What is known now; a store that does not answer leaves it as it was."""
        if time.monotonic() < self._until:
            return self._known
        async with self._lock:
            if time.monotonic() >= self._until:
                with suppress(store.StoreError):
                    self._known = await _store.read(partial(_read, datetime.now(UTC)))
                self._until = time.monotonic() + FRESH
        return self._known


def _read(now: datetime, c: Connection) -> Shipped:
    said = {dict(result.facts).get("commit", "") for _, result in standings.results(c).values()}
    newest = deployments.between(c, datetime(1970, 1, 1, tzinfo=UTC), now, SERVING)
    found = (*deployments.between(c, now - RECENT, now, LATELY), *newest)
    of = {each.id: each.commit for each in found if each.commit}
    return Shipped(frozenset(each for each in (*said, *of.values()) if each), of)
