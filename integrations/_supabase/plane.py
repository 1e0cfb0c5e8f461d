"""The data plane as the platform uses it: critical tables are counted, Auth, Storage, Functions and Realtime asked."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cleaning import slug
from integrations._parts import troubles, worst
from integrations._reach import Answer, Reach, Unmeasured
from integrations._shape import table
from integrations._supabase import _keys, _tables
from integrations._tools import Tools
from model import Part, Result, Snapshot, Status

SERVICES = (
    ("auth", "/auth/v1/health"),
    ("storage", "/storage/v1/health"),
    ("realtime", "/realtime/v1/api/ping"),
)
# what each says of itself when it is well: any page answers 200 (https://supabase.com/docs, self-hosting references)
WELL = {"auth": ("name", "GoTrue"), "storage": ("healthy", True), "realtime": ("message", "Success")}


async def read(options: Any, tools: Tools) -> Snapshot:
    """Tables through the supabase package, services by plain questions; a silent one is down, all silent may be us."""
    to = _keys.reach(tools, "supabase.data", options.where, options.key)
    slow = options.slow * 1000
    functions = ((f"function-{slug(name)}", f"/functions/v1/{name}") for name in options.functions)
    counted = asyncio.ensure_future(_tables.counting(options, tools))
    services = await asyncio.gather(*(_service(to, name, path, slow) for name, path in (*SERVICES, *functions)))
    parts, figures = await counted
    found = (*parts, *(part for part, _ in services))
    status = worst(part.status for part in found)
    dead = all(part.status is Status.DOWN for part in found)
    mute = dead and all(silent for _, silent in services)
    took = max((part.latency for part in found if part.latency is not None), default=None)
    result = Result(status, troubles(found), took, parts=found, network=mute)
    unread = tuple(part.name for part in found if part.status is Status.UNKNOWN)
    return Snapshot(result, _fix(found), figures=figures, unread=(*unread, *(f"rows_{name}" for name in unread)))


async def _service(to: Reach, name: str, path: str, slow: float) -> tuple[Part, bool]:
    """The part, and whether it was silent."""
    began = time.perf_counter()
    try:
        answer = await to.ask("GET", path, accept=_keys.ALL, empty=True)
    except Unmeasured as reason:
        status = Status.DOWN if reason.silent else Status.UNKNOWN
        return Part(name, status, None, reason.words), reason.silent
    took = (time.perf_counter() - began) * 1000
    return Part(name, *_judged(name, answer, took, slow)), False


def _judged(name: str, answer: Answer, took: float, slow: float) -> tuple[Status, float | None, str]:
    if answer.status in (401, 403):
        return Status.UNKNOWN, None, f"the key is not accepted ({answer.status})"
    if answer.status == 404:
        return Status.UNKNOWN, None, "there is no such service (404)"
    if answer.status == 429:
        return Status.UNKNOWN, None, "limits how often we may ask (429)"
    if answer.status >= 300:
        return Status.DOWN, None, _keys.why(answer)
    if table(answer.body).get("healthy") is False:  # Storage says so with 200
        return Status.DOWN, None, "says that it is not healthy"
    if name in WELL and table(answer.body).get(WELL[name][0]) != WELL[name][1]:
        page = "text/html" in answer.headers.get("content-type", "").lower()
        return Status.UNKNOWN, None, f"answers with {'a web page' if page else 'something else'}: is this Supabase?"
    if took > slow:
        return Status.DEGRADED, took, f"answered in {took:.0f} ms"
    return Status.UP, took, ""


def _fix(parts: tuple[Part, ...]) -> str:
    unread = [part.name for part in parts if part.status is Status.UNKNOWN]
    return f"check the keys and names in [supabase]: {', '.join(unread)}"[:200] if unread else ""
