"""Looks after a folder of database dumps: on time, plausible size, whole, kept long enough, with room for the next."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, Field, model_validator

from checks import _dumps, _shelf
from checks._dumps import Dump
from checks._shelf import File, Seen
from checks._target import STRICT
from checks._tools import Tools
from duration import Seconds
from model import Fault, Finding, Part, Result, Status, Stored
from words import count, lasted, size

FIELDS = {
    "YYYY": r"(?P<Y>\d{4})",
    "MM": r"(?P<m>\d{2})",
    "DD": r"(?P<d>\d{2})",
    "hh": r"(?P<H>\d{2})",
    "mm": r"(?P<M>\d{2})",
    "ss": r"(?P<S>\d{2})",
}
MOST = 5000  # files of one folder
SETTLED = timedelta(minutes=2)  # a file that changed less long ago may still be written
SHOWN = 120  # files that a page lists
LAST = 7  # earlier dumps that the size is compared with
SMALL, TINY, LARGE = 0.7, 0.5, 2.0  # of their median
PART = (".part", ".tmp", ".partial")
ZONES = timedelta(hours=15)  # so far apart the same moment may be written in two zones, and a little more


def _folder(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("expected an absolute path of a folder")
    return path


def _pattern(text: str) -> str:
    if "/" in text or "{YYYY}" not in text or "{MM}" not in text or "{DD}" not in text:
        raise ValueError("expected a file name such as backup_{YYYY}{MM}{DD}_{hh}{mm}{ss}.dump")
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a time zone such as UTC or Europe/Berlin")
    return name


class Options(BaseModel):
    """Which files, how often they come, how long they stay."""

    model_config = STRICT

    folder: Annotated[Path, AfterValidator(_folder)] = Field(
        description="where the dumps lie; a mounted bucket will do"
    )
    pattern: Annotated[str, AfterValidator(_pattern)] = Field(
        "backup_{YYYY}{MM}{DD}_{hh}{mm}{ss}.dump", description="their names, with {YYYY} {MM} {DD} {hh} {mm} {ss}"
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="the clock of the names")
    period: Seconds = Field(86_400.0, ge=60, description='one is due this often, such as "1d", "7d", "31d"')
    late: Seconds = Field(7200.0, ge=0, description="this much later is degraded")
    lost: Seconds | None = Field(None, description="this much later is down; left out: a whole period")
    keep: int = Field(0, ge=0, description="how many of the newest must all be there; 0: not looked at")
    tables: tuple[str, ...] = Field((), description="tables whose data must be in it, such as public.prescriptions")
    free_share: float = Field(20.0, ge=0, le=100, description="per cent of the disk that must be free")
    entries: int = Field(0, ge=0, description="its table of contents must list so many; 0: not looked at")
    prove: bool = Field(
        True, description="read each new dump once with pg_restore; where that is missing it is not proven"
    )

    @model_validator(mode="after")
    def _lost_after_late(self) -> Options:
        if self.lost is not None and self.lost < self.late:
            raise ValueError("lost comes after late")
        return self

    @property
    def gone(self) -> float:
        return self.late + self.period if self.lost is None else self.lost


async def probe(options: Options, tools: Tools) -> Result:
    """Looks at the folder; what is new in it is read once, in the background."""
    now = tools.clock()
    try:
        files, writing = await asyncio.to_thread(listed, options, now)
        room = await asyncio.to_thread(shutil.disk_usage, options.folder)
    except OSError as error:
        raise Fault(f"the folder cannot be read: {(error.strerror or 'no reason').lower()}") from None
    _shelf.recall(files, tools.last(tools.key).stored)
    await _shelf.read_on(tools, files[:SHOWN], options.prove)
    parts = [_age(options, files, now), *_writing(writing)]
    if files:
        parts += [_size(files), _whole(options, _shelf.seen(files[0])), *_contents(options, files)]
        parts += [*_made(options, files[0]), *_proof(options, files[0]), *_kept(options, files, now)]
    parts.append(_room(options, 100 * room.free / room.total, room.free))
    return replace(_judged(parts, files, now), stored=stored(files))


def listed(options: Options, now: datetime) -> tuple[list[File], list[str]]:
    """The finished dumps, newest first, and the names of those that are still written. Raises OSError."""
    shape = re.compile(re.sub(r"\\{(\w+)\\}", lambda found: FIELDS.get(found[1], found[0]), re.escape(options.pattern)))
    files, writing = [], []
    for path in sorted(options.folder.iterdir())[-MOST:]:
        matched = shape.fullmatch(path.name)
        if path.name.endswith(PART) and shape.match(path.name):
            writing.append(path.name)
        named = _named(matched, ZoneInfo(options.zone)) if matched else None
        if named is None or not (path.is_file() or path.is_dir()):
            continue
        many, mtime = _measured(path)
        changed = datetime.fromtimestamp(mtime / 1e9, UTC)
        if now - changed < SETTLED and changed <= now + SETTLED:
            writing.append(path.name)
            continue
        side = _changed(_dumps.side(path))
        mark = datetime.fromtimestamp(max(mtime, side) / 1e9, UTC)
        files.append(File(path, named, min(named, changed), many, mark, (str(path), many, mtime, side)))
    return sorted(files, key=lambda each: each.at, reverse=True), writing


def _measured(path: Path) -> tuple[int, int]:
    """(bytes, nanoseconds of the last change); of a directory of all that is in it."""
    every = [path.stat(), *(each.stat() for each in path.iterdir() if each.is_file())] if path.is_dir() else []
    if not every:
        about = path.stat()
        return about.st_size, about.st_mtime_ns
    return sum(each.st_size for each in every[1:]), max(each.st_mtime_ns for each in every)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _named(found: re.Match[str], zone: ZoneInfo) -> datetime | None:
    said = found.groupdict()
    try:
        day = [int(said[key]) for key in ("Y", "m", "d")]
        clock = [int(said.get(key) or 0) for key in ("H", "M", "S")]
        return datetime(*day, *clock, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None


def _age(options: Options, files: list[File], now: datetime) -> Part:
    if not files:
        return Part("newest", Status.DOWN, None, "there is no finished dump")
    age = (now - _since(options, files[0])).total_seconds()
    over = age - options.period
    state = Status.DOWN if over > options.gone else Status.DEGRADED if over > options.late else Status.UP
    late = f", {lasted(over)} late" if state is not Status.UP else ""
    return Part("newest", state, None, f"{lasted(age)} old{late}")


def _writing(names: list[str]) -> list[Part]:
    return [Part("writing", Status.UP, None, f"{len(names)} still written")] if names else []


def _size(files: list[File]) -> Part:
    newest, before = files[0].size, [each.size for each in files[1 : LAST + 1]]
    if not before:
        return Part("size", Status.UP, None, f"{size(newest)}, nothing to compare with yet")
    usual = statistics.median(before)
    share = newest / usual if usual else 1.0
    state = Status.DOWN if share < TINY else Status.DEGRADED if share < SMALL or share > LARGE else Status.UP
    return Part("size", state, None, f"{size(newest)}, {100 * share:.0f} % of the usual {size(usual)}")


def stored(files: Sequence[File]) -> tuple[Stored, ...]:
    """The newest of them, each with what is wrong with it: what it was found to be when it was read, and its size."""
    return tuple(_about(each, files[at + 1 : at + 1 + LAST]) for at, each in enumerate(files[:SHOWN]))


def _about(file: File, before: Sequence[File]) -> Stored:
    found, usual = _shelf.seen(file), statistics.median(each.size for each in before) if before else 0
    small = f"only {100 * file.size / usual:.0f} % of the usual size" if usual and file.size / usual < SMALL else ""
    about = partial(Stored, file.at, file.path.name, file.size)
    if found is None or found.status is Status.UNKNOWN:
        said = small or (found.words if found else "not read yet")
        return about(said, Status.DEGRADED if small else Status.UNKNOWN)
    if found.status is Status.DOWN:
        return about(found.words, Status.DOWN, file.mark)
    return about(small, Status.DEGRADED if small else Status.UP, file.mark, found.tables)


def _whole(options: Options, found: Seen | None) -> Part:
    if found is None:
        return Part("whole", Status.UNKNOWN, None, "it is being read")
    if found.dump is None:
        return Part("whole", found.status, None, found.words)
    missing = [table for table in options.tables if not _has(found.dump, table)]
    if missing:
        return Part("whole", Status.DOWN, None, f"no data of {', '.join(missing[:5])}")
    many = f", {count(len(found.dump.tables), 'table')}" if found.dump.tables else ""
    checked = ", its checksum is right" if found.dump.checked else ""
    return Part("whole", Status.UP, None, f"{found.dump.kind}{many}{checked}")


def _has(found: Dump, table: str) -> bool:
    """With a schema or without, on either side: old dumps say it once for all."""
    schema, _, name = table.rpartition(".")
    pairs = (each.rpartition(".") for each in found.tables)
    return any(name == plain and ("" in (schema, its) or schema == its) for its, _, plain in pairs)


def _contents(options: Options, files: Sequence[File]) -> list[Part]:
    """How much it lists, beside what is wanted and what the one before it had."""
    found = _shelf.seen(files[0])
    if found is None or found.dump is None:
        return []
    here, entries = len(found.dump.tables), found.dump.entries
    if options.entries and not entries:
        return [Part("contents", Status.UNKNOWN, None, f"{found.dump.kind} has no table of contents to count")]
    if entries < options.entries:
        said = f"its table of contents lists {entries}, at least {options.entries} are wanted"
        return [Part("contents", Status.DEGRADED, None, said)]
    earlier = (each.tables for each in map(_shelf.seen, files[1:]) if each and each.status is Status.UP)
    before = next((tables for tables in earlier if tables is not None), here)
    fewer = f", the one before had {before}" if here < before else ""
    state = Status.DEGRADED if fewer else Status.UP
    return [Part("contents", state, None, f"{count(here, 'table')} with data{fewer}")]


def _header(options: Options, file: File) -> datetime | None:
    """When it was made by its own header, which knows no zone: taken to be that of the names."""
    found = _shelf.seen(file)
    made = found.dump.made if found and found.dump else None
    return made.replace(tzinfo=ZoneInfo(options.zone)).astimezone(UTC) if made else None


def _since(options: Options, file: File) -> datetime:
    """The older of name, modification and header, where the header cannot mean another zone."""
    made = _header(options, file)
    return made if made is not None and file.named - made > ZONES else file.at


def _made(options: Options, file: File) -> list[Part]:
    made = _header(options, file)
    if made is None:
        return []
    apart = file.named - made
    slack = ZONES if "{hh}" in options.pattern else ZONES + timedelta(days=1)  # a day alone begins at midnight
    if -slack <= apart <= ZONES:
        return [Part("made", Status.UP, None, "when its name says")]
    when = f"{lasted(abs(apart.total_seconds()))} {'before' if apart > timedelta() else 'after'}"
    return [Part("made", Status.DEGRADED, None, f"its header says that it was made {when} its name")]


def _proof(options: Options, file: File) -> list[Part]:
    if not options.prove or not _shelf.provable(file):
        return []
    state, said = _shelf.proof(file) or (Status.UNKNOWN, "pg_restore is reading it")
    return [Part("readable", state, None, said)]


def _kept(options: Options, files: list[File], now: datetime) -> list[Part]:
    """Whether one of each of the last ``keep`` periods is there, and not known to be damaged."""
    if not options.keep:
        return []
    oldest = now - timedelta(seconds=options.period * options.keep)
    recent = [each for each in files if each.at >= oldest - timedelta(seconds=options.period)]
    inside = [each.at for each in recent if not _damaged(each)]
    gaps = [a - b for a, b in pairwise(inside) if (a - b).total_seconds() > 1.5 * options.period]
    holes = sum(round(gap.total_seconds() / options.period) - 1 for gap in gaps)
    have = min(len(inside), options.keep)
    spoilt = " or damaged" if len(inside) < len(recent) else ""
    if holes:
        return [Part("kept", Status.DEGRADED, None, f"{holes} missing{spoilt} among the last {options.keep}")]
    if have < options.keep:
        return [Part("kept", Status.DEGRADED, None, f"{have}{spoilt and ' whole'} of {options.keep}")]
    return [Part("kept", Status.UP, None, f"the last {options.keep}")]


def _damaged(file: File) -> bool:
    found = _shelf.seen(file)
    return found is not None and found.status is Status.DOWN


def _room(options: Options, share: float, free: int) -> Part:
    state = Status.DEGRADED if share < options.free_share else Status.UP
    return Part("room", state, None, f"{share:.0f} % free ({size(free)})")


FIXES = {
    "newest": "look at the job that dumps: did it run, could it write?",
    "size": "compare the row counts of the last two dumps; is a table empty, was the job stopped?",
    "whole": "dump again now, and see why the last one ended early (disk, time limit, network)",
    "readable": "dump again now; test the disk it lies on",
    "contents": "compare the tables of the last two dumps: did the job lose a schema, or a right?",
    "made": "see which job copies or renames dumps: the newest may be an old one",
    "kept": "see what deletes too early, or which runs failed",
    "room": "make room or enlarge the disk before the next dump",
}


def _judged(parts: list[Part], files: list[File], now: datetime) -> Result:
    order = (Status.DOWN, Status.DEGRADED)
    bad = sorted((part for part in parts if part.status in order), key=lambda part: order.index(part.status))
    unknown = [part for part in parts if part.status is Status.UNKNOWN]
    status = bad[0].status if bad else Status.UNKNOWN if unknown else Status.UP
    words = (
        "; ".join(f"{part.name}: {part.words}" for part in (bad or unknown)[:3])
        or f"{len(files)} dumps, the newest {parts[0].words}"
    )
    findings = tuple(Finding(f"backup-{part.name}", f"{part.name}: {part.words}", FIXES[part.name]) for part in bad)
    facts: tuple[tuple[str, str], ...] = (("dumps", str(len(files))),)
    if files:
        age = (now - files[0].at).total_seconds() / 3600
        facts = (*facts, ("age", f"{age:.1f} h"), ("bytes", str(files[0].size)), ("newest", files[0].path.name))
    return Result(status, words, parts=tuple(parts), findings=findings, facts=facts)
