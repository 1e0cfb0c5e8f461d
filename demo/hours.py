"""The demo's past added up by the hour, the newest first: exact where samples are kept, look-alikes further back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import groupby
from math import log
from zoneinfo import ZoneInfo

from demo.chance import mixed, number
from demo.rhythm import RHYTHMS
from demo.story import Story, Stretch, millis, moment
from model import Rollup, Sample, Status
from rules import rollup

RAW = timedelta(hours=24)  # so far back every sample is kept; further back roll-ups tell enough
HOUR_MS, MINUTE = 3_600_000, timedelta(minutes=1)
ALIKE, VARIANTS = log(1.03), 2  # hours whose level differs by less than this share one of so many look-alikes
Alike = tuple[Rollup, list[datetime]]  # the starts of all hours for which it stands


@dataclass(frozen=True)
class Batch:
    """What is written in one transaction: the samples of one hour that is over or runs, and what was added up."""

    hour: datetime
    samples: list[Sample]
    rollups: list[Rollup]
    alike: list[Alike] = field(default_factory=list)


@dataclass
class Hours:
    """The hours of one story. An hour that is all of one kind is rolled up once for all that are like it."""

    story: Story
    _known: dict[tuple[object, ...], Rollup] = field(default_factory=dict)

    @cached_property
    def _stretches(self) -> tuple[Stretch, ...]:
        return self.story.stretches(self.story.first, self.story.last)

    @cached_property
    def _seed(self) -> int:
        return number(self.story.line.series)

    @cached_property
    def _ends(self) -> list[int]:
        return [stretch.end for stretch in self._stretches]

    def inside(self, hour: int) -> list[Stretch]:
        """What of each stretch lies in the hour that begins at ``hour`` (milliseconds)."""
        found: list[Stretch] = []
        for stretch in self._stretches[bisect_right(self._ends, hour) :]:
            if stretch.start >= hour + HOUR_MS:
                break
            start, end = self.story.tick(max(stretch.start, hour)), min(stretch.end, hour + HOUR_MS)
            if start < end:
                found.append(Stretch(start, end, stretch.status, stretch.words, stretch.slow))
        return found

    def samples(self, hour: int) -> list[Sample]:
        """Every sample of an hour."""
        return [sample for stretch in self.inside(hour) for sample in self.story.samples(stretch)]

    def alike(self, hour: int) -> Rollup | None:
        """An hour added up, or one like it with another start that was before; None when it has no samples."""
        first, end = self.story.tick(hour), hour + HOUR_MS
        at = bisect_right(self._ends, first)
        stretch = self._stretches[at] if at < len(self._ends) else None
        if not stretch or stretch.start >= end:
            return None
        if not stretch.start <= first < end <= stretch.end:
            return self.exact(hour) if self.inside(hour) else None
        key = self._kind(stretch, first, hour)
        if key not in self._known:
            self._known[key] = self.exact(hour)
        return self._known[key]

    def exact(self, hour: int) -> Rollup:
        """An hour added up from its own samples."""
        return rollup.fold(self.story.line.series, "hour", moment(hour), self.samples(hour))

    def _kind(self, stretch: Stretch, first: int, hour: int) -> tuple[object, ...]:
        """What hours that are all of one stretch have in common when they are alike."""
        count = -((first - hour - HOUR_MS) // self.story.step)
        if stretch.status is Status.DOWN or not self.story.line.rhythms:
            return count, stretch.status
        level = _level(self.story.line.rhythms, stretch.slow, hour)
        return count, stretch.status, stretch.slow, level, mixed(self._seed ^ hour) % VARIANTS


@lru_cache(maxsize=1024)  # what is made of the same asks for the same hour, one after the other
def _level(rhythms: tuple[str, ...], slow: tuple[str, ...], hour: int) -> int:
    """How slow an hour is at its middle, in steps of ``ALIKE``."""
    middle = (hour + HOUR_MS // 2) / 1000
    levels = [RHYTHMS[name].level(middle) * (RHYTHMS[name].slow if name in slow else 1.0) for name in rhythms]
    return round(log(sum(levels)) / ALIKE)


@dataclass(frozen=True)
class Past:
    """All stories up to the opening, in batches small enough that nobody waits for the store."""

    opened: datetime
    stories: tuple[Story, ...]
    tz: ZoneInfo

    @property
    def first(self) -> datetime:
        """The earliest moment of any story."""
        return min(story.first for story in self.stories)

    def batches(self) -> Iterator[Batch]:
        """Samples and roll-ups: hour by hour while samples are kept, then day by day of the site."""
        hours = [Hours(story) for story in self.stories]
        starts = range(_floor(self.opened), _floor(self.first) - 1, -HOUR_MS)
        for _, day in groupby(starts, key=lambda ms: moment(ms).astimezone(self.tz).date()):
            yield from self._day(hours, list(day))

    def _day(self, hours: list[Hours], starts: list[int]) -> Iterator[Batch]:
        hours = [each for each in hours if each.story.first < moment(starts[0] + HOUR_MS)]
        kept = millis(self.opened - RAW)
        folded: list[Rollup] = []
        for hour in starts:
            if hour + HOUR_MS > kept:
                batch = self._kept(hours, hour)
                folded += batch.rollups
                yield batch
        far = {hour: moment(hour) for hour in starts if hour + HOUR_MS <= kept}
        alike = [pair for each in hours for pair in _alike(each, far)]
        told = [*folded, *(each for each, at in alike for _ in at)]
        whole = starts[0] + HOUR_MS <= millis(self.opened)
        yield Batch(moment(starts[-1]), [], [*_merged(told, moment(starts[-1]))] if whole else [], alike)

    def _kept(self, hours: list[Hours], hour: int) -> Batch:
        """The samples, the minutes that are over and, when it is over, the hour: what is not is the poller's."""
        batch = Batch(moment(hour), [], [])
        for each in hours:
            series, found = each.story.line.series, each.samples(hour)
            batch.samples.extend(found)
            batch.alike.extend(self._minutes(series, found))
            if found and hour + HOUR_MS <= millis(self.opened):
                batch.rollups.append(rollup.fold(series, "hour", batch.hour, found))
        return batch

    def _minutes(self, series: str, found: list[Sample]) -> Iterable[Alike]:
        """Minutes in which nothing was measured are alike when their statuses are."""
        made: dict[object, Alike] = {}
        for minute, group in groupby(found, key=lambda sample: sample.at.replace(second=0, microsecond=0)):
            if minute + MINUTE <= self.opened:
                some = list(group)
                measured = any(sample.latency is not None for sample in some)
                kind = minute if measured else tuple([sample.status for sample in some])
                if kind not in made:
                    made[kind] = rollup.fold(series, "minute", minute, some), []
                made[kind][1].append(minute)
        return made.values()


def _floor(at: datetime) -> int:
    return millis(at) // HOUR_MS * HOUR_MS


def _alike(hours: Hours, starts: Mapping[int, datetime]) -> Iterator[Alike]:
    """Every hour of one series that begins at one of ``starts``, those that are alike together."""
    found: dict[int, Alike] = {}
    for hour, start in starts.items():
        if each := hours.alike(hour):
            found.setdefault(id(each), (each, []))[1].append(start)
    yield from found.values()


def _merged(folded: Iterable[Rollup], start: datetime) -> Iterator[Rollup]:
    """One day of every series out of its hours."""
    found: dict[str, list[Rollup]] = {}
    for each in folded:
        found.setdefault(each.series, []).append(each)
    for series, some in found.items():
        yield rollup.merge(series, "day", start, some)
