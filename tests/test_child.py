"""The keeper of the poller: started again when it dies or hangs, ended with us."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import child
from data import store, watch

APPENDS = "import os,sys; open(sys.argv[1],'a').write(str(os.getpid())+'\\n'); "
DIES = APPENDS + "sys.exit(3)"
LIVES = APPENDS + "sys.stdin.read()"
SIGNS = APPENDS + "import time\nwhile True: os.write(1, b'.'); time.sleep(0.1)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + APPENDS + "import time; time.sleep(60)"


# a poller that gives up on a locked store, again and again, while the test lasts
IMPATIENT = "from data import _sqlite; import wardround; _sqlite.BUSY_MS = 1000; wardround.run()"


def starts(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def until(what: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 another process makes it so
            await asyncio.sleep(0.02)


def command(program: str, file: Path) -> list[str]:
    return [sys.executable, "-c", program, str(file)]


async def test_it_lives_as_long_as_the_block(tmp_path: Path) -> None:
    file = tmp_path / "starts"
    async with child.kept_alive(command(LIVES, file)):
        await until(lambda: len(starts(file)) == 1)
        assert psutil.pid_exists(starts(file)[0])
    assert not psutil.pid_exists(starts(file)[0])


async def test_one_that_dies_is_started_again_later_and_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child, "FIRST", 0.05)
    file, waits = tmp_path / "starts", []
    with caplog.at_level(logging.ERROR, "wardround.server"):
        async with child.kept_alive(command(DIES, file)):
            await until(lambda: len(starts(file)) >= 3)
    waits = [record.args[1] for record in caplog.records if isinstance(record.args, tuple)]
    assert waits[:2] == [0.1, 0.2]
    assert "exit 3" in caplog.text


async def test_one_that_lives_and_says_nothing_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "GRACE", 0.2)
    monkeypatch.setattr(child, "STUCK", 1.5)
    monkeypatch.setattr(child, "FIRST", 0.05)
    file = tmp_path / "starts"
    async with child.kept_alive(command(DEAF, file), signs=True):
        await until(lambda: len(starts(file)) >= 2, 60)
        first = starts(file)[0]
        assert not psutil.pid_exists(first)
        process = psutil.Process(starts(file)[1])
    assert not process.is_running()


async def test_one_that_gives_signs_of_life_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "starts"
    async with child.kept_alive(command(SIGNS, file), signs=True):
        await until(lambda: len(starts(file)) == 1, 30)
        monkeypatch.setattr(child, "STUCK", 1.5)
        await asyncio.sleep(4)
        assert len(starts(file)) == 1


async def test_one_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child, "FIRST", 0.05)
    program, file = tmp_path / "program", tmp_path / "starts"
    with caplog.at_level(logging.ERROR, "wardround.server"):
        async with child.kept_alive([str(program), str(file)]):
            await until(lambda: "FileNotFoundError" in caplog.text)
            program.write_text(f"#!{sys.executable}\n{LIVES}")
            program.chmod(0o700)
            await until(lambda: len(starts(file)) == 1, 30)


@pytest.mark.slow
async def test_a_poller_whose_store_is_locked_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, url = tmp_path / "wardround.toml", f"sqlite:///{tmp_path / 'w.db'}"
    config.write_text(
        f'[store]\nurl = "{url}"\n[[monitor]]\nkey = "job"\ncheck = "heartbeat"\nevery = "1s"\nperiod = "1d"\n'
        'token = "a-token-of-this-test"\n'
    )
    engine = store.open(url)
    program = [sys.executable, "-c", IMPATIENT, "poll", "--child", "--config", str(config)]
    async with child.kept_alive(program, signs=True):
        await until(lambda: reported(engine) is not None, 60)
        with store.writing(engine):
            before = reported(engine)
            monkeypatch.setattr(child, "STUCK", 4.0)
            await asyncio.sleep(6)
        await until(lambda: reported(engine).at > before.at, 60)
    assert reported(engine).pid == before.pid
    engine.dispose()


def reported(engine):
    with store.reading(engine) as c:
        return watch.read(c)


async def test_one_that_will_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "GRACE", 0.2)
    file = tmp_path / "starts"
    async with child.kept_alive(command(DEAF, file)):
        await until(lambda: len(starts(file)) == 1)
    assert not psutil.pid_exists(starts(file)[0])
