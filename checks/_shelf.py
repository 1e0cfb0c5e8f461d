"""What is known of each file of a folder of dumps: read once, in the background, and proven once by pg_restore."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from checks import _dumps
from checks._dumps import Damaged, Dump, Unread
from checks._tools import Tools
from model import Status, Stored

MOST = 20_000  # files that are remembered
PATIENCE = 2.5  # seconds that a probe waits for a reading at most: small dumps are known at the first look
PROVING = 4 * 3600.0  # seconds after which pg_restore is given up
NICE = 10
PROVABLE = ("custom", "tar", "directory")
SAME = timedelta(milliseconds=1)
Stamp = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class File:
    """One dump. ``at`` is the older of what its name and its modification time say: copies come later.

    ``mark`` is when it, or the checksum beside it, changed last; ``stamp`` is another for every other content.
    """

    path: Path
    named: datetime
    at: datetime
    size: int
    mark: datetime
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file was found to be; up with its dump, or, from before a restart, with how many tables had data."""

    status: Status
    words: str = ""
    dump: Dump | None = None
    tables: int | None = None
    passing: bool = False


_seen: dict[Stamp, Seen] = {}
_proven: dict[Stamp, tuple[Status, str]] = {}


def seen(file: File) -> Seen | None:
    """What it was found to be; None: it was not read yet."""
    return _seen.get(file.stamp)


def proof(file: File) -> tuple[Status, str] | None:
    """What pg_restore made of it; None: it was not asked yet."""
    return _proven.get(file.stamp)


def recall(files: Sequence[File], kept: Sequence[Stored]) -> None:
    """Takes over what was known before a restart, but of the newest: of that one more is asked."""
    known = {(each.name, each.size): each for each in kept if each.changed is not None}
    for file in files[1:]:
        each = known.get((file.path.name, file.size))
        if each is None or each.changed is None or file.stamp in _seen or abs(each.changed - file.mark) > SAME:
            continue
        damaged = each.status is Status.DOWN
        _seen[file.stamp] = Seen(
            Status.DOWN if damaged else Status.UP, each.wrong if damaged else "", None, each.tables
        )


async def read_on(tools: Tools, files: Sequence[File], prove: bool) -> None:
    """Starts what is to be read next, newest first, and waits for it a little; what is big goes on by itself."""
    loop = asyncio.get_running_loop()
    end = loop.time() + min(PATIENCE, max(0.0, (tools.deadline - loop.time()) / 3))
    for file in files:  # what failed for a passing reason is tried anew
        if (found := _seen.get(file.stamp)) is not None and found.passing:
            del _seen[file.stamp]
    while (work := _next(tools, files, prove)) is not None:
        task = tools.desk.begin(tools.key, work)
        await asyncio.wait({task}, timeout=max(0.0, end - loop.time()))
        if not task.done():
            return
        task.result()  # our own mistake is not to get lost


def _next(tools: Tools, files: Sequence[File], prove: bool) -> Callable[[], Coroutine[Any, Any, None]] | None:
    if files and prove and provable(files[0]) and files[0].stamp not in _proven:
        return partial(_prove, files[0])
    unread = next((file for file in files if file.stamp not in _seen), None)
    return partial(_read, tools, unread) if unread else None


def provable(file: File) -> bool:
    """Whether it is whole as far as we can see, and of a kind that pg_restore reads."""
    found = _seen.get(file.stamp)
    return found is not None and found.dump is not None and found.dump.kind in PROVABLE


async def _read(tools: Tools, file: File) -> None:
    def work(stops: Callable[[], bool]) -> Seen:
        try:
            found = _dumps.read(file.path, stops)
        except Damaged as reason:
            return Seen(Status.DOWN, reason.words)
        except Unread as reason:
            return Seen(Status.UNKNOWN, reason.words, passing=reason.passing)
        return Seen(Status.UP, "", found, len(found.tables))

    _seen[file.stamp] = await tools.desk.thread(work)
    if len(_seen) > MOST:
        del _seen[next(iter(_seen))]


async def _prove(file: File) -> None:
    _proven[file.stamp] = await _restored(file.path)
    if len(_proven) > MOST:
        del _proven[next(iter(_proven))]


async def _restored(path: Path) -> tuple[Status, str]:
    """pg_restore reads all of it and writes nothing; behind the probes, and never longer than this program lives."""
    program = shutil.which("pg_restore")
    if program is None:
        return Status.UNKNOWN, "pg_restore is not installed here: install it, or say prove = false"
    process = await asyncio.create_subprocess_exec(
        program, "--file=/dev/null", str(path), env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    try:
        async with asyncio.timeout(PROVING):
            _, said = await process.communicate()
    except TimeoutError:
        return Status.UNKNOWN, "pg_restore did not come to its end within 4 h"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return Status.UP, "pg_restore read all of it"
    if b"unsupported version" in said:
        return Status.UNKNOWN, "pg_restore here is older than the dump"
    return Status.DOWN, "pg_restore cannot read it to its end"
