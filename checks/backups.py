"""Looks after a folder of database dumps: on time, plausible size, whole, kept long enough, with room for the next."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, Field, model_validator

from checks import _dumps
from checks._dumps import Damaged, Dump
from checks._target import STRICT
from checks._tools import Tools
from duration import Seconds
from model import Fault, Finding, Part, Result, Status, Stored
from words import lasted, size

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
_read: dict[tuple[str, int, int], Dump | str] = {}  # what was found in a file, as long as it stays the same
_proven: dict[tuple[str, int, int], str] = {}


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
    prove: bool = Field(True, description="read each new dump once as a whole with pg_restore, where that is installed")

    @model_validator(mode="after")
    def _lost_after_late(self) -> Options:
        if self.lost is not None and self.lost < self.late:
            raise ValueError("lost comes after late")
        return self

    @property
    def gone(self) -> float:
        return self.late + self.period if self.lost is None else self.lost


@dataclass(frozen=True, slots=True)
class File:
    """One dump. ``at`` is the older of what its name and its modification time say: copies come later."""

    path: Path
    at: datetime
    size: int
    changed: datetime
    stamp: tuple[str, int, int]


async def probe(options: Options, tools: Tools) -> Result:
    """Reads the folder; a new dump is read once, in a thread."""
    now = tools.clock()
    try:
        files, writing = await asyncio.to_thread(listed, options, now)
        room = await asyncio.to_thread(shutil.disk_usage, options.folder)
    except OSError as error:
        raise Fault(f"the folder cannot be read: {(error.strerror or 'no reason').lower()}") from None
    parts = [_age(options, files, now), *_writing(writing)]
    if files:
        found = await asyncio.to_thread(_opened, files[0])
        parts += [_size(files), _whole(options, found)]
        if options.prove and isinstance(found, Dump) and found.kind == "custom":
            parts.append(await _proof(files[0]))
        parts += _kept(options, files, now)
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
        if matched is None or not path.is_file():
            continue
        about = path.stat()
        changed = datetime.fromtimestamp(about.st_mtime, UTC)
        at = _named(matched, ZoneInfo(options.zone))
        if at is None:
            continue
        if now - changed < SETTLED and changed <= now + SETTLED:
            writing.append(path.name)
            continue
        stamp = (str(path), about.st_size, about.st_mtime_ns)
        files.append(File(path, min(at, changed), about.st_size, changed, stamp))
    return sorted(files, key=lambda each: each.at, reverse=True), writing


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
    age = (now - files[0].at).total_seconds()
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
    found = _read.get(file.stamp)
    usual = statistics.median(each.size for each in before) if before else file.size
    wrong = found if isinstance(found, str) else f"only {100 * file.size / usual:.0f} % of the usual size"
    fine = not isinstance(found, str) and (not usual or file.size / usual >= SMALL)
    return Stored(file.at, file.path.name, file.size, "" if fine else wrong)


def _opened(file: File) -> Dump | str:
    """What is in it, or what is wrong with it; read once."""
    if file.stamp not in _read:
        if len(_read) > MOST:
            _read.clear()
        try:
            _read[file.stamp] = _dumps.read(file.path)
        except Damaged as reason:
            _read[file.stamp] = reason.words
    return _read[file.stamp]


def _whole(options: Options, found: Dump | str) -> Part:
    if isinstance(found, str):
        unknown = "not known here" in found
        return Part("whole", Status.UNKNOWN if unknown else Status.DOWN, None, found)
    missing = [table for table in options.tables if not _has(found, table)] if found.kind == "custom" else []
    if missing:
        return Part("whole", Status.DOWN, None, f"no data of {', '.join(missing[:5])}")
    return Part("whole", Status.UP, None, f"{found.kind}, {len(found.tables)} tables" if found.tables else found.kind)


def _has(found: Dump, table: str) -> bool:
    return table in found.tables or any(each.rpartition(".")[2] == table for each in found.tables)


async def _proof(file: File) -> Part:
    """pg_restore reads all of it and writes nothing; once a file."""
    if file.stamp not in _proven:
        if len(_proven) > MOST:
            _proven.clear()
        _proven[file.stamp] = await _restored(file.path)
    said = _proven[file.stamp]
    state = {"": Status.UP, "-": Status.UNKNOWN}.get(said[:1], Status.DOWN)
    return Part("readable", state, None, said.lstrip("-") or "pg_restore read all of it")


async def _restored(path: Path) -> str:
    """What pg_restore complains of; empty when of nothing; with a - in front when it cannot tell."""
    program = shutil.which("pg_restore")
    if program is None:
        return "-pg_restore is not installed here"
    process = await asyncio.create_subprocess_exec(
        program, "--file=/dev/null", str(path), env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode == 0:
        return ""
    if b"unsupported version" in said:
        return "-pg_restore here is older than the dump"
    return "pg_restore cannot read it to its end"


def _kept(options: Options, files: list[File], now: datetime) -> list[Part]:
    """Whether one of each of the last ``keep`` periods is there."""
    if not options.keep:
        return []
    oldest = now - timedelta(seconds=options.period * options.keep)
    inside = [each.at for each in files if each.at >= oldest - timedelta(seconds=options.period)]
    gaps = [a - b for a, b in pairwise(inside) if (a - b).total_seconds() > 1.5 * options.period]
    holes = sum(round(gap.total_seconds() / options.period) - 1 for gap in gaps)
    have = min(len(inside), options.keep)
    if holes:
        return [Part("kept", Status.DEGRADED, None, f"{holes} missing among the last {options.keep}")]
    if have < options.keep:
        return [Part("kept", Status.DEGRADED, None, f"{have} of {options.keep}")]
    return [Part("kept", Status.UP, None, f"the last {options.keep}")]


def _room(options: Options, share: float, free: int) -> Part:
    state = Status.DEGRADED if share < options.free_share else Status.UP
    return Part("room", state, None, f"{share:.0f} % free ({size(free)})")


FIXES = {
    "newest": "look at the job that dumps: did it run, could it write?",
    "size": "compare the row counts of the last two dumps; is a table empty, was the job stopped?",
    "whole": "dump again now, and see why the last one ended early (disk, time limit, network)",
    "readable": "dump again now; test the disk it lies on",
    "kept": "see what deletes too early, or which runs failed",
    "room": "make room or enlarge the disk before the next dump",
}


def _judged(parts: list[Part], files: list[File], now: datetime) -> Result:
    order = (Status.DOWN, Status.DEGRADED)
    bad = sorted((part for part in parts if part.status in order), key=lambda part: order.index(part.status))
    status = bad[0].status if bad else Status.UP
    words = (
        "; ".join(f"{part.name}: {part.words}" for part in bad[:3])
        or f"{len(files)} dumps, the newest {parts[0].words}"
    )
    findings = tuple(Finding(f"backup-{part.name}", f"{part.name}: {part.words}", FIXES[part.name]) for part in bad)
    facts: tuple[tuple[str, str], ...] = (("dumps", str(len(files))),)
    if files:
        age = (now - files[0].at).total_seconds() / 3600
        facts = (*facts, ("age", f"{age:.1f} h"), ("bytes", str(files[0].size)), ("newest", files[0].path.name))
    return Result(status, words, parts=tuple(parts), findings=findings, facts=facts)
