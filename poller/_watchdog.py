"""Ends a process whose loop is stuck, and a child whose parent is gone; whoever started it starts it anew."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

log = logging.getLogger("wardround.poller")
STUCK = 70  # exit code


class Watchdog(threading.Thread):
    """Exits the process when ``beat`` was not called for ``limit`` seconds of this thread's own waking time."""

    def __init__(self, limit: float, step: float = 1.0) -> None:
        super().__init__(daemon=True, name="watchdog")
        self.limit, self.step = limit, step
        self._silent = 0
        self._resting = False

    def beat(self) -> None:
        self._silent = 0

    def rest(self) -> None:
        """Ends the watch: the loop has ended as it should."""
        self._resting = True

    def run(self) -> None:
        # Counted in own steps: a process that was stopped or asleep did not run these either, and is not to blame.
        while self._silent * self.step < self.limit:
            time.sleep(self.step)
            self._silent += 1
            if self._resting:
                return
        log.critical("the poller's loop did not turn for %.0f s: ending this process", self.limit)
        os._exit(STUCK)


def sign() -> None:
    """A sign of life for whoever reads our standard output; nothing when that is a file or a terminal."""
    kind = os.fstat(1).st_mode
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        os.set_blocking(1, False)  # whoever does not read must not stop us
        with suppress(OSError):
            os.write(1, b".")


@contextmanager
def signing(step: float = 1.0) -> Iterator[None]:
    """Gives signs of life while the block lasts: for a start that may read or migrate a large store first."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(step):
            sign()

    thread = threading.Thread(target=work, daemon=True, name="signs")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def end_with_parent() -> None:
    """Ends this process politely when the pipe to its parent closes."""

    def wait() -> None:
        # Below sys.stdin: a thread that waits inside it holds its lock, and the interpreter aborts when it ends.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="parent").start()
