"""The demo's past added up by the hour, the newest first: exact where samples are kept, look-alikes further back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from math import log
from zoneinfo import ZoneInfo

from demo.chance import number
from demo.rhythm import RHYTHMS
from demo.story import Story, Stretch, millis, moment
from model import Rollup, Sample, Status
from rules import rollup

RAW = timedelta(hours=24)  # so far back every sample is kept; further back roll-ups tell enough
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
ALIKE, VARIANTS = log(1.03), 2  # hours whose level differs by less than this share one of so many look-alikes
Batch = tuple[list[Sample], list[Rollup]]


@dataclass
class Hours:
    """The hours of one story. An hour that is all of one kind is rolled up once for all that are like it."""

    story: Story
    _known: dict[tuple[object, ...], Rollup] = field(default_factory=dict)

    @cached_property
    def _stretches(self) -> tuple[Stretch, ...]:
        return self.story.stretches(self.story.first, self.story.last)

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
        """An hour added up, from an hour like it where there is one; None when it has no samples."""
        inside = self.inside(hour)
        if not inside:
            return None
        if len(inside) > 1 or not self._whole(inside[0], hour):
            return self.exact(hour)
        key = self._kind(inside[0], hour)
        if key not in self._known:
            self._known[key] = self.exact(hour)
        return replace(self._known[key], start=moment(hour))

    def exact(self, hour: int) -> Rollup:
        """An hour added up from its own samples."""
        return rollup.fold(self.story.line.series, "hour", moment(hour), self.samples(hour))

    def _whole(self, stretch: Stretch, hour: int) -> bool:
        return stretch.start == self.story.tick(hour) and stretch.end == hour + HOUR_MS

    def _kind(self, stretch: Stretch, hour: int) -> tuple[object, ...]:
        level = self._level(stretch, hour)
        count = -((stretch.start - stretch.end) // self.story.step)
        return count, stretch.status, stretch.slow, level, number(self.story.line.series, hour) % VARIANTS

    def _level(self, stretch: Stretch, hour: int) -> int:
        rhythms = self.story.line.rhythms
        if not rhythms or stretch.status is Status.DOWN:
            return 0
        slow = [RHYTHMS[name].slow if name in stretch.slow else 1.0 for name in rhythms]
        middle = (hour + HOUR_MS // 2) / 1000
        return round(log(sum(f * RHYTHMS[name].level(middle) for f, name in zip(slow, rhythms, strict=True))) / ALIKE)


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
        kept = millis(self.opened - RAW)
        folded: list[Rollup] = []
        for hour in starts:
            if hour + HOUR_MS > kept:
                fresh, added = self._kept(hours, hour)
                folded += [each for each in added if each.level == "hour"]
                yield fresh, added
        far = [each.alike(hour) for hour in starts if hour + HOUR_MS <= kept for each in hours]
        told = [each for each in far if each is not None]
        whole = starts[0] + HOUR_MS <= millis(self.opened)
        yield [], [*told, *(_merged(folded + told, moment(starts[-1])) if whole else ())]

    def _kept(self, hours: list[Hours], hour: int) -> Batch:
        fresh: list[Sample] = []
        added: list[Rollup] = []
        for each in hours:
            found = each.samples(hour)
            fresh += found
            added += self._folded(each.story.line.series, found, hour)
        return fresh, added

    def _folded(self, series: str, found: list[Sample], hour: int) -> Iterator[Rollup]:
        """The minutes that are over and, when it is over, the hour: what is not is the poller's."""
        end = millis(self.opened)
        for minute, some in groupby(found, key=lambda sample: millis(sample.at) // MINUTE_MS * MINUTE_MS):
            if minute + MINUTE_MS <= end:
                yield rollup.fold(series, "minute", moment(minute), tuple(some))
        if found and hour + HOUR_MS <= end:
            yield rollup.fold(series, "hour", moment(hour), found)


def _floor(at: datetime) -> int:
    return millis(at) // HOUR_MS * HOUR_MS


def _merged(folded: list[Rollup], start: datetime) -> Iterator[Rollup]:
    """One day of every series out of its hours."""
    for series, some in groupby(sorted(folded, key=lambda each: each.series), key=lambda each: each.series):
        yield rollup.merge(series, "day", start, tuple(some))
