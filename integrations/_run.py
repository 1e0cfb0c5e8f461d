"""One reading of one integration under its deadline; whatever happens becomes a snapshot."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import cache
from types import ModuleType

import registry
from integrations._reach import Unmeasured
from integrations._tools import Tools
from model import Integration, Monitor, Result, Snapshot, Status

log = logging.getLogger(__name__)


@cache
def _member(name: str) -> ModuleType:
    return registry.member("integrations", name)


async def fetch(integration: Integration, reading: Monitor, tools: Tools) -> Snapshot:
    """Reads once. Never raises but for cancellation: what could not be measured is UNKNOWN, with why and a fix."""
    began, name = time.perf_counter(), reading.key.partition(".")[2]
    try:
        async with asyncio.timeout(reading.timeout):
            found: Snapshot = await _member(integration.name).fetch(name, integration.options, tools)
    except TimeoutError:
        return unknown(f"{integration.title} did not answer within {reading.timeout:g} s")
    except Unmeasured as reason:
        return unknown(reason.words, reason.fix, reason.wait)
    except Exception as error:
        return _broken(reading, error)
    took = (time.perf_counter() - began) * 1000
    good = found.result.status in (Status.UP, Status.DEGRADED)
    latency = found.result.latency if found.result.latency is not None else took
    return replace(found, result=replace(found.result, latency=latency if good else None))


def unknown(words: str, fix: str = "", wait: float = 0.0) -> Snapshot:
    """Nothing could be found out."""
    return Snapshot(Result(Status.UNKNOWN, words), fix, wait=wait)


def _broken(reading: Monitor, error: Exception) -> Snapshot:
    # no message and no values: either may hold a token; the places in the code are enough to mend it
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error(
        "reading %s broke: %s at %s",
        reading.key,
        type(error).__name__,
        " < ".join(places[-4:]),
        extra={"broke": type(error).__name__, "places": tuple(places)},
    )
    return unknown(f"our own reading broke ({type(error).__name__})", "report it: the server's log says where")
