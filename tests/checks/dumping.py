"""Real dumps of a real Postgres, in every format that pg_dump and people write."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow
import pytest

from tests.postgres import Postgres

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

        plain, custom = dumped(), dumped("-Fc")
        dumped("-Fd", "-f", str(home / "directory"))
        yield {
            "custom": custom,
            "uncompressed": dumped("-Fc", "-Z0"),
            "plain": plain,
            "inserts": dumped("--inserts"),
            "gzip": gzip.compress(plain),
            "custom in gzip": gzip.compress(custom),
            "zstd": compressed(plain, "zstd"),
            "lz4": compressed(plain, "lz4"),
            "xz": lzma.compress(plain),
            "bzip2": bz2.compress(plain),
            "schema": dumped("--schema-only"),
            "less": dumped("-Fc", "--exclude-table-data=prescriptions"),
            "tar": dumped("-Ft"),
            "directory": folded(home / "directory"),
        }
        server.down()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def compressed(raw: bytes, way: str) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, way) as out:
        out.write(raw)
    return bytes(sink.getvalue())


def folded(folder: Path) -> bytes:
    """A directory as one tar, the way people carry it."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as tar:
        tar.add(folder, "backup")
    return sink.getvalue()


def unfolded(raw: bytes, path: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        tar.extractall(path.parent, filter="data")
    return (path.parent / "backup").rename(path)


def dated(raw: bytes, at: datetime) -> bytes:
    """The same archive made at another moment: the seven numbers that follow its header of twelve bytes."""
    if not raw.startswith(b"PGDMP") or len(raw) < 47:
        return raw
    numbers = (at.second, at.minute, at.hour, at.day, at.month - 1, at.year - 1900, 0)
    return raw[:12] + b"".join(b"\0" + number.to_bytes(4, "little") for number in numbers) + raw[47:]
