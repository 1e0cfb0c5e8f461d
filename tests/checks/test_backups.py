"""A folder of real dumps of a real Postgres: late, small, cut, still written, with holes, read in the background."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks import _dumps, _shelf, open_tools, run
from checks._dumps import read
from checks.backups import Options
from model import Monitor, Result, Status
from tests.checks.dumping import dated, dumps, unfolded
from tests.postgres import BINARIES

__all__ = ["dumps"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


@pytest.fixture
def look(tmp_path, dumps, monkeypatch):
    """Looks at a folder of dumps that were made so many hours before noon: {hours: bytes}."""

    # the machine's own pg_restore may be older than the server whose dumps these are
    monkeypatch.setenv("PATH", f"{BINARIES / 'bin'}:{os.environ['PATH']}")

    async def looked(files, **options):
        for hours, raw in files.items():
            at = NOON - timedelta(hours=hours)
            path = tmp_path / f"backup_{at:%Y%m%d_%H%M%S}.dump"
            path.write_bytes(dated(raw, at))
            os.utime(path, (at.timestamp() + 60, at.timestamp() + 60))
        options = {"folder": tmp_path, "free_share": 0, "prove": False} | options
        async with open_tools(clock=lambda: NOON) as tools:
            result = await run(Monitor("b", "B", "backups", Options(**options), timeout=20), tools)
        return result, {part.name: part.status for part in result.parts}

    return looked


@pytest.mark.parametrize(("hours", "status"), [(10, UP), (25, UP), (26.5, DEGRADED), (49, DEGRADED), (51, DOWN)])
async def test_a_dump_grows_old(hours, status, look, dumps) -> None:
    result, parts = await look({hours: dumps["custom"]})
    assert (result.status, parts["newest"]) == (status, status)
    assert bool(result.findings) == (status is not UP)


async def test_a_whole_week_is_fine_and_read_to_its_end(look, dumps) -> None:
    result, parts = await look(
        {10 + 24 * n: dumps["custom"] for n in range(8)}, keep=7, prove=True, tables=["prescriptions"]
    )
    names = ("newest", "size", "whole", "contents", "made", "readable", "kept", "room")
    assert parts == dict.fromkeys(names, UP)
    assert result.status is UP
    assert dict(result.facts)["dumps"] == "8"


@pytest.mark.parametrize(("share", "status"), [(1.0, UP), (0.69, DEGRADED), (0.49, DOWN), (2.1, DEGRADED)])
async def test_a_size_that_is_unlike_the_others_is_seen(share, status, look, dumps) -> None:
    plain = dumps["plain"]
    other = plain[: int(len(plain) * share)] if share <= 1 else plain * 3
    _, parts = await look({10: other, **{34 + 24 * n: plain for n in range(7)}})
    assert parts["size"] is status


async def test_a_cut_dump_is_down_with_what_to_do(look, dumps) -> None:
    result, parts = await look({10: dumps["custom"][:-9], 34: dumps["custom"]})
    assert parts["whole"] is DOWN
    assert "cut" in result.words
    assert next(each.fix for each in result.findings if each.kind == "backup-whole")


async def test_the_files_are_listed_with_what_is_wrong_with_each(look, dumps) -> None:
    whole = dumps["custom"]
    small = dumps["less"]
    result, _ = await look({10: whole[:-9], 34: whole, 58: small, **{82 + 24 * n: whole for n in range(5)}})
    wrong = [each.wrong for each in result.stored]
    assert "cut" in wrong[0]
    assert wrong[2].startswith("only ")
    assert wrong[2].endswith(" % of the usual size")
    assert [each.status for each in result.stored] == [DOWN, UP, DEGRADED, *5 * [UP]]
    assert [bool(each) for each in wrong] == [True, False, True, *5 * [False]]
    assert [each.size for each in result.stored[1:3]] == [len(whole), len(small)]
    assert result.stored == tuple(sorted(result.stored, key=lambda each: each.at, reverse=True))


async def test_a_table_that_is_missing_is_down(look, dumps) -> None:
    _, parts = await look({10: dumps["custom"]}, tables=["public.prescriptions", "patients"])
    assert parts["whole"] is DOWN


async def test_flipped_bits_in_the_data_are_found_by_reading_all_of_it(look, dumps) -> None:
    whole = bytearray(dumps["custom"])
    middle = len(whole) // 2
    for at in range(middle, middle + 40):
        whole[at] ^= 0x55
    result, parts = await look({10: bytes(whole)}, prove=True)
    assert DOWN in (parts["whole"], parts.get("readable"))
    assert result.status is DOWN


async def test_one_that_is_still_written_is_not_judged_yet(look, dumps, tmp_path) -> None:
    fresh = tmp_path / f"backup_{NOON:%Y%m%d_%H%M%S}.dump"
    fresh.write_bytes(dumps["custom"][:100])
    os.utime(fresh, (NOON.timestamp(), NOON.timestamp()))
    (tmp_path / f"backup_{NOON:%Y%m%d}_120001.dump.part").write_bytes(b"PGDMP")

    result, parts = await look({10: dumps["custom"]})

    assert (parts["newest"], parts["writing"], parts["whole"]) == (UP, UP, UP)
    assert result.status is UP


@pytest.mark.parametrize(("missing", "words"), [((2, 3), "2 missing"), ((7, 8, 9), "of 9")])
async def test_holes_in_what_is_kept_are_seen(missing, words, look, dumps) -> None:
    files = {10 + 24 * n: dumps["schema"] for n in range(10) if n not in missing}
    result, parts = await look(files, keep=9)
    assert parts["kept"] is DEGRADED
    assert words in result.words


async def test_an_old_one_that_is_damaged_is_missing_among_what_is_kept(look, dumps) -> None:
    files = {10 + 24 * n: dumps["schema"] for n in range(10)}
    result, parts = await look(files | {82: dumps["schema"][:300]}, keep=9)
    assert (parts["whole"], parts["kept"], result.status) == (UP, DEGRADED, DEGRADED)
    assert "kept: 1 missing or damaged among the last 9" in result.words


async def test_too_little_room_is_seen(look, dumps) -> None:
    _, parts = await look({10: dumps["custom"]}, free_share=100)
    assert parts["room"] is DEGRADED


async def test_a_copy_that_was_touched_is_as_old_as_its_name(look, dumps, tmp_path) -> None:
    path = tmp_path / "backup_20261101_020000.dump"
    path.write_bytes(dumps["custom"])
    os.utime(path, (NOON.timestamp() - 600, NOON.timestamp() - 600))
    _, parts = await look({})
    assert parts["newest"] is DOWN


async def test_an_empty_folder_and_one_that_is_not_there(look, tmp_path) -> None:
    result, _ = await look({})
    assert (result.status, result.words) == (DOWN, "newest: there is no finished dump")
    result, _ = await look({}, folder=tmp_path / "nowhere")
    assert result.status is DOWN
    assert "cannot be read" in result.words


@pytest.mark.parametrize(
    "wrong",
    [
        {"folder": "relative"},
        {"pattern": "backup.dump"},
        {"pattern": "../{YYYY}{MM}{DD}"},
        {"zone": "Mars"},
        {"late": "2h", "lost": "1h"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        Options(**{"folder": "/backups"} | wrong)


# --- reading in the background ---------------------------------------------------------------------------------------


def lay(folder: Path, hours: float, raw: bytes, suffix: str = ".dump") -> Path:
    at = NOON - timedelta(hours=hours)
    path = folder / f"backup_{at:%Y%m%d_%H%M%S}{suffix}"
    path.write_bytes(dated(raw, at))
    os.utime(path, (at.timestamp() + 60, at.timestamp() + 60))
    return path


def monitor(folder: Path, **options: object) -> Monitor:
    return Monitor("b", "B", "backups", Options(folder=folder, free_share=0, **{"prove": False} | options), timeout=20)


def part(result: Result, name: str) -> Status:
    return next(each.status for each in result.parts if each.name == name)


@pytest.fixture
def slowly(monkeypatch):
    """Readings that wait until they are let go; ``read`` are the names of what was read, ``most`` at the same time."""

    class Gate:
        def __init__(self) -> None:
            self.open, self.read, self.now, self.most = threading.Event(), [], 0, 0

        def __call__(self, path, stops):
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                while not self.open.wait(0.01):
                    if stops():
                        raise _dumps.Stopped
                self.read.append(path.name)
                return read(path, stops)
            finally:
                self.now -= 1

    gate = Gate()
    monkeypatch.setattr(_shelf._dumps, "read", gate)
    monkeypatch.setattr(_shelf, "PATIENCE", 0.05)
    yield gate
    gate.open.set()


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 what is waited for sets no event
            await asyncio.sleep(0.01)


async def test_what_takes_long_is_unknown_meanwhile_and_read_once(slowly, dumps, tmp_path) -> None:
    lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        for _ in range(4):
            result = await run(monitor(tmp_path), tools)
            assert (result.status, part(result, "whole"), part(result, "newest")) == (UNKNOWN, UNKNOWN, UP)
            assert "being read" in result.words
            assert result.findings == ()
            assert result.stored[0].status is UNKNOWN
        assert (slowly.most, slowly.read) == (1, [])
        slowly.open.set()
        await until(lambda: slowly.read and not slowly.now)
        for _ in range(3):
            result = await run(monitor(tmp_path), tools)
        assert (result.status, part(result, "whole")) == (UP, UP)
        assert len(slowly.read) == 1


async def test_two_folders_are_read_one_after_the_other_newest_first(slowly, dumps, tmp_path) -> None:
    async with open_tools(clock=lambda: NOON) as tools:
        for name in ("a", "b"):
            folder = tmp_path / name
            folder.mkdir()
            for hours in (34, 10, 58):
                lay(folder, hours, dumps["schema"])
            await run(Monitor(name, name, "backups", Options(folder=folder, free_share=0, prove=False)), tools)
        slowly.open.set()
        for name in 20 * ("a", "b"):
            await run(Monitor(name, name, "backups", Options(folder=tmp_path / name, free_share=0)), tools)
        await until(lambda: len(slowly.read) == 6)
        assert slowly.most == 1
        assert slowly.read[0] == f"backup_{NOON - timedelta(hours=10):%Y%m%d_%H%M%S}.dump"


async def test_the_end_does_not_wait_for_a_reading(slowly, dumps, tmp_path) -> None:
    lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        await run(monitor(tmp_path), tools)
        await until(lambda: slowly.now)
    await until(lambda: not slowly.now)
    assert slowly.read == []


@pytest.fixture
def restorer(tmp_path, monkeypatch):
    """``restorer(script)`` is the pg_restore that is found."""

    def made(script: str) -> Path:
        home = tmp_path / "bin"
        home.mkdir(exist_ok=True)
        program = home / "pg_restore"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(home))
        return home

    return made


async def test_pg_restore_holds_up_no_probe_and_ends_with_us(restorer, dumps, tmp_path, monkeypatch) -> None:
    restorer(f"echo $$ >> {tmp_path}/pids; exec /bin/sleep 600")
    monkeypatch.setattr(_shelf, "PATIENCE", 0.3)
    folder = tmp_path / "dumps"
    folder.mkdir()
    lay(folder, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        for _ in range(3):
            result = await run(monitor(folder, prove=True), tools)
        await until((tmp_path / "pids").exists)
        result = await run(monitor(folder, prove=True), tools)
        assert (result.status, part(result, "whole"), part(result, "readable")) == (UNKNOWN, UP, UNKNOWN)
        pids = (tmp_path / "pids").read_text().split()
        assert len(pids) == 1, "it was started once, however often somebody looked"
        assert os.getpriority(os.PRIO_PROCESS, int(pids[0])) > 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[0]), 0)


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("exit 0", UP, "read all of it"),
        ("echo 'pg_restore: error: unsupported version (1.17) in file header' >&2; exit 1", UNKNOWN, "older"),
        ("echo 'pg_restore: error: could not read' >&2; exit 1", DOWN, "cannot read"),
    ],
)
async def test_what_pg_restore_says_is_what_is_known(script, status, words, restorer, dumps, tmp_path) -> None:
    restorer(script)
    lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        result = await run(monitor(tmp_path, prove=True), tools)
    assert (result.status, part(result, "readable")) == (status, status)
    assert words in next(each.words for each in result.parts if each.name == "readable")


async def test_without_pg_restore_nothing_is_proven(dumps, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        result = await run(monitor(tmp_path, prove=True), tools)
    assert (result.status, part(result, "readable")) == (UNKNOWN, UNKNOWN)
    assert "pg_restore is not installed here" in result.words


async def test_what_nobody_can_read_is_neither_up_nor_down(tmp_path, dumps) -> None:
    lay(tmp_path, 10, dumps["custom"][:5] + b"\x01\x63" + dumps["custom"][7:])
    async with open_tools(clock=lambda: NOON) as tools:
        result = await run(monitor(tmp_path), tools)
    assert (result.status, part(result, "whole"), result.stored[0].status) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert "archive version 1.99 is not known here" in result.words


@pytest.mark.parametrize("kind", ["plain", "gzip", "inserts", "custom in gzip", "tar"])
async def test_tables_are_looked_for_in_every_format(kind, dumps, look) -> None:
    _, parts = await look({10: dumps[kind]}, tables=["public.prescriptions", "audit_logs"])
    assert parts["whole"] is UP
    result, parts = await look({10: dumps[kind]}, tables=["public.prescriptions", "other.audit_logs"])
    assert parts["whole"] is DOWN
    assert result.words.startswith("whole: no data of other.audit_logs")


async def test_a_schema_has_no_tables(dumps, look) -> None:
    result, _ = await look({10: dumps["schema"]}, tables=["prescriptions"])
    assert result.status is DOWN


async def test_after_a_restart_old_files_are_known_and_only_the_newest_is_read(slowly, dumps, tmp_path) -> None:
    """A corrupt old one must not turn green by forgetting; and nobody wants to read a month of dumps at every start."""
    slowly.open.set()
    whole = dumps["custom"]
    for hours, raw in ((10, whole), (34, whole[:-9]), (58, whole)):
        lay(tmp_path, hours, raw)

    async def started(last: Result) -> Result:
        _shelf._seen.clear()
        slowly.read.clear()
        async with open_tools(clock=lambda: NOON, last=lambda key: last) as tools:
            for _ in range(40):
                result = await run(monitor(tmp_path), tools)
        return result

    first = await started(Result(UNKNOWN))
    assert [each.status for each in first.stored] == [UP, DOWN, UP]
    assert len(slowly.read) == 3
    second = await started(first)
    assert second.stored == first.stored
    assert len(slowly.read) == 1
    lay(tmp_path, 34, whole)
    third = await started(second)
    assert third.stored[1].status is UP
    assert len(slowly.read) == 2, "what changed is read anew"


async def test_fewer_tables_than_before_are_seen(look, dumps) -> None:
    result, parts = await look({10: dumps["less"], 34: dumps["custom"]})
    assert parts["contents"] is DEGRADED
    assert "contents: 2 tables with data, the one before had 3" in result.words
    _, parts = await look({10: dumps["custom"]}, entries=10)
    assert parts["contents"] is UP


@pytest.mark.parametrize(("kind", "entries", "status"), [("custom", 500, DEGRADED), ("plain", 1, UNKNOWN)])
async def test_a_table_of_contents_that_is_too_short(kind, entries, status, look, dumps) -> None:
    result, parts = await look({10: dumps[kind]}, entries=entries)
    assert (result.status, parts["contents"]) == (status, status)


@pytest.mark.parametrize(
    ("off", "made", "newest"), [(3, UP, UP), (-13, UP, UP), (70, DEGRADED, DOWN), (-70, DEGRADED, UP)]
)
async def test_a_dump_is_as_old_as_its_header_says(off, made, newest, dumps, tmp_path) -> None:
    """An old dump under a new name is an old dump; a few hours may be another zone."""
    at = NOON - timedelta(hours=10)
    path = lay(tmp_path, 10, dumps["custom"])
    path.write_bytes(dated(dumps["custom"], at - timedelta(hours=off)))
    os.utime(path, (at.timestamp() + 60, at.timestamp() + 60))
    async with open_tools(clock=lambda: NOON) as tools:
        result = await run(monitor(tmp_path), tools)
    assert (part(result, "made"), part(result, "newest")) == (made, newest)


async def test_a_checksum_that_comes_later_is_looked_at(dumps, tmp_path) -> None:
    path = lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        assert (await run(monitor(tmp_path), tools)).status is UP
        _dumps.side(path).write_text(64 * "0")
        result = await run(monitor(tmp_path), tools)
        assert (result.status, result.words) == (DOWN, "whole: its bytes are not those of its .sha256 file")
        _dumps.side(path).write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
        os.utime(_dumps.side(path), (1, 1))
        result = await run(monitor(tmp_path), tools)
    assert "its checksum is right" in next(each.words for each in result.parts if each.name == "whole")


async def test_a_directory_is_one_dump(dumps, tmp_path) -> None:
    folder = tmp_path / "dumps"
    folder.mkdir()
    at = NOON - timedelta(hours=10)
    found = unfolded(dumps["directory"], tmp_path / f"x{at:%Y%m%d_%H%M%S}").rename(
        folder / f"backup_{at:%Y%m%d_%H%M%S}"
    )
    for each in (*found.iterdir(), found):
        os.utime(each, (at.timestamp(), at.timestamp()))
    options = {"pattern": "backup_{YYYY}{MM}{DD}_{hh}{mm}{ss}", "tables": ["prescriptions"]}
    async with open_tools(clock=lambda: NOON) as tools:
        result = await run(monitor(folder, **options), tools)
    assert part(result, "whole") is UP
    assert result.stored[0].size > 10_000


def refused(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


async def test_a_file_that_may_not_be_read_is_tried_again(dumps, tmp_path, monkeypatch) -> None:
    lay(tmp_path, 10, dumps["custom"])
    async with open_tools(clock=lambda: NOON) as tools:
        with monkeypatch.context() as patch:
            patch.setattr(
                Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
            )
            result = await run(monitor(tmp_path), tools)
        assert (result.status, "permission denied" in result.words) == (UNKNOWN, True)
        assert (await run(monitor(tmp_path), tools)).status is UP
