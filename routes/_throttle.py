"""How much one address, and everybody together, may send: token buckets in a table of bounded size.

Addresses are only kept as keyed hashes, with a key that lives as long as the process, and in memory alone.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

MOST = 10_000  # addresses that are remembered; the one that was quiet the longest goes first
CROWD = 19  # addresses in an hour beside which one's share is bounded: among fewer nobody can say what is much
SHARE, FAIR = 0.05, 1.5  # of an hour from one address; where many times the average is more, that
FREE = 20  # measurements an hour that nobody's share is too small for
HOUR = 3600


@dataclass(slots=True)
class Hour:
    """What was let in within one clock hour, from how many addresses."""

    number: int = -1
    sent: int = 0
    addresses: int = 0


@dataclass(slots=True)
class Bucket:
    """Tokens left at a moment, and what was let in within an hour."""

    tokens: float
    at: float
    hour: int = -1
    sent: int = 0

    def fill(self, rate: float, burst: float, now: float) -> None:
        self.tokens, self.at = min(burst, self.tokens + max(0.0, now - self.at) * rate), now


class Throttle:
    """``rate`` a second in the long run and ``burst`` at once for each address; ``all_`` for everybody together.

    Among many, one address makes up no more than a share of an hour, so that it cannot decide what a p75 says.
    ``clock`` tells the time of day.
    """

    def __init__(
        self, rate: float, burst: float, all_rate: float, all_burst: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._rate, self._burst, self._all_rate, self._all_burst = rate, burst, all_rate, all_burst
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()
        self._everybody = Bucket(all_burst, clock())
        self._hour, self._before = Hour(), Hour()

    def lets(self, address: str, many: int = 1) -> bool:
        """Takes so many tokens of the address and of everybody's; False, and takes none, when either has too few."""
        now = self._clock()
        self._turn(int(now // HOUR))
        mine = self._bucket(address, now)
        mine.fill(self._rate, self._burst, now)
        self._everybody.fill(self._all_rate, self._all_burst, now)
        if min(mine.tokens, self._everybody.tokens) < many or not self._fair(mine.sent + many):
            return False
        self._hour.addresses += many > 0 and mine.sent == 0
        for each in (mine, self._everybody):
            each.tokens -= many
        mine.sent += many
        self._hour.sent += many
        return True

    def _turn(self, hour: int) -> None:
        """The hour before is what a young one is measured by."""
        if hour != self._hour.number:
            self._before = self._hour if hour == self._hour.number + 1 else Hour()
            self._hour = Hour(hour)

    def _bucket(self, address: str, now: float) -> Bucket:
        mark = blake2b(_network(address).encode("utf-8", "replace"), key=self._key, digest_size=8).digest()
        mine = self._buckets.setdefault(mark, Bucket(self._burst, now))
        if mine.hour != self._hour.number:
            mine.hour, mine.sent = self._hour.number, 0
        self._buckets.move_to_end(mark)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return mine

    def _fair(self, sent: int) -> bool:
        """Whether so much of one address fits beside what all the others sent."""
        crowd = max(self._hour.addresses, self._before.addresses)
        whole = max(self._hour.sent, self._before.sent)
        return crowd < CROWD or sent <= max(FREE, whole * max(SHARE, FAIR / crowd))

    def __len__(self) -> int:
        return len(self._buckets)


def _network(address: str) -> str:
    """Of IPv6 the first 64 bits: the rest of an address is the customer's to change at will."""
    if ":" not in address and "%" not in address:
        return address  # IPv4 is written in one way only
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return found.packed[:8].hex()
    return str(getattr(found, "ipv4_mapped", None) or found)
