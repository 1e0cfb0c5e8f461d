"""Reads a whole document into the values of model.py; the first mistake is raised, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

import registry
from configuration import tables
from configuration.mistakes import Mistake, Place, from_pydantic, unknown
from configuration.tables import ROWS, TABLES, known
from model import Channel, Checklist, Integration, Item, Maintenance, Monitor, Secret, Slo, Status

T = TypeVar("T", bound=BaseModel)
OF_A_RELEASE = ("no-new-issue", "event-received", "built", "live")
ALONE = (*OF_A_RELEASE, "arriving", "way-back", "alerting")  # gates that look at the whole platform


class Reading:
    """One pass over one document; ``hidden`` are the places whose values are never said."""

    def __init__(self, document: Mapping[str, Any], hidden: Iterable[Place] = ()) -> None:
        self.document = document
        self.hidden = frozenset(hidden)
        for name in document:
            if name not in _tables():
                raise Mistake((), f"unknown table [{name[:64]}]{_nearest(name)}")

    def table(self, name: str, shape: type[T]) -> T:
        """The one [name] table; all defaults when it is not there."""
        return self._read(shape, (name,), self.document.get(name, {}), known(shape))

    def integrations(self) -> tuple[Integration, ...]:
        """Every outside service whose table is there, with its readings."""
        return tuple(self._integration(name) for name in registry.names("integrations") if name in self.document)

    def _integration(self, name: str) -> Integration:
        module = registry.member("integrations", name)
        options = self._read(module.Options, (name,), self.document[name], known(module.Options))
        asked = module.readings(options) if hasattr(module, "readings") else module.READINGS
        readings = tuple(
            Monitor(
                f"{name}.{each.name}",
                each.title,
                name,
                options,
                every=each.every,
                timeout=each.timeout,
                confirm=each.confirm,
                group="Services",
            )
            for each in asked
        )
        alarms = frozenset(f"{name}.{each.name}" for each in asked if each.alarms)
        return Integration(name, module.TITLE, options, readings, alarms)

    def rows(self, name: str) -> list[Any]:
        """The raw [[name]] tables."""
        rows = self.document.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Mistake((name,), f"write it as [[{name}]], once for each")
        return rows

    def monitors(self) -> tuple[Monitor, ...]:
        """All monitors, with the Options of their checks; keys are unique, dependencies known and not circular."""
        found = tuple(self._monitor(index, row) for index, row in enumerate(self.rows("monitor")))
        if not found:
            raise Mistake((), "there is no [[monitor]], so nothing would be watched")
        self._unique("monitor", [monitor.key for monitor in found])
        self._dependencies(found)
        return found

    def channels(self) -> tuple[Channel, ...]:
        """All channels; keys are unique."""
        read = [
            self._read(tables.Channel, ("channel", index), row, known(tables.Channel))
            for index, row in enumerate(self.rows("channel"))
        ]
        self._unique("channel", [row.key for row in read])
        return tuple(
            Channel(
                row.key,
                Secret(row.url.get_secret_value()),
                tuple(Status(each) for each in row.on if each != "anchor"),
                row.timeout,
                "anchor" in row.on,
            )
            for row in read
        )

    def slos(self, monitors: Sequence[Monitor]) -> tuple[Slo, ...]:
        """All promises; keys are unique, monitors known."""
        read = [
            self._read(tables.Slo, ("slo", index), row, known(tables.Slo)) for index, row in enumerate(self.rows("slo"))
        ]
        self._unique("slo", [row.key for row in read])
        keys = {monitor.key for monitor in monitors}
        for index, row in enumerate(read):
            self._all_known(("slo", index, "monitors"), row.monitors, keys)
        return tuple(Slo(row.key, row.name or row.key, row.monitors, row.target, row.window) for row in read)

    def checklists(self, slos: Sequence[Slo] = (), watched: Sequence[Monitor] = ()) -> tuple[Checklist, ...]:
        """All checklists; keys of lists, and of the items of each, are unique, and what a gate looks at is there.

        ``watched`` are monitors and the readings of outside services.
        """
        read = [
            self._read(tables.Checklist, ("checklist", index), row, known(tables.Checklist))
            for index, row in enumerate(self.rows("checklist"))
        ]
        self._unique("checklist", [row.key for row in read])
        for index, row in enumerate(read):
            keys = [each.key for each in row.item]
            for at, each in enumerate(row.item):
                place: Place = ("checklist", index, "item", at)
                if each.key in keys[:at]:
                    raise Mistake((*place, "key"), f"{each.key!r} is the key of another item of this list")
                if each.gate in OF_A_RELEASE and not row.per_release:
                    raise Mistake((*place, "gate"), f"{each.gate!r} asks about a release, but this list has none")
                self._looks_at(place, each, slos, [one.key for one in watched])
        return tuple(
            Checklist(row.key, row.name, tuple(_item(each) for each in row.item), row.per_release) for row in read
        )

    def _looks_at(self, place: Place, item: tables.ChecklistItem, slos: Sequence[Slo], watched: Sequence[str]) -> None:
        """A gate names what it looks at, and that is watched: ``monitor``, ``monitor/part`` or ``reading/part``."""
        if item.gate and item.gate not in ALONE and not item.series:
            raise Mistake((*place, "series"), f"the gate {item.gate!r} must be told what it looks at")
        if item.gate == "budget":
            self._budget(place, item, [slo.key for slo in slos])
            return
        for key in item.series:
            if key.partition("/")[0] not in watched:
                hint = unknown(key, watched).partition(repr(key))[2]
                raise Mistake((*place, "series"), f"no monitor and no reading has the key {key!r}{hint}")

    def _budget(self, place: Place, item: tables.ChecklistItem, keys: Sequence[str]) -> None:
        self._all_known((*place, "series"), item.series, keys, "[[slo]]")
        if item.limit is not None and not 0 <= item.limit <= 100:
            raise Mistake((*place, "limit"), f"expected 0 to 100 (per cent that must be left), got {item.limit:g}")

    def maintenance(self, zone: ZoneInfo, monitors: Sequence[Monitor]) -> tuple[Maintenance, ...]:
        """All planned quiet; moments without an offset are read in ``zone``."""
        keys = {monitor.key for monitor in monitors}
        return tuple(self._maintenance(index, row, zone, keys) for index, row in enumerate(self.rows("maintenance")))

    def _read(self, shape: type[T], place: Place, value: Any, names: Iterable[str]) -> T:
        try:
            return shape.model_validate(value)
        except ValidationError as error:
            raise from_pydantic(error, place, value, names, self.hidden) from None

    def _monitor(self, index: int, row: Mapping[str, Any]) -> Monitor:
        place: Place = ("monitor", index)
        common = self._read(tables.Monitor, place, row, ())
        kinds = registry.names("checks")
        if common.check not in kinds:
            raise Mistake((*place, "check"), f"expected one of {', '.join(kinds)}, got {common.check[:60]!r}")
        shape = registry.member("checks", common.check).Options
        own = {name: value for name, value in row.items() if name not in tables.Monitor.model_fields}
        options = self._read(shape, place, own, {*known(tables.Monitor), *known(shape)})
        said = tables.values(common) | {"name": common.name or common.key, "options": options}
        monitor = Monitor(**said | {"timeout": common.timeout or min(10.0, common.every)})
        self._plausible(place, monitor)
        return monitor

    def _plausible(self, place: Place, monitor: Monitor) -> None:
        if monitor.timeout > monitor.every:
            words = f"expected at most `every` ({monitor.every:g} s), got {monitor.timeout:g} s"
            raise Mistake((*place, "timeout"), f"{words}: probes would be left out while the last one still runs")
        if monitor.slow is not None and monitor.slow >= monitor.timeout:
            words = f"expected less than `timeout` ({monitor.timeout:g} s), got {monitor.slow:g} s"
            raise Mistake((*place, "slow"), f"{words}: no answer could ever be slow")

    def _unique(self, table: str, keys: Sequence[str]) -> None:
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise Mistake((table, index, "key"), f"{key!r} is the key of [[{table}]] {keys.index(key) + 1} already")

    def _dependencies(self, monitors: Sequence[Monitor]) -> None:
        parents = {monitor.key: monitor.depends_on for monitor in monitors}
        for index, monitor in enumerate(monitors):
            self._all_known(("monitor", index, "depends_on"), monitor.depends_on, parents)
        for index, monitor in enumerate(monitors):
            if circle := _circle(monitor.key, parents):
                raise Mistake(("monitor", index, "depends_on"), f"goes round in a circle: {' -> '.join(circle)}")

    def _all_known(self, place: Place, keys: Iterable[str], among: Iterable[str], noun: str = "monitor") -> None:
        for key in keys:
            if key not in among:
                raise Mistake(place, f"no {noun} has the key {key!r}" + unknown(key, among).partition(repr(key))[2])

    def _maintenance(self, index: int, row: Mapping[str, Any], zone: ZoneInfo, keys: set[str]) -> Maintenance:
        place: Place = ("maintenance", index)
        read = self._read(tables.Maintenance, place, row, known(tables.Maintenance))
        start, end = _aware(read.start, zone), _aware(read.end, zone)
        if end <= start:
            raise Mistake((*place, "end"), f"expected a moment after the start ({read.start}), got {read.end}")
        self._all_known((*place, "monitors"), read.monitors, keys)
        return replace(Maintenance(read.title, start, end), monitors=read.monitors, public=read.public)


def _item(row: tables.ChecklistItem) -> Item:
    return Item(**{**tables.values(row), "gate": row.gate or ""})


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _nearest(name: str) -> str:
    return unknown(name, _tables()).removeprefix(f"unknown key {name[:64]!r}")


def _tables() -> set[str]:
    return {*TABLES, *ROWS, *registry.names("integrations")}


def _circle(start: str, parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from ``start`` back to itself; empty when there is none."""
    ways = [[start, parent] for parent in parents[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend([*way, parent] for parent in parents[way[-1]])
    return []
