"""The command line as a person meets it: the real program, its words and its exit codes."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import settings
import wardround
from data import exports, samples, series, store
from model import Sample, Status
from tests import warm

HOME = Path(__file__).resolve().parents[1]
CANARY = "c4n4ry-7f3a91d0e5b2"


class Shell:
    """The program in a folder of its own, with a configuration that watches one port of this machine."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.config = folder / "wardround.toml"
        self.url = f"sqlite:///{folder / 'w.db'}"
        self.watch(port)

    def watch(self, port: int) -> None:
        self.config.write_text(
            f'[store]\nurl = "{self.url}"\n[watch]\nnetworks = ["127.0.0.0/8"]\n'
            f'[[monitor]]\nkey = "port"\nname = "The port"\ncheck = "tcp"\nhost = "127.0.0.1"\nport = {port}\n'
        )

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """In a fork that has everything imported already."""
        return warm.run(self.command(words), cwd=self.folder, env=self.env(environment))

    def started(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same with an interpreter of its own: what one command imports must do without what another does."""
        command, env = self.command(words), self.env({})
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=110)

    def command(self, words: Iterable[str]) -> list[str]:
        return [sys.executable, str(HOME / "wardround.py"), *words]

    def env(self, more: dict[str, str]) -> dict[str, str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("WARDROUND_")}
        return plain | {"WARDROUND_CONFIG": str(self.config), "COLUMNS": "120", "NO_COLOR": "1", **more}

    def refused(self, *words: str, code: int = 1, **environment: str) -> str:
        """One line on standard error, nothing else, and the exit code."""
        ran = self.run(*words, **environment)
        assert ran.returncode == code, ran
        assert len(ran.stderr.splitlines()) == 1, ran.stderr
        assert "Traceback" not in ran.stderr
        return ran.stderr.strip()

    def refused_inside(self, *words: str) -> str:
        """The same in this process: quicker, for the many kinds of mistakes."""
        with pytest.raises(wardround.Mistake) as error:
            wardround.app([*words, "--config", str(self.config)], standalone_mode=False)
        assert error.value.code == 1
        assert "\n" not in str(error.value)
        return str(error.value)

    def said(self, *words: str, code: int = 0) -> Any:
        ran = self.run(*words, "--json")
        assert ran.returncode == code, ran
        return json.loads(ran.stdout)

    def filled(self) -> int:
        """A store with a hundred samples."""
        now = datetime.now(UTC)
        engine = store.open(self.url)
        with store.writing(engine) as c:
            ids = series.ensure(c, ["port"], now)
            seen = [Sample("port", now - timedelta(seconds=n), Status.UP, 1.5) for n in range(100)]
            samples.add(c, ids, seen)
        engine.dispose()
        return 100


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def shell(tmp_path: Path, listening: int) -> Shell:
    return Shell(tmp_path, listening)


def busy() -> float:
    """Seconds of processor time that ended children have used: what others do on this machine is not in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_is_quick_and_names_every_command(shell: Shell) -> None:
    shell.started("--help")  # the first run writes bytecode
    took = []
    for _ in range(3):
        began = busy()
        ran = shell.started("--help")
        took.append(busy() - began)
        if took[-1] < 1.0:
            break
    assert min(took) < 1.0
    assert ran.returncode == 0
    for command in ("check", "poll", "config", "backup", "restore", "export", "demo"):
        assert f" {command} " in ran.stdout


def test_check_says_that_all_is_up(shell: Shell) -> None:
    ran = shell.started("check")
    assert ran.returncode == 0
    assert "The port" in ran.stdout
    assert shell.said("check")[0]["status"] == "up"
    assert not (shell.folder / "w.db").exists()  # looking once keeps nothing


def test_check_says_what_is_down(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    shell.watch(port)
    ran = shell.run("check")
    assert ran.returncode == 1
    assert "refused" in ran.stdout
    assert shell.said("check", code=1)[0]["status"] == "down"


@pytest.mark.parametrize("command", ["check", "poll", "config check"])
def test_a_mistake_in_the_configuration_is_one_line_and_two(shell: Shell, command: str) -> None:
    shell.config.write_text('[site]\nnam = "X"\n')
    said = shell.refused(*command.split(), code=2)
    assert said == "wardround.toml: [site]: unknown key 'nam'; did you mean 'name'?"


def test_config_check_says_that_it_is_fine_and_what_is_left_open(shell: Shell) -> None:
    first, *advice = shell.run("config", "check").stdout.splitlines()
    assert first.endswith("fine (1 monitor, 0 channels)")
    assert advice == [settings.ALONE]
    plain = {"ok": True, "file": str(shell.config), "monitors": 1, "channels": 0}
    assert shell.said("config", "check") == {**plain, "advice": advice}
    asked = shell.config.read_text().replace("[watch]", '[watch]\nconnectivity = ["127.0.0.1:9"]')
    shell.config.write_text(asked)
    assert shell.said("config", "check") == {**plain, "advice": []}


def test_another_file_is_named(shell: Shell, tmp_path: Path) -> None:
    assert shell.refused("config", "check", "--config", "nowhere.toml", code=2).endswith("there is no such file")


def test_the_schema_is_json(shell: Shell) -> None:
    assert json.loads(shell.started("config", "schema").stdout)["title"] == "wardround.toml"


def test_a_secret_is_in_no_answer(shell: Shell) -> None:
    with shell.config.open("a") as file:
        file.write('[[channel]]\nkey = "a"\nurl = "${URL}"\n')
    good, bad = f"mailto://u:{CANARY}@x.example", f"{CANARY}@x.example"
    assert CANARY not in str(shell.run("config", "check", URL=good))
    assert CANARY not in shell.refused("config", "check", code=2, URL=bad)


def test_a_backup_can_be_restored_elsewhere(shell: Shell) -> None:
    shell.filled()
    rows = shell.said("backup", "copy.db")["rows"]
    assert rows["samples"] == 100
    shell.config.write_text(shell.config.read_text().replace("w.db", "new.db"))
    assert shell.said("restore", "copy.db")["rows"]["samples"] == 100


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("backup there.db", "exists already", id="a backup onto a file"),
        pytest.param("backup nowhere/x.db", "there is no such folder", id="a backup into nowhere"),
        pytest.param("restore missing.db", "there is no such file", id="a restore of nothing"),
        pytest.param("restore there.db", "there.db", id="a restore of no database"),
        pytest.param("export there.csv", "exists already", id="an export onto a file"),
        pytest.param("export x.xlsx", "ends in .csv or .parquet", id="an export of another kind"),
        pytest.param("export x.csv --table secrets", "there is no table secrets", id="an export of no table"),
        pytest.param("export nowhere/x.csv", "there is no such folder", id="an export into nowhere"),
    ],
)
def test_a_users_mistake_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str, words: str) -> None:
    shell.filled()
    for name in ("there.db", "there.csv"):
        (shell.folder / name).write_text("something else")
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("WARDROUND_CONFIG", "")
    assert words in shell.refused_inside(*command.split())
    settings.current.cache_clear()
    assert (shell.folder / "there.db").read_text() == "something else"


def test_a_store_is_not_replaced_by_accident(shell: Shell) -> None:
    shell.filled()
    assert shell.started("backup", "copy.db").returncode == 0
    assert "force" in shell.refused("restore", "copy.db")
    assert shell.run("restore", "copy.db", "--force").returncode == 0


def test_there_is_nothing_to_back_up_without_a_store(shell: Shell) -> None:
    for command in ("backup copy.db", "export x.csv"):
        shell.refused(*command.split())
        assert not (shell.folder / command.split()[1]).exists()
    assert not (shell.folder / "w.db").exists()


def test_a_store_of_a_newer_program_is_left_alone(shell: Shell) -> None:
    import sqlite3

    shell.filled()
    with sqlite3.connect(shell.folder / "w.db") as c:
        c.execute("UPDATE alembic_version SET version_num = '9999'")
    c.close()
    for command in ("backup copy.db", "poll"):
        assert "newer" in shell.refused(*command.split())


def older(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as c:
        c.execute("UPDATE alembic_version SET version_num = '0001'")
    c.close()


def newer(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as c:
        c.execute("UPDATE alembic_version SET version_num = '9999'")
    c.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(older, "start the poller once to migrate it", id="an older store"),
        pytest.param(newer, "a newer Wardround has been here", id="a newer store"),
        pytest.param(lambda path: path.write_bytes(b"no database" * 99), "cannot be read", id="a damaged store"),
    ],
)
def test_check_says_in_one_line_what_is_wrong_with_the_store(shell: Shell, spoil: Any, words: str) -> None:
    shell.filled()
    spoil(shell.folder / "w.db")
    assert words in shell.refused("check")


def test_check_says_in_one_line_that_postgres_is_down(shell: Shell) -> None:
    said = shell.refused("check", WARDROUND_STORE_URL="postgresql://watcher:" + CANARY + "@127.0.0.1:9/ward")
    assert "Postgres does not answer" in said
    assert CANARY not in said


def test_samples_leave_as_csv_and_as_parquet(shell: Shell) -> None:
    count = shell.filled()
    assert json.loads(shell.started("export", "out.csv", "--json").stdout)["rows"] == count
    assert shell.run("export", "out.parquet").returncode == 0
    with (shell.folder / "out.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == count
    assert pyarrow.parquet.read_table(shell.folder / "out.parquet").num_rows == count


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_an_export_that_breaks_leaves_no_file(shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shell.filled()
    (shell.folder / name).write_text("the one before")
    whole = exports.rows

    def breaks(*told: Any) -> Any:
        yield next(whole(*told))
        raise store.Busy("the store stayed locked")

    monkeypatch.setattr(exports, "rows", breaks)
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("WARDROUND_CONFIG", "")
    assert shell.refused_inside("export", name, "--force") == "the store stayed locked"
    settings.current.cache_clear()
    assert (shell.folder / name).read_text() == "the one before"
    assert list(shell.folder.glob("*.part")) == []


def test_an_unknown_command_says_so_without_a_traceback(shell: Shell) -> None:
    ran = shell.run("chekc")
    assert ran.returncode == 2
    assert "No such command" in ran.stderr
    assert "Traceback" not in ran.stderr


def kept(shell: Shell) -> list[Status]:
    """The statuses of the samples in the store so far."""
    now = datetime.now(UTC)
    with contextlib.suppress(store.StoreError, store.Broken), contextlib.ExitStack() as stack:  # it is being made
        engine = store.open(shell.url, create=False, readonly=True, check=False)
        stack.callback(engine.dispose)
        with store.reading(engine) as c:
            return [sample.status for sample in samples.between(c, "port", now - timedelta(hours=1), now)]
    return []


def test_poll_writes_samples_until_it_is_told_to_end(shell: Shell) -> None:
    env = {**os.environ, "WARDROUND_CONFIG": str(shell.config)}
    process = subprocess.Popen(
        [sys.executable, str(HOME / "wardround.py"), "poll"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        end = time.monotonic() + 60
        while not kept(shell) and time.monotonic() < end:
            time.sleep(0.3)
        assert Status.UP in kept(shell)
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=40)
    assert process.returncode == 0, out
    assert b"Traceback" not in out
