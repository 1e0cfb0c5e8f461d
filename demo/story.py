"""What the watcher would have seen of one series of the demo: stretches of one status, and single samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import groupby, pairwise

from demo import past
from demo.cast import Line
from demo.chance import number
from demo.rhythm import RHYTHMS
from demo.schedule import Schedule
from model import Phases, Sample, Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
LEVEL_MS = 300_000  # a level is worked out once in five minutes of samples
Level = tuple[float, Callable[[int, int], float], int]  # of one rhythm: the middle, its noise, the noise's seed
RANK = {Status.UP: 0, Status.DEGRADED: 1, Status.DOWN: 2}


def moment(ms: int) -> datetime:
    """The moment of milliseconds since 1970."""
    return EPOCH + ms * MS


def millis(at: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (at - EPOCH) // MS


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples from ``start`` up to ``end`` (milliseconds, exclusive) are alike; ``slow`` names what is slow then."""

    start: int
    end: int
    status: Status
    words: str = ""
    slow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """One series, looked at every ``every`` seconds since ``first``, up to ``last``; samples at fixed ticks."""

    line: Line
    every: float
    schedule: Schedule
    first: datetime
    last: datetime

    @cached_property
    def step(self) -> int:
        """Milliseconds between two samples."""
        return round(self.every * 1000)

    @cached_property
    def _phase(self) -> int:
        return number("phase", self.line.series.split("/")[0]) % self.step

    def tick(self, ms: int) -> int:
        """The first tick at or after ``ms``. The parts of a monitor share its ticks."""
        phase, step = self._phase, self.step
        return phase + -((phase - ms) // step) * step

    def stretches(self, start: datetime, end: datetime) -> tuple[Stretch, ...]:
        """What was seen in [start, end), oldest first; nothing while nobody watched, and none without a sample."""
        found: list[Stretch] = []
        for stretch in self._pieces(max(start, self.first), min(end, self.last)):
            if found and found[-1].end == stretch.start and _alike(found[-1], stretch):
                found[-1] = Stretch(found[-1].start, stretch.end, stretch.status, stretch.words, stretch.slow)
            else:
                found.append(stretch)
        return tuple(found)

    def _pieces(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        blind = past.blind(self.schedule.opened)
        subjects = {*self.line.rhythms, *(subject for subject, _ in self.line.shows)}
        troubles = [each for subject in sorted(subjects) for each in self.schedule.troubles(subject, start, end)]
        edges = {start, end, *blind, *(edge for each in troubles for edge in (each.start, each.end))}
        for begin, finish in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
            low, high = self.tick(millis(begin)), self.tick(millis(finish))
            if low < high and not blind[0] <= begin < blind[1]:
                now = [(each.subject, each.kind) for each in troubles if each.start <= begin < each.end]
                yield self._stretch(low, high, now)

    def _stretch(self, low: int, high: int, now: list[tuple[str, str]]) -> Stretch:
        shown = [self.line.shows[each] for each in now if each in self.line.shows]
        status, words = max(shown, key=lambda each: RANK[each[0]], default=self.line.calm)
        slow = tuple(subject for subject, kind in now if kind == "slow" and subject in self.line.rhythms)
        return Stretch(low, high, status, words, slow)

    def runs(self, start: datetime, end: datetime) -> tuple[Stretch, ...]:
        """The stretches with neighbours of one status and words joined, whatever is slow: what becomes intervals."""
        found = []
        for _, group in groupby(_numbered(self.stretches(start, end)), key=lambda each: each[0]):
            alike = [stretch for _, stretch in group]
            found.append(Stretch(alike[0].start, alike[-1].end, alike[0].status, alike[0].words, alike[0].slow))
        return tuple(found)

    def samples(self, stretch: Stretch) -> Iterator[Sample]:
        """Every sample of one stretch."""
        for block, ticks in groupby(range(stretch.start, stretch.end, self.step), key=lambda ms: ms // LEVEL_MS):
            yield from self._block(ticks, self._levels(block * LEVEL_MS / 1000, stretch), stretch)

    def _levels(self, seconds: float, stretch: Stretch) -> list[Level]:
        """The level of each rhythm, none while it fails: failed probes have no latency."""
        if stretch.status is Status.DOWN:
            return []
        found: list[Level] = []
        for name in self.line.rhythms:
            rhythm = RHYTHMS[name]
            level = rhythm.level(seconds) * (rhythm.slow if name in stretch.slow else 1.0)
            found.append((level, rhythm.noise, _seed(self.schedule.seed, name)))
        return found

    def _block(self, ticks: Iterable[int], levels: list[Level], stretch: Stretch) -> Iterator[Sample]:
        series, status, words = self.line.series, stretch.status, stretch.words
        if not levels:
            yield from (Sample(series, moment(ms), status, None, words) for ms in ticks)
            return
        for ms in ticks:
            taken = 0.0
            for level, noise, seed in levels:
                taken += level * noise(seed, ms)
            latency = round(taken, 3)  # the store keeps microseconds
            yield Sample(series, moment(ms), status, latency, words, Phases(None, 0.25, None, latency - 0.25, latency))


@cache  # asked for every five minutes of every series
def _seed(seed: int, name: str) -> int:
    return number(seed, name)


def _alike(one: Stretch, other: Stretch) -> bool:
    return (one.status, one.words, one.slow) == (other.status, other.words, other.slow)


def _numbered(stretches: tuple[Stretch, ...]) -> Iterator[tuple[int, Stretch]]:
    """Each with the number of its run."""
    run = 0
    for before, stretch in zip((None, *stretches), stretches, strict=False):
        adjacent = before is not None and before.end == stretch.start
        run += not (adjacent and before and (before.status, before.words) == (stretch.status, stretch.words))
        yield run, stretch
