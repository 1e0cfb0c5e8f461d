"""Is it us? When every monitor fails without an answer, our own line is suspected before anybody is judged."""

from __future__ import annotations

from collections.abc import Sequence

from model import Result


def suspect(recent: Sequence[tuple[str, bool]]) -> bool:
    """True when at least two different monitors were looked at lately and every one failed without any answer."""
    monitors = {monitor for monitor, _ in recent}
    return len(monitors) >= 2 and all(failed for _, failed in recent)


def tells(result: Result) -> bool:
    """Whether this result speaks for our line: a check that sent nothing, as heartbeats do, knows nothing of it."""
    return result.network or result.phases.total is not None
