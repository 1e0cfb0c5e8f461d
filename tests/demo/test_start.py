"""The demo as a process: it answers, is shared, moves out of the way of a port, and never outlives its parent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import dns.message
import dns.query
import pytest

import demo
from data import pings, store
from demo import opening, server
from demo.schedule import Schedule
from tests.demo.conftest import apart
from tests.ports import free_port

HOME = Path(__file__).resolve().parents[2]
WITHIN = 90.0


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[demo.Demo]:
    found = demo.start(apart(tmp_path_factory.mktemp("var")), within=WITHIN)
    yield found
    found.stop()


def of(found: demo.Demo) -> dict[str, dict[str, object]]:
    document = tomllib.loads(found.config.read_text(encoding="utf-8"))
    return {monitor["key"]: monitor for monitor in document["monitor"]} | {"": document}


def waited(until: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        time.sleep(0.05)
    return until()


def answers(url: str) -> bool:
    with suppress(OSError):
        return bool(urlopen(url, timeout=10).status == 200)
    return False


def test_it_answers_as_soon_as_start_returns(playing: demo.Demo) -> None:
    with urlopen(str(of(playing)["live"]["url"]), timeout=5) as answer:
        assert json.load(answer)["status"] == "alive"


def test_its_configuration_watches_loopback_only_and_keeps_a_store_of_its_own(playing: demo.Demo) -> None:
    document = of(playing)[""]
    assert document["site"]["demo"] is True
    assert document["store"]["url"] == f"sqlite:///{playing.config.parent / 'demo.db'}"
    assert document["watch"]["networks"] == ["127.0.0.0/8"]
    hosts = {str(m.get("url", "http://127.0.0.1/")).split("/")[2].split(":")[0] for m in document["monitor"]}
    assert hosts == {"127.0.0.1"}
    assert 14 <= len(document["monitor"]) <= 24
    assert 5 <= len({m["group"] for m in document["monitor"]}) <= 7


def test_its_certificate_is_of_its_own_authority_and_near_its_end(playing: demo.Demo) -> None:
    trusting = ssl.create_default_context(cafile=str(playing.config.parent / "demo" / "ca.pem"))
    port = int(str(of(playing)["certificate"]["port"]))
    with (
        socket.create_connection(("127.0.0.1", port), 5) as line,
        trusting.wrap_socket(line, server_hostname="localhost") as tls,
    ):
        seconds = ssl.cert_time_to_seconds(str(tls.getpeercert()["notAfter"]))
    assert 7 * 86400 < seconds - time.time() < 21 * 86400


def test_its_name_server_knows_one_name(playing: demo.Demo) -> None:
    port = json.loads((playing.config.parent / "demo" / "ports.json").read_text())["names"]
    for name, code, answers in (("platform.demo.test", 0, 1), ("other.test", 3, 0)):
        said = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=5)
        assert (said.rcode(), len(said.answer)) == (code, answers)


def test_its_jobs_report(playing: demo.Demo) -> None:
    engine = store.open(opening.url(playing.config.parent))
    with store.reading(engine) as c:
        found = pings.latest(c, "export")["ok"].at
    engine.dispose()
    assert timedelta(0) <= datetime.now(UTC) - found < timedelta(minutes=10)


def test_nonsense_ends_one_connection_and_nothing_else(playing: demo.Demo) -> None:
    port = int(str(of(playing)["live"]["url"]).split(":")[2].split("/")[0])
    for words in (b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"A" * 70_000):
        with socket.create_connection(("127.0.0.1", port), 5) as line, suppress(OSError):
            line.sendall(words)
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
    assert answers(str(of(playing)["live"]["url"]))


def test_two_in_one_folder_are_one_and_the_second_takes_over(tmp_path: Path) -> None:
    first, second = demo.start(apart(tmp_path), within=WITHIN), None
    try:
        url = str(of(first)["live"]["url"])
        second = demo.start(tmp_path, within=WITHIN)
        assert second.config == first.config
        first.stop()
        assert waited(lambda: answers(url))
    finally:
        first.stop()
        if second:
            second.stop()
    assert not answers(url)


def test_it_takes_another_port_when_its_own_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody has it already: all the better
            other.bind(("127.0.0.1", 18630))
            other.listen()
        found = demo.start(tmp_path, within=WITHIN)
        try:
            url = str(of(found)["live"]["url"])
            assert ":18630/" not in url
            assert answers(url)
        finally:
            found.stop()


def test_where_one_port_is_taken_none_is_shared() -> None:
    """Whoever has it may be another demo, whose database is closed now and then, but comes back."""
    wanted = server.Ports(*(free_port() for _ in range(4)))
    assert server.free(wanted) == wanted
    with socket.create_server(("127.0.0.1", wanted.http)):
        assert set(astuple(server.free(wanted))) & set(astuple(wanted)) == set()


async def test_a_database_whose_port_was_taken_meanwhile_comes_back_later(schedule: Schedule) -> None:
    door = server.Door(schedule, lambda: schedule.opened + timedelta(minutes=8))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        playing = asyncio.create_task(server.database(door, port))
        await asyncio.sleep(0.6)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(playing), 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


PARENT = """
import sys, time, pathlib, demo
found = demo.start(pathlib.Path(sys.argv[1]), within=90)
print(found.config, found.process.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(apart(tmp_path))]
    parent = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    config, pid = parent.stdout.readline().split()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(30)
    parent.stdout.close()
    assert waited(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid))
    monitors = tomllib.loads(Path(config).read_text(encoding="utf-8"))["monitor"]
    live = next(each["url"] for each in monitors if each["key"] == "live")
    assert waited(lambda: not answers(live))


def _is_zombie(pid: str) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].startswith("Z")
    return True


def test_a_demo_that_cannot_start_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "var"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(demo.DemoError, match="ended at once"):
        demo.start(blocked, within=WITHIN)


def test_a_store_of_today_is_continued_and_an_older_one_begun_anew(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    engine, first, _ = opening.opened(tmp_path, now - timedelta(hours=30))
    engine.dispose()
    engine, second, _ = opening.opened(tmp_path, now - timedelta(hours=20))
    engine.dispose()
    engine, third, unfinished = opening.opened(tmp_path, now)
    engine.dispose()
    assert second == first
    assert third.opened == now
    assert unfinished


def test_a_damaged_store_is_begun_anew(tmp_path: Path) -> None:
    engine, _, _ = opening.opened(tmp_path)
    engine.dispose()
    (tmp_path / "demo.db").write_bytes(b"not a database" * 1000)
    engine, _, unfinished = opening.opened(tmp_path)
    engine.dispose()
    assert unfinished
