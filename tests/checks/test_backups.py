"""A folder of real dumps of a real Postgres: late, small, cut anywhere, flipped, still written, with holes."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from checks import open_tools, run
from checks._dumps import Damaged, read
from checks.backups import Options
from model import Monitor, Status
from tests.data.conftest import BINARIES, Postgres

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
TABLES = """
create table prescriptions (id int primary key, body text);
insert into prescriptions select n, repeat(md5(n::text), 4) from generate_series(1, 4000) n;
create table audit_logs (id int, said text);
insert into audit_logs select n, md5(n::text) from generate_series(1, 500) n;
create table empty_one (id int);
select lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'));
"""


@pytest.fixture(scope="session")
def dumps() -> Iterator[dict[str, bytes]]:
    """What pg_dump of a real server writes, by kind."""
    home = Path(tempfile.mkdtemp(prefix="wr-bk-"))
    server = Postgres(home)
    try:
        server.start()
        for statement in TABLES.strip().split(";\n"):
            server.sql(statement)
        program = str(server.binaries / "bin" / "pg_dump")

        def dumped(*options: str) -> bytes:
            command = [program, "-h", str(home), "-U", "postgres", *options, "postgres"]
            env = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
            return subprocess.run(command, check=True, capture_output=True, env=env, timeout=60).stdout

        plain = dumped()
        yield {
            "custom": dumped("-Fc"),
            "uncompressed": dumped("-Fc", "-Z0"),
            "plain": plain,
            "gzip": gzip.compress(plain),
            "schema": dumped("--schema-only"),
            "tar": dumped("-Ft"),
        }
        server.down()
    finally:
        shutil.rmtree(home, ignore_errors=True)


KINDS = ("custom", "uncompressed", "plain", "gzip", "schema")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_dump_is_whole(kind, dumps, tmp_path) -> None:
    file = tmp_path / "x"
    file.write_bytes(dumps[kind])
    found = read(file)
    assert found.kind == {"uncompressed": "custom", "schema": "plain"}.get(kind, kind)
    if found.kind == "custom":
        assert set(found.tables) == {"public.prescriptions", "public.audit_logs", "public.empty_one"}
        assert found.database == "postgres"
        assert found.made is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_dump_that_was_cut_anywhere_is_seen(kind, dumps, tmp_path) -> None:
    """At every tenth, and by a single byte at the end of those whose end is known to the byte."""
    whole, file = dumps[kind], tmp_path / "x"
    cuts = [len(whole) * tenth // 10 for tenth in range(10)]
    cuts += [len(whole) - 1] if kind in ("custom", "uncompressed", "gzip") else [len(whole) - 500]
    for cut in cuts:
        file.write_bytes(whole[:cut])
        with pytest.raises(Damaged):
            read(file)


@pytest.mark.parametrize("kind", ["custom", "uncompressed", "gzip"])
def test_something_behind_the_end_is_seen(kind, dumps, tmp_path) -> None:
    file = tmp_path / "x"
    file.write_bytes(dumps[kind] + b"junk behind it")
    with pytest.raises(Damaged):
        read(file)


def test_a_flipped_bit_never_breaks_the_reader(dumps, tmp_path) -> None:
    chance, file, seen = random.Random(5), tmp_path / "x", 0
    whole = dumps["custom"]
    for _ in range(300):
        at = chance.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        try:
            read(file)
        except Damaged:
            seen += 1
    assert seen > 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>error</html>",
        b"PGDMP",
        b"PGDMP" + b"\xff" * 60,
        b"\x1f\x8b" + b"x" * 50,
        random.Random(1).randbytes(500),
    ],
)
def test_what_is_no_dump_is_said_so(raw, tmp_path) -> None:
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(Damaged) as caught:
        read(tmp_path / "x")
    assert caught.value.words


def test_an_archive_of_several_files_is_said_so(dumps, tmp_path) -> None:
    (tmp_path / "x").write_bytes(dumps["tar"])
    with pytest.raises(Damaged):
        read(tmp_path / "x")


@pytest.fixture
def look(tmp_path, dumps, monkeypatch):
    """Looks at a folder of dumps that were made so many hours before noon: {hours: bytes}."""

    # the machine's own pg_restore may be older than the server whose dumps these are
    monkeypatch.setenv("PATH", f"{BINARIES / 'bin'}:{os.environ['PATH']}")

    async def looked(files, **options):
        for hours, raw in files.items():
            at = NOON - timedelta(hours=hours)
            path = tmp_path / f"backup_{at:%Y%m%d_%H%M%S}.dump"
            path.write_bytes(raw)
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
    assert parts == {"newest": UP, "size": UP, "whole": UP, "readable": UP, "kept": UP, "room": UP}
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
    small = whole[: len(whole) // 2]
    result, _ = await look({10: whole[:-9], 34: whole, 58: small, **{82 + 24 * n: whole for n in range(5)}})
    wrong = [each.wrong for each in result.stored]
    assert "cut" in wrong[0]
    assert wrong[2] == "only 50 % of the usual size"
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
