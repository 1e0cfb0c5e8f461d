"""Row level security seen from outside: what a stranger with the public key gets of tables that must be closed.

Only HEAD is asked, so that no row of a patient can come over the wire, whatever the answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from integrations._parts import all_blind, attempt, fixes
from integrations._reach import Answer, Reach, Unmeasured
from integrations._supabase import _keys
from integrations._tools import Tools
from model import Finding, Part, Result, Snapshot, Status

SEEN = re.compile(r"(\d+)-(\d+)/(\d+|\*)")
FIX = "enable row level security on {} now (alter table {} enable row level security) and revoke anon's grants"


async def read(options: Any, tools: Tools) -> Snapshot:
    """A visible row is down, with the finding ``rls-open-<table>``; none proves something only if there are rows."""
    stranger = _keys.reach(tools, "supabase.rls", options.where, options.anon_key)
    ours = _keys.reach(tools, "supabase.rls", options.where, options.service_key) if options.service_key else None
    found = await asyncio.gather(*(attempt(_table(stranger, ours, name)) for name in options.protected))
    if reason := all_blind(*found):
        raise reason
    parts = tuple(
        Part(name, Status.UNKNOWN, None, each.words) if isinstance(each, Unmeasured) else each
        for name, each in zip(options.protected, found, strict=True)
    )
    said = (f"anyone on the internet can read rows of {part.name}" for part in parts if part.status is Status.DOWN)
    opened = [part.name for part in parts if part.status is Status.DOWN]
    findings = tuple(
        Finding(f"rls-open-{name.lower()}", words, FIX.format(name, name), name)
        for name, words in zip(opened, said, strict=True)
    )
    unread = tuple(part.name for part in parts if part.status is Status.UNKNOWN)
    status = Status.DOWN if opened else Status.UNKNOWN if unread else Status.UP  # closed only when all were seen closed
    words = findings[0].words if findings else _unseen(parts)
    return Snapshot(Result(status, words, parts=parts, findings=findings), fixes(*found), unread=unread)


def _unseen(parts: Sequence[Part]) -> str:
    return "; ".join(f"{part.name}: {part.words}" for part in parts if part.status is Status.UNKNOWN)[:200]


async def _table(stranger: Reach, ours: Reach | None, name: str) -> Part:
    answer = await _head(stranger, name)
    code = _keys.code(answer)
    if answer.status in (200, 206):
        if SEEN.fullmatch(answer.headers.get("content-range", "").strip()):
            return Part(name, Status.DOWN, None, "a stranger sees rows")
        if not answer.headers.get("content-range", "").startswith("*/"):
            raise Unmeasured("Supabase's answer does not say what a stranger sees", "check [supabase] url")
        return await _proven(ours, name)
    if code == "42501":
        return Part(name, Status.UP, None, "closed: no grant")
    if answer.status in (401, 403):
        raise Unmeasured("Supabase refuses the anon key", "put the publishable key into [supabase] anon_key")
    if answer.status == 404:
        raise Unmeasured(f"the API knows no table {name}", "check the names in [supabase] protected")
    raise Unmeasured(f"Supabase: {_keys.why(answer)}")


async def _proven(ours: Reach | None, name: str) -> Part:
    """No row was seen: is there one that could have been?"""
    if ours is None:
        return Part(name, Status.UP, None, "no row is seen (whether the table has any is not known)")
    answer = await _head(ours, name)
    if answer.status in (200, 206) and SEEN.fullmatch(answer.headers.get("content-range", "").strip()):
        return Part(name, Status.UP, None, "closed")
    if answer.status == 200:
        return Part(name, Status.UNKNOWN, None, "the table is empty: nothing can be proven")
    return Part(name, Status.UP, None, "no row is seen (the secret key could not look)")


async def _head(to: Reach, name: str) -> Answer:
    return await to.ask("HEAD", f"/rest/v1/{name}", {"select": "*", "limit": 1}, accept=_keys.ALL, empty=True)
