"""Minutes, hours, days: what is over is added up, sealed and, in its time, dropped; each step may be repeated.

Each level notes how far it is and goes on from there, however long nobody ran: what comes late is added up again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

from data import audit, days, intervals, retention, rollups, samples, series, standings, store, watch
from data.store import Connection, Engine
from model import Day, Maintenance, Monitor, Rollup
from rules import intervals as cover
from rules import rollup, uptime
from settings import Settings

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Bucket = Callable[[datetime], datetime]
Step = Callable[[], bool]  # one short transaction; True: there is more to do, it is to be called again
FOLDED = "folded"  # up to which minute the minutes are done; the other notes say it of what is made from them
HOURS, DAYS, SECONDS = "folded hours", "folded days", "folded seconds"
OFTEN = 5  # minutes between two looks at the hours and days that are not over yet
SPAN = timedelta(minutes=10)  # that are added up in one go
COMMIT = timedelta(seconds=15)  # a result is kept within a second, or once a lock is gone


class Folding:
    """Every step is a short transaction of its own; whoever runs them may do something else between any two."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.monitors = {monitor.key: monitor for monitor in settings.monitors}
        readings = [reading for each in settings.integrations for reading in each.readings]
        longest = max((each.timeout for each in (*settings.monitors, *readings)), default=0.0)
        # A sample stands where its probe began, and is kept when that has ended: a minute may still get some.
        self.patience = timedelta(seconds=longest) + COMMIT

    def steps(self, now: datetime, behind: bool = False) -> list[Step]:
        """What is to be done at ``now``, in order. ``behind``: results wait that could not be kept yet.

        They belong to what would be closed, so then only room is made.
        """
        end = now.replace(second=0, microsecond=0)
        often = end.minute % OFTEN == 1 or end.minute < 2
        done: list[Step] = [] if behind else [lambda: self.minutes(end)]
        if often and not behind:
            done += [lambda: self.hours(end), lambda: self.seconds(now), lambda: self.days(now), lambda: self.seal(now)]
        if often:
            done += [lambda: self.prune(now), lambda: self.prune_acts(now)]
        return [*done, self._ballast]

    def minutes(self, end: datetime) -> bool:
        """Adds up the minutes since the last one that was done, and once more those that may have got late samples."""
        with store.reading(self.engine) as c:
            noted = min(_noted(c, FOLDED) or end - HOUR, end)
            start = (noted - self.patience).replace(second=0, microsecond=0)
            first = samples.first(c, start)
            if first is None or first >= end:
                start = stop = end
            else:
                start = max(start, first.replace(second=0, microsecond=0))
                stop = min(max(noted, start) + SPAN, end)
            known, ids = rollups.counted(c, "minute", start, stop), series.ids(c)
            since = min(max(noted, start), stop)
            there = samples.counted(c, start, since)
            late = {key for (key, minute), n in there.items() if n > known.get((key, minute), 0)}
            fresh = [*samples.fresh(c, start, since, late).items(), *samples.fresh(c, since, stop).items()]
        made = [
            rollup.fold(key, "minute", minute, list(group))
            for key, found in fresh
            for minute, group in groupby(found, key=lambda sample: sample.at.replace(second=0, microsecond=0))
        ]
        with store.writing(self.engine) as c:
            rollups.put(c, ids, rollup.grown(made, known))
            watch.note(c, FOLDED, stop.isoformat())
        return stop < end

    def hours(self, end: datetime) -> bool:
        """The hours out of their minutes, the one that runs included."""
        return self._merged("minute", "hour", (FOLDED, HOURS), end, lambda at: at.replace(minute=0))

    def days(self, now: datetime) -> bool:
        """The days, in the site's time zone, out of their hours, today included."""
        return self._merged("hour", "day", (HOURS, DAYS), now, self._midnight)

    def _merged(self, of: str, into: str, notes: tuple[str, str], end: datetime, bucket: Bucket) -> bool:
        """From the bucket before the one that was the last to be done, up to where what it is made of is done."""
        with store.reading(self.engine) as c:
            stop = min(_noted(c, notes[0]) or end, end)
            start = bucket(bucket(min(_noted(c, notes[1]) or stop, stop)) - MINUTE)
            found, ids = rollups.between(c, of, start, stop), series.ids(c)
            known = rollups.counted(c, into, start, stop)
        groups: dict[tuple[str, datetime], list[Rollup]] = {}
        for each in found:
            groups.setdefault((each.series, bucket(each.start)), []).append(each)
        made = [rollup.merge(key, into, at, some) for (key, at), some in groups.items()]
        with store.writing(self.engine) as c:
            rollups.put(c, ids, rollup.grown(made, known))
            watch.note(c, notes[1], stop.isoformat())
        return False

    def seconds(self, now: datetime) -> bool:
        """The seconds of each status of every day since the one before the last that was counted, for every series."""
        tz = self.settings.site.timezone
        with store.reading(self.engine) as c:
            start = self._midnight(self._midnight(min(_noted(c, SECONDS) or now, now)) - MINUTE)
            known, closed = standings.read(c), intervals.between(c, start, now)
            born, ids = series.created(c), series.ids(c)
        made: list[Day] = []
        for key, standing in known.items():
            monitor = self.monitors.get(key.split("/")[0])
            if monitor is not None and key in born:
                line = cover.timeline(
                    closed.get(key, ()), standing, monitor.horizon, born[key], self._quiet(monitor), start, now, now
                )
                made += [Day(key, date, total) for date, total in uptime.by_day(line, tz)]
        with store.writing(self.engine) as c:
            days.put(c, ids, made)
            watch.note(c, SECONDS, now.isoformat())
        return False

    def _midnight(self, at: datetime) -> datetime:
        """When the calendar day of ``at`` began in the site's time zone."""
        tz = self.settings.site.timezone
        return uptime.midnight(at.astimezone(tz).date(), tz)

    def _quiet(self, monitor: Monitor) -> tuple[Maintenance, ...]:
        return tuple(m for m in self.settings.maintenance if not m.monitors or monitor.key in m.monitors)

    def seal(self, now: datetime) -> bool:
        """Packs an hour that is over and added up, a few thousand rows at a time; nothing more will come for it."""
        with store.reading(self.engine) as c:
            noted = _noted(c, FOLDED)
            hours = samples.unsealed_hours(c, min(now, noted) - self.patience) if noted else ()
        if not hours:
            return False
        with store.writing(self.engine) as c:
            samples.seal(c, hours[0])
        return True

    def prune(self, now: datetime) -> bool:
        """Drops a few thousand rows that are older than they are kept."""
        kept = self.settings.store
        with store.writing(self.engine) as c:
            return retention.prune(c, now, kept.raw_days, kept.history_days) > 0

    def prune_acts(self, now: datetime) -> bool:
        """The same of what people decided; never without the key, or nobody could prove that the rest is whole."""
        key = self.settings.server.audit_key
        if key is None:
            return False
        with store.writing(self.engine) as c:
            over, older = audit.over(now, self.settings.store.history_days), self.settings.server.older_keys
            return audit.prune(c, over, key.reveal().encode(), older_keys=older) > 0

    def _ballast(self) -> bool:
        store.restore_ballast(self.engine)
        return False


def _noted(c: Connection, name: str) -> datetime | None:
    said = watch.noted(c).get(name)
    return datetime.fromisoformat(said) if said else None
