"""Where something real is configured no demo plays, and the demo never writes into a real store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import settings
from demo import config
from demo.schedule import Schedule
from demo.server import PREFERRED

HOME = Path(__file__).resolve().parents[2]
REAL = """
[site]
name = "Real"
[store]
url = "sqlite:///{store}"
[[monitor]]
key = "nothing"
check = "tcp"
host = "127.0.0.1"
port = 9
paused = true
"""
SERVED = """
import asyncio, pathlib, sys
import demo

def caught(*_):
    raise SystemExit(7)

demo.start = caught
import app, settings
settings.HOME = app.HOME = pathlib.Path(sys.argv[1])

async def served():
    async with app.lifespan(None):
        pass

asyncio.run(served())
"""


def served(home: Path, environment: dict[str, str]) -> int:
    """Starts and ends the server's lifespan; 7 when it wanted to start the demo."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("WARDROUND_")}
    command = [sys.executable, "-c", SERVED, str(home)]
    return subprocess.run(command, cwd=HOME, env=plain | environment, timeout=60, check=False).returncode


def test_a_real_configuration_starts_no_demo_and_none_starts_it(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text(REAL.format(store=tmp_path / "real.db"), encoding="utf-8")
    assert served(tmp_path, {"WARDROUND_CONFIG": str(real)}) == 0
    assert not list(tmp_path.rglob("demo*"))
    assert served(tmp_path, {}) == 7


def test_the_demo_has_a_store_of_its_own(schedule: Schedule, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "ca.pem").touch()
    path = config.write(schedule, PREFERRED, tmp_path)
    assert settings.load(path, {}).store.url == f"sqlite:///{tmp_path / 'demo.db'}"
