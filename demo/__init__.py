"""A platform to watch when there is none: endpoints with faults that come and go, and ninety days of history."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]


class DemoError(RuntimeError):
    """The demo did not start, in words."""


@dataclass(frozen=True)
class Demo:
    """A running demo: the configuration that watches it, and the process that plays it."""

    config: Path
    process: subprocess.Popen[str]

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ends it, and waits until it has ended."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def start(var: Path, *, within: float = 20.0) -> Demo:
    """Starts the demo as a child process that keeps its files in ``var``, and waits until it answers.

    The child holds the other end of a pipe: it ends when this process does, however that dies. Raises DemoError when it
    has not answered ``within`` seconds.
    """
    command = [sys.executable, "-m", "demo", "serve", str(var.absolute())]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=HOME, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 - our own program
    try:
        return Demo(_config(process, within), process)
    except BaseException:
        Demo(Path(), process).stop()
        raise


def _config(process: subprocess.Popen[str], within: float) -> Path:
    """The path of the configuration, which is the first thing the child says."""
    assert process.stdout
    end = time.monotonic() + within
    ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
    line = process.stdout.readline() if ready else ""
    if not line:
        raise DemoError("the demo ended at once" if ready else f"the demo did not answer within {within:g} s")
    return Path(json.loads(line)["config"])


def main(var: Path = HOME / "var") -> None:
    """Plays the demo in this process until it is interrupted; says where it is."""
    from demo import stage

    with contextlib.suppress(KeyboardInterrupt):
        stage.play(var.absolute(), ready=lambda path: print(f"The demo plays. WARDROUND_CONFIG={path}", flush=True))  # noqa: T201 - the command line
