"""Stories as the store keeps them: intervals, the open standing, flips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from demo.cast import Player, players
from demo.schedule import Schedule
from demo.story import Story, Stretch, moment
from model import Flip, Interval, Monitor, Result, Standing, Status
from rules import status

SURE = timedelta(seconds=3)  # from the first bad sample to the second


@dataclass(frozen=True)
class Telling:
    """One story up to the opening, cut into what is closed and what is open."""

    story: Story
    slow: float | None

    @property
    def series(self) -> str:
        """Its series."""
        return self.story.line.series

    @cached_property
    def runs(self) -> tuple[Stretch, ...]:
        """Runs of one status and one reason, oldest first."""
        return self.story.runs(self.story.first, self.story.last)

    def words(self, run: Stretch) -> str:
        """Why; of what is slow the rules say it, as they do of a live probe."""
        if run.words or run.status is not Status.DEGRADED or not self.slow:
            return run.words
        return status.graded(Result(Status.UP, latency=self._latency(run)), self.slow).words

    def _latency(self, run: Stretch) -> float | None:
        return next(self.story.samples(run)).latency

    def _seen(self, run: Stretch) -> datetime:
        return moment(run.end - self.story.step)

    def intervals(self) -> Iterator[Interval]:
        """Everything closed, contiguous: a gap of the watcher is unknown from the last sample to the next."""
        for run, after in pairwise(self.runs):
            gap = after.start != run.end
            end = self._seen(run) if gap else moment(run.end)
            yield Interval(self.series, run.status, moment(run.start), end, self.words(run))
            if gap:
                yield Interval(self.series, Status.UNKNOWN, end, moment(after.start), "nobody watched")

    def standing(self) -> Standing:
        """The open interval at the opening."""
        run = self.runs[-1]
        newest = self.story.stretches(moment(run.start), self.story.last)[-1]
        last = replace(newest, start=newest.end - self.story.step)
        return Standing(
            self.series,
            run.status,
            moment(run.start),
            self._seen(run),
            self.words(run),
            latency=self._latency(last),
        )

    def flips(self) -> Iterator[Flip]:
        """Every change of status."""
        for run, after in pairwise(self.runs):
            if run.status is not after.status:
                at = moment(after.start)
                yield Flip(self.series, run.status, after.status, at, at + SURE, self.words(after))


def monitor(player: Player) -> Monitor:
    """The monitor as the rules want it; its options are of no account here."""
    table = player.table
    return Monitor(
        key=player.key,
        name=player.name,
        check=player.check,
        options=None,
        every=player.every,
        slow=player.slow,
        group=player.group,
        critical=bool(table.get("critical")),
        public=table.get("public"),
        runbook=table.get("runbook"),
        depends_on=tuple(table.get("depends_on", ())),
    )


def cast() -> tuple[Player, ...]:
    """Who plays, wherever that is."""
    return players("", 0, 0, 0, "", "")


def told(schedule: Schedule) -> Iterator[tuple[Player, Telling]]:
    """Every series of every player with its story up to the opening."""
    for player in cast():
        first = schedule.opened - timedelta(days=player.days)
        for line in player.lines:
            slow = player.slow if line is player.line else None
            yield player, Telling(Story(line, player.every, schedule, first, schedule.opened), slow)
