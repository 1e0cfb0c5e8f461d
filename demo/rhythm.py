"""How fast the demo's platform answers: busy by day, calm at night and at week-ends, with noise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import cos, exp, pi, sin, tau

from demo.chance import bell, mixed, number

DAY, WEEK = 86_400.0, 604_800.0
BUSY_HOUR = 13.0  # UTC: early afternoon in Berlin
MONDAY = 4 * DAY  # 1970 began on a Thursday
SLOW_FACTOR = 18.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``base`` ms on a calm night, up to ``busy`` times more at noon, noise of ``spread`` (sigma of the logarithm)."""

    base: float
    busy: float = 0.6
    spread: float = 0.14
    slow: float = SLOW_FACTOR  # how many times slower while in trouble of kind slow

    def level(self, seconds: float) -> float:
        """The middle latency at a moment (seconds since 1970), in ms, without noise."""
        daily = 0.5 + 0.5 * cos(tau * (seconds / DAY - BUSY_HOUR / 24))
        weekend = (seconds - MONDAY) % WEEK >= 5 * DAY
        drift = 1 + 0.08 * sin(tau * seconds / (33 * DAY) + self.base % pi)
        return self.base * drift * (1 + self.busy * daily**2 * (0.35 if weekend else 1.0))

    def noise(self, seed: int, milliseconds: int) -> float:
        """The factor on the level of one answer; one in eighty is a straggler."""
        bits = mixed(seed ^ milliseconds)
        factor = exp(self.spread * bell(bits))
        return factor * 2.5 if bits % 80 == 0 else factor

    def latency(self, subject: str, seed: int, moment: datetime, *, slow: bool = False) -> float:
        """Milliseconds that one answer takes at a moment."""
        seconds = moment.timestamp()
        factor = self.slow if slow else 1.0
        return self.level(seconds) * factor * self.noise(number(seed, subject), int(seconds * 1000))


# What takes the time: the things that answer, not the monitors that ask.
RHYTHMS = {
    "home": Rhythm(62, slow=14),
    "login": Rhythm(21),
    "platform": Rhythm(14),
    "live": Rhythm(2.6, busy=0.2),
    "search": Rhythm(38),
    "database": Rhythm(11, busy=1.1, spread=0.2),
    "connect": Rhythm(0.45, busy=0.1),
    "auth": Rhythm(34),
    "storage": Rhythm(47),
    "functions": Rhythm(73, spread=0.22),
    "realtime": Rhythm(18),
    "payments": Rhythm(96, busy=0.4),
    "strangers": Rhythm(24, busy=0.3),
    "hosting": Rhythm(55, busy=0.1),
    "handshake": Rhythm(3.2, busy=0.1),
    "name": Rhythm(1.1, busy=0.1),
    "unit": Rhythm(1.0, busy=0.0, spread=0.01),
}
