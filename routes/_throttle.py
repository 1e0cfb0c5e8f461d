"""How much one address, and everybody together, may send: token buckets in a table of bounded size.

Addresses are only kept as keyed hashes, with a key that lives as long as the process, and in memory alone.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

MOST = 10_000  # addresses that are remembered; the one that was quiet the longest goes first


class Throttle:
    """``rate`` a second in the long run and ``burst`` at once for each address; ``all_`` for everybody together."""

    def __init__(
        self, rate: float, burst: float, all_rate: float, all_burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._all_rate, self._all_burst = rate, burst, all_rate, all_burst
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._everybody = (all_burst, clock())

    def lets(self, address: str) -> bool:
        """Takes one token of the address and one of everybody's; False when either has none."""
        now = self._clock()
        left = _filled(self._everybody, self._all_rate, self._all_burst, now)
        mark = blake2b(address.encode("utf-8", "replace"), key=self._key, digest_size=8).digest()
        mine = _filled(self._buckets.get(mark, (self._burst, now)), self._rate, self._burst, now)
        fine = left >= 1 and mine >= 1
        self._everybody = (left - fine, now)
        self._buckets[mark] = (mine - fine, now)
        self._buckets.move_to_end(mark)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return fine

    def __len__(self) -> int:
        return len(self._buckets)


def _filled(bucket: tuple[float, float], rate: float, burst: float, now: float) -> float:
    tokens, since = bucket
    return min(burst, tokens + (now - since) * rate)
