"""Our programs in processes of their own, without the price of an interpreter that starts and imports.

One process has imported everything and waits; it forks for each program, where no thread runs that could hold a lock.
What comes of it is a process like any other: its own memory, pipes, signals, exit code, and it can be killed.
What a start itself must prove (how long it takes, that all it needs is imported) goes through ``subprocess``.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

HOME = Path(__file__).resolve().parents[1]
IMPORTED = (
    *("alembic.command", "alembic.config", "rich.console", "rich.progress", "rich.table", "typer.rich_utils", "uvloop"),
    *("wardround", "settings", "words", "poller", "verdicts", "gate", "checks", "integrations", "demo"),
    *("data.audit", "data.copies", "data.exports", "data.retention"),
)
SIZE = 4  # bytes that say how long a request is
_asking = Lock()


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """``subprocess.Popen`` for a command of this interpreter: ``-c CODE`` or a file, and arguments."""

    def _execute_child(self, args, _e, _p, _close, _pass, cwd, env, _i, _f, _shell, *pipes_and_more: Any) -> None:  # type: ignore[no-untyped-def,override]
        pipes = pipes_and_more[:6]
        theirs = [given if given != -1 else own for own, given in enumerate((pipes[0], pipes[3], pipes[5]))]
        assert args[0] == sys.executable
        job = {"args": list(map(str, args[1:])), "cwd": str(cwd or Path.cwd()), "env": dict(env or os.environ)}
        self._said, told = os.pipe()
        _ask(json.dumps(job).encode(), [*theirs, told])
        os.close(told)
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
        self.pid = int(self._line())
        self._child_created = True

    def _line(self) -> bytes:
        """What the one that waits for the process says next; b"" when it is gone itself."""
        return b"".join(iter(lambda: os.read(self._said, 1).strip(), b""))

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """As waitpid does: (0, 0) while it runs."""
        if flags and not select.select([self._said], [], [], 0)[0]:
            return 0, 0
        ended = int(self._line())
        os.close(self._said)
        return self.pid, ended

    def _internal_poll(self, *_: Any, **_more: Any) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]
            try:
                pid, ended = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(ended)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """``subprocess.run`` with what is said captured as text."""
    seconds, pipe = more.pop("timeout", 110), subprocess.PIPE
    with Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, **more) as process:
        try:
            out, errors = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def _ask(job: bytes, handed: list[int]) -> None:
    with _asking:
        line = _nest()
        socket.send_fds(line, [len(job).to_bytes(SIZE, "big")], handed)
        line.sendall(job)


@cache
def _nest() -> socket.socket:
    """The line to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=HOME, stdin=subprocess.DEVNULL
    )
    theirs.close()

    def over() -> None:
        ours.close()
        process.wait()

    atexit.register(over)
    return ours


# --- in the process that forks


def main(number: int) -> None:
    """Forks for each request, and ends when nobody can ask any more."""
    sys.path.insert(0, str(HOME))
    _import_all()
    assert threading.active_count() == 1
    line = socket.socket(fileno=number)
    while (job := _next(line)) is not None:
        request, handed = job
        if os.fork() == 0:
            line.close()
            _attend(request, handed)
            return
        for each in handed:
            os.close(each)
        _reap()


def _import_all() -> None:
    """What our programs import, bar what starts threads of its own."""
    for name in IMPORTED:
        importlib.import_module(name)
    for folder in ("checks", "integrations"):
        importlib.import_module("registry").members(folder)
    gc.collect()
    gc.freeze()  # shared: a collection in a fork would make a copy of all of it


def _next(line: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    size, handed, _, _ = socket.recv_fds(line, SIZE, 4)
    if not size:
        return None
    job = b""
    while len(job) < int.from_bytes(size, "big"):
        job += line.recv(int.from_bytes(size, "big") - len(job))
    return json.loads(job), handed


def _attend(request: dict[str, Any], handed: list[int]) -> None:
    """Forks once more; says the number of the process, waits for it, and says how it ended."""
    *pipes, told = handed
    if (pid := os.fork()) == 0:
        os.close(told)
        _become(request, pipes)
        _end(partial(_play, request["args"]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in pipes:
        os.close(each)
    os.write(told, b"%d\n" % pid)
    ended = os.waitpid(pid, 0)[1]
    os.write(told, b"%d\n" % ended)
    os._exit(0)


def _become(request: dict[str, Any], pipes: list[int]) -> None:
    """The rest of this process is the program that was asked for."""
    for place, each in enumerate(pipes):
        os.dup2(each, place)
        os.close(each)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])


def _play(command: list[str]) -> None:
    """What the interpreter would do with this command."""
    first, *more = command
    if first == "-c":
        sys.argv, sys.path[0] = ["-c", *more[1:]], ""
        exec(more[0], {"__name__": "__main__"})
        return
    sys.argv, sys.path[0] = command, str(Path(first).parent)
    runpy.run_path(first, run_name="__main__")


def _end(work: Callable[[], None]) -> NoReturn:
    """Ends as the interpreter does, but for taking apart what was imported: in a fork that costs two seconds."""
    code: object = 0
    try:
        work()
    except SystemExit as end:
        code = end.code
    except BaseException:
        code = 1
        traceback.print_exc()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):  # nobody reads it any more, or it was closed
        sys.stdout.flush()
    os._exit(int(code or 0))  # type: ignore[call-overload]


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
