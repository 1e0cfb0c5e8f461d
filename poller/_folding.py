"""Minutes, hours, days: what is over is added up, sealed and, in its time, dropped; each step may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from data import audit, days, intervals, retention, rollups, samples, series, standings, store, watch
from data.store import Engine
from model import Day, Maintenance, Monitor, Rollup
from rules import intervals as cover
from rules import rollup, uptime
from settings import Settings

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Bucket = Callable[[datetime], datetime]
NOTE = "folded"  # up to which minute the minutes are done
OFTEN = 5  # minutes between two looks at the hours and days that are not over yet


class Folding:
    """Every step is a short transaction of its own; ``run`` goes through those that are due."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.monitors = {monitor.key: monitor for monitor in settings.monitors}

    def steps(self, now: datetime) -> list[Callable[[], object]]:
        """What is to be done at ``now``, in order; whoever runs them may pause between any two."""
        end = now.replace(second=0, microsecond=0)
        done: list[Callable[[], object]] = [lambda: self.minutes(end), lambda: store.restore_ballast(self.engine)]
        if end.minute % OFTEN == 1 or end.minute < 2:
            hour = end.replace(minute=0)
            done += [lambda: self.hours(hour - HOUR, end), lambda: self.today(now), lambda: self.day_rollups(now)]
            done += [lambda: self.seal(now), lambda: self.prune(now)]
        return done

    def minutes(self, end: datetime) -> None:
        """Adds up the minutes since the last one that was done; after a long sleep the newest two days only."""
        with store.reading(self.engine) as c:
            noted = watch.noted(c).get(NOTE)
            start = datetime.fromisoformat(noted) if noted else end - HOUR
            start = max(start, end - retention.MINUTES)
        while start < end:
            stop = min(start + timedelta(minutes=10), end)
            self._minutes(start, stop)
            start = stop

    def _minutes(self, start: datetime, end: datetime) -> None:
        with store.reading(self.engine) as c:
            fresh, ids = samples.fresh(c, start, end), series.ids(c)
        made = [
            rollup.fold(key, "minute", minute, list(group))
            for key, found in fresh.items()
            for minute, group in groupby(found, key=lambda sample: sample.at.replace(second=0, microsecond=0))
        ]
        with store.writing(self.engine) as c:
            rollups.put(c, ids, made)
            watch.note(c, NOTE, end.isoformat())

    def hours(self, start: datetime, end: datetime) -> None:
        """The hours from ``start`` on out of their minutes, the one that runs included."""
        self._merged("minute", "hour", start, end, lambda at: at.replace(minute=0))

    def day_rollups(self, now: datetime) -> None:
        """Today and yesterday, in the site's time zone, out of their hours."""
        tz = self.settings.site.timezone
        start = uptime.midnight(now.astimezone(tz).date() - timedelta(days=1), tz)
        self._merged("hour", "day", start, now, lambda at: uptime.midnight(at.astimezone(tz).date(), tz))

    def _merged(self, of: str, into: str, start: datetime, end: datetime, bucket: Bucket) -> None:
        with store.reading(self.engine) as c:
            found, ids = rollups.between(c, of, start, end), series.ids(c)
        groups: dict[tuple[str, datetime], list[Rollup]] = {}
        for each in found:
            groups.setdefault((each.series, bucket(each.start)), []).append(each)
        made = [rollup.merge(key, into, at, parts) for (key, at), parts in groups.items()]
        with store.writing(self.engine) as c:
            rollups.put(c, ids, made)

    def today(self, now: datetime) -> None:
        """The seconds of each status of today and yesterday, for every series."""
        tz = self.settings.site.timezone
        start = uptime.midnight(now.astimezone(tz).date() - timedelta(days=1), tz)
        with store.reading(self.engine) as c:
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

    def _quiet(self, monitor: Monitor) -> tuple[Maintenance, ...]:
        return tuple(m for m in self.settings.maintenance if not m.monitors or monitor.key in m.monitors)

    def seal(self, now: datetime) -> None:
        """Packs the hours that are over, a few thousand rows a transaction."""
        with store.reading(self.engine) as c:
            hours = samples.unsealed_hours(c, now)
        for hour in hours:
            for _ in self._until_nothing(partial(self._seal, hour)):
                pass

    def _seal(self, hour: datetime) -> int:
        with store.writing(self.engine) as c:
            return samples.seal(c, hour)

    def prune(self, now: datetime) -> None:
        """Drops what is older than it is kept, a few thousand rows a transaction."""
        for step in (self._prune, self._prune_acts):
            for _ in self._until_nothing(partial(step, now)):
                pass

    def _prune(self, now: datetime) -> int:
        kept = self.settings.store
        with store.writing(self.engine) as c:
            return retention.prune(c, now, kept.raw_days, kept.history_days)

    def _prune_acts(self, now: datetime) -> int:
        """Never without the key: nobody could prove any more that the rest is whole."""
        key = self.settings.server.audit_key
        if key is None:
            return 0
        with store.writing(self.engine) as c:
            over, older = audit.over(now, self.settings.store.history_days), self.settings.server.older_keys
            return audit.prune(c, over, key.reveal().encode(), older_keys=older)

    @staticmethod
    def _until_nothing(step: Callable[[], int]) -> Iterable[int]:
        while (gone := step()) > 0:
            yield gone
