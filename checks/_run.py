"""One probe of one monitor under a deadline and a stopwatch; whatever happens becomes a result."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import cache
from types import ModuleType

import httpx

import registry
from checks._faults import fault_of
from checks._stopwatch import Stopwatch
from checks._tools import Tools
from model import Fault, Monitor, Result, Status

log = logging.getLogger(__name__)


@cache
def _member(name: str) -> ModuleType:
    return registry.member("checks", name)  # kept: it reads the folder, which costs more than the probe


async def run(monitor: Monitor, tools: Tools) -> Result:
    """Looks once. Never raises but for cancellation: a fault is down in words, our own mistake is unknown."""
    watch = Stopwatch()
    ends = asyncio.get_running_loop().time() + monitor.timeout
    mine = tools.of(monitor.key, watch, ends)
    deadline = asyncio.timeout(monitor.timeout)
    try:
        async with deadline:
            result = await _member(monitor.check).probe(monitor.options, mine)
    except TimeoutError as error:
        failed = _late(monitor.timeout, watch) if deadline.expired() else fault_of(error)
        return _failed(failed, watch)
    except (Fault, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        return _failed(fault_of(error), watch)
    except Exception as error:
        return _broken(monitor, error)
    return _measured(result, watch)


def _measured(result: Result, watch: Stopwatch) -> Result:
    """With its stretches, and with its latency if it was an answer worth timing: a failed probe has none."""
    watch.stop()
    good = result.status in (Status.UP, Status.DEGRADED)
    return replace(result, latency=watch.total if good else None, phases=watch.phases())


def _failed(fault: Fault, watch: Stopwatch) -> Result:
    watch.stop()
    seen = fault.result or Result(Status.DOWN)
    return replace(seen, words=fault.words, latency=None, phases=watch.phases(), network=fault.network)


def _late(timeout: float, watch: Stopwatch) -> Fault:
    hung = watch.hung
    return Fault(f"no answer within {timeout:g} s{f': {hung}' if hung else ''}", network=watch.unheard)


def _broken(monitor: Monitor, error: Exception) -> Result:
    # no message and no values: either may hold a secret of the options; the places in the code are enough to mend it
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error(
        "check %s of monitor %s broke: %s at %s",
        monitor.check,
        monitor.key,
        type(error).__name__,
        " < ".join(places[-4:]),
        extra={"broke": type(error).__name__, "places": tuple(places)},
    )
    return Result(Status.UNKNOWN, f"our own check broke ({type(error).__name__})")
