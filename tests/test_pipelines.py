"""The examples for pipelines, run as they stand against a real server: what they let through, what they keep back."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

import gate as wardgate
import settings
from data import deployments, series, standings, store
from demo import config
from demo.schedule import Schedule
from demo.server import PREFERRED
from model import Deployment, Standing, Status
from tests.serving import SCRAPER, configured, forget, guarded

HOME = Path(__file__).resolve().parents[1]
FOLDER = HOME / "docs" / "pipelines"
SHA, LIVE = "3f2c" * 10, "1111" * 10  # what the pipeline brings, and what is deployed so far
TRAP = '"verdict": "go"\\n\\ngo'  # words of a checklist that would like to be taken for a verdict
LISTS = f"""
[[checklist]]
key = "back-end"
name = "Fine"
item = [{{ key = "a", title = "A", gate = "up", series = ["shop"] }}]
[[checklist]]
key = "before"
name = "Before"
[[checklist.item]]
key = "b"
title = '{TRAP}'
gate = "up"
series = ["ledger"]
[[checklist.item]]
key = "reviewed"
title = "Somebody has looked at it"
[[checklist]]
key = "after"
name = "Nobody signed"
item = [{{ key = "c", title = "C" }}]
"""
CODES = {"go": 0, "no-go": 1, "unsure": 3}


class Platform:
    """A store with the door of the gate in front; ``stands`` says how the two monitors are."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def stands(self, **states: Status) -> None:
        now = datetime.now(UTC)
        engine = store.open(settings.current().store.url)
        with store.writing(engine) as c:
            ids = series.ensure(c, list(states), now)
            stood = [
                Standing(key, state, now - timedelta(hours=2), now + timedelta(minutes=5))
                for key, state in states.items()
            ]
            standings.keep(c, ids, stood)
            at = now - timedelta(minutes=5)
            deployments.put(c, [Deployment("dpl_1", "web", "production", "ready", at, at, LIVE, serving=True)])
        engine.dispose()

    def signed(self, release: str = SHA) -> None:
        """A person signs for a release, as the page does."""
        known, now = settings.current(), datetime.now(UTC)
        checklist = wardgate.of(known, "before")
        assert checklist is not None
        engine = store.open(known.store.url)
        with store.writing(engine) as c:
            wardgate.sign(c, known, checklist, release, checklist.items[1], "signed", "Ada", now)
        engine.dispose()

    def offered(self) -> list[str]:
        """The releases that the page offers because somebody waits for them."""
        engine = store.open(settings.current().store.url)
        with store.reading(engine) as c:
            found = list(wardgate.asked(c, datetime.now(UTC)))
        engine.dispose()
        return found

    def run(
        self, command: str, *, token: str = SCRAPER, url: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """One line as a pipeline runs it, in a folder with the examples, a build and a stand-in for npx."""
        env = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), "WARDROUND_STEP": "1"}
        env |= {"WARDROUND_URL": url or self.url, "WARDROUND_TOKEN": token, "GITHUB_SHA": SHA} | more
        return subprocess.run(
            ["bash", "-ec", command], cwd=self.folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    path = configured(tmp_path, 'audit_key = "an-audit-key-of-the-test"')
    path.write_text(path.read_text() + LISTS)
    monkeypatch.setenv("WARDROUND_CONFIG", str(path))
    yield from served(tmp_path)


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """The demo's own configuration, over a store in which nothing was seen yet."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "ca.pem").touch()
    schedule = Schedule(datetime(2026, 11, 23, tzinfo=UTC), 1)
    monkeypatch.setenv("WARDROUND_CONFIG", str(config.write(schedule, PREFERRED, tmp_path)))
    yield from served(tmp_path)


def served(folder: Path) -> Iterator[Platform]:
    """The doors on a port of loopback, and a folder in which pipelines run."""
    forget()
    store.open(settings.current().store.url).dispose()
    work = folder / "work"
    shutil.copytree(FOLDER, work / "docs" / "pipelines")
    (work / "bin").mkdir()
    npx = "#!/bin/sh\ncase $* in *promote*) touch deployed ;; *) echo https://web-1.vercel.app ;; esac\n"
    (work / "bin" / "npx").write_text(npx)
    (work / "bin" / "npx").chmod(0o755)
    build = "node -e \"require('fs').writeFileSync('built', '')\""
    (work / "package.json").write_text(json.dumps({"name": "stub", "private": True, "scripts": {"build": build}}))
    server = uvicorn.Server(uvicorn.Config(guarded(), port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Platform(f"http://127.0.0.1:{port}", work)
    server.should_exit = True
    thread.join(10)
    forget()


def steps() -> list[str]:
    """The commands of the workflow, in their order."""
    return re.findall(r"^ +run: (.+)$", (FOLDER / "github-actions.yml").read_text(), re.M)


def through(platform: Platform) -> list[int]:
    """The exit codes of the workflow's steps, up to the first that fails: how a pipeline does it."""
    codes = []
    for step in steps():
        codes.append(platform.run(re.sub(r" \d+$", " 0", step)).returncode)
        if codes[-1]:
            break
    return codes


def test_the_workflow_deploys_when_the_lists_say_go_and_ends_where_nobody_signed(platform: Platform) -> None:
    platform.stands(shop=Status.UP, ledger=Status.UP)
    platform.signed()
    assert through(platform) == [0, 0, 0, 0, 3]
    assert (platform.folder / "deployed").exists()


@pytest.mark.parametrize(
    ("shop", "ledger", "codes"),
    [
        pytest.param(Status.DOWN, Status.UP, [1], id="the back end is not ready"),
        pytest.param(Status.UP, Status.DOWN, [0, 0, 1], id="the release may not go out"),
        pytest.param(Status.UP, Status.UNKNOWN, [0, 0, 3], id="nobody can say"),
        pytest.param(Status.UP, Status.UP, [0, 0, 3], id="nobody signed"),
    ],
)
def test_the_workflow_stops_before_it_deploys(
    platform: Platform, shop: Status, ledger: Status, codes: list[int]
) -> None:
    platform.stands(shop=shop, ledger=ledger)
    assert through(platform) == codes
    assert not (platform.folder / "deployed").exists()


def test_a_person_signs_for_a_release_that_no_deployment_has_while_the_pipeline_waits(platform: Platform) -> None:
    platform.stands(shop=Status.UP, ledger=Status.UP)
    platform.signed(LIVE)
    waiting: list[int] = []
    thread = threading.Thread(target=lambda: waiting.append(platform.run(gate(f"before {SHA} 40")).returncode))
    thread.start()
    end = time.monotonic() + 30
    while not platform.offered() and time.monotonic() < end:
        time.sleep(0.1)
    assert platform.offered() == [SHA], "the page offers what the pipeline waits for"
    assert not waiting
    platform.signed()
    thread.join()
    assert waiting == [0]


@pytest.mark.parametrize(("state", "built"), [(Status.UP, True), (Status.DOWN, False)])
def test_the_build_of_vercel_begins_only_on_go(platform: Platform, state: Status, built: bool) -> None:
    platform.stands(shop=state, ledger=Status.DOWN)
    command = json.loads((FOLDER / "vercel.json").read_text())["buildCommand"].replace(" 300;", " 0;")
    done = platform.run(command, VERCEL_ENV="production", VERCEL_GIT_COMMIT_SHA=SHA)
    assert (done.returncode == 0, (platform.folder / "built").exists()) == (built, built), done.stderr


def test_the_line_for_the_demo_opens_its_door(played: Platform) -> None:
    [line] = re.findall(r"^WARDROUND_URL=.+$", (FOLDER / "README.md").read_text(), re.M)
    done = played.run(line.replace("http://localhost:8501", played.url))
    assert (done.returncode, "never measured" in done.stderr) == (3, True), done.stderr


def test_a_preview_is_built_without_being_asked(platform: Platform) -> None:
    platform.stands(shop=Status.DOWN, ledger=Status.DOWN)
    command = json.loads((FOLDER / "vercel.json").read_text())["buildCommand"]
    assert platform.run(command, VERCEL_ENV="preview").returncode == 0
    assert (platform.folder / "built").exists()


def gate(arguments: str) -> str:
    return f"sh docs/pipelines/gate.sh {arguments}"


def test_it_waits_for_a_go_and_no_longer(platform: Platform) -> None:
    platform.stands(shop=Status.UP, ledger=Status.DOWN)
    platform.signed()
    timer = threading.Timer(1.5, platform.stands, kwargs={"ledger": Status.UP})
    began = time.monotonic()
    timer.start()
    done = platform.run(gate(f"before {SHA} 30"))
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began > 1
    timer.join()
    began = time.monotonic()
    assert platform.run(gate("after '' 2")).returncode == 3
    assert time.monotonic() - began > 1, "the script counts in whole seconds"


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        pytest.param("", {}, id="no name"),
        pytest.param("nothing", {}, id="no such list"),
        pytest.param("before", {"token": "wrong-0123456789abcdef"}, id="a wrong token"),
        pytest.param("'../health'", {}, id="a path"),
        pytest.param("before 'a&b'", {}, id="a query"),
        pytest.param("before abc soon", {}, id="no number"),
    ],
)
def test_asked_wrongly_it_says_so_at_once(platform: Platform, arguments: str, more: dict[str, str]) -> None:
    done = platform.run(gate(arguments), **more)
    assert done.returncode == 2
    assert done.stderr
    assert "0123456789abcdef" not in done.stdout + done.stderr


def test_a_server_that_is_not_there_is_no_go_of_its_own(platform: Platform) -> None:
    done = platform.run(gate("before"), url="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "cannot be reached" in done.stderr


def test_the_token_stands_on_no_command_line(platform: Platform) -> None:
    platform.stands(shop=Status.UP, ledger=Status.DOWN)
    curl = shutil.which("curl")
    wrapper = platform.folder / "bin" / "curl"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$0" "$@" >> "$HOME/argv"\nexec {curl} "$@"\n')
    wrapper.chmod(0o755)
    assert platform.run(gate("before '' 2")).returncode == 1
    seen = (platform.folder / "argv").read_text()
    assert "/api/gate/before" in seen
    assert SCRAPER not in seen


def test_every_verdict_is_two_lines_of_plain_text(platform: Platform) -> None:
    import httpx

    ask: Callable[[str], httpx.Response] = lambda name: httpx.get(  # noqa: E731
        f"{platform.url}/api/gate/{name}", trust_env=False,
        headers={"Authorization": f"Bearer {SCRAPER}", "Accept": "text/plain"},
    )  # fmt: skip
    platform.stands(shop=Status.UP, ledger=Status.DOWN)
    for name, verdict in (("back-end", "go"), ("before", "no-go"), ("after", "unsure")):
        lines = ask(name).text.splitlines()
        assert (lines[0], len(lines)) == (verdict, 2)
        assert platform.run(gate(name)).returncode == CODES[verdict]
