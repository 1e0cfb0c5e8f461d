"""``python -m demo serve VAR`` plays the demo for the process that started it; ``fill VAR`` writes its history."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path


def _until_the_parent_is_gone() -> None:
    """Standard input is a pipe that only the parent holds: its end is the parent's end."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def _ready(path: Path) -> None:
    sys.stdout.write(json.dumps({"config": str(path)}) + "\n")
    sys.stdout.flush()


def _serve(var: Path) -> None:
    from demo import stage

    threading.Thread(target=_until_the_parent_is_gone, daemon=True).start()
    stage.play(var, ready=_ready)


def _fill(var: Path) -> None:
    from demo import fill

    threading.Thread(target=_until_the_parent_is_gone, daemon=True).start()
    os.nice(5)  # the page and the poller go first
    fill.details(var)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent decides, and its end is ours
    {"serve": _serve, "fill": _fill}[sys.argv[1]](Path(sys.argv[2]))
