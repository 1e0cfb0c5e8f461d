"""What a Vercel Speed Insights drain sends (contracts.md 2.5): JSON or NDJSON, of which little is kept."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from model import Vital
from rules.vitals import OLDEST, TOO_FAST, VITALS, Known, Unfit, hashed, plausible, template

SCHEMA = "vercel.speed_insights.v1"
MOST, LARGEST = 5000, 8 << 20  # items, and bytes once unpacked
NONE: Mapping[str, str] = MappingProxyType({})
DEVICES = {"mobile": "phone", "phone": "phone", "tablet": "tablet", "desktop": "desktop"}
AHEAD = timedelta(minutes=10)


def rows(raw: bytes, *, gzipped: bool) -> list[Any]:
    """The items of a body: a JSON list, one object, or one object a line. Raises Unfit."""
    plain = _unpacked(raw) if gzipped or raw[:2] == b"\x1f\x8b" else raw
    try:
        said = plain.decode("utf-8").strip()
        found = (
            json.loads(said)
            if said.startswith("[")
            else [json.loads(line) for line in said.splitlines() if line.strip()]
        )
    except (ValueError, RecursionError):
        raise Unfit("expected a JSON list, or one JSON object a line") from None
    if not isinstance(found, list) or len(found) > MOST:
        raise Unfit(f"expected at most {MOST} items")
    return found


def _unpacked(raw: bytes) -> bytes:
    """Never more than ``LARGEST``: a small body can unpack to anything."""
    try:
        engine = zlib.decompressobj(wbits=31)
        plain = engine.decompress(raw, LARGEST)
    except zlib.error:
        raise Unfit("expected gzip") from None
    if engine.unconsumed_tail or not engine.eof:
        raise Unfit("expected a whole gzip body that unpacks to at most 8 MiB")
    return plain


def read(row: object, known: Known, now: datetime, environment: str, commits: Mapping[str, str] = NONE) -> Vital | None:
    """One item; None for another schema, environment or name, and for what is not plausible. No place, no browser.

    ``commits`` tells the commit of a deployment by its id.
    """
    item = row if isinstance(row, dict) else {}
    name, value = item.get("metricType"), item.get("value")
    at = _moment(item.get("timestamp"))
    wanted = item.get("schema") == SCHEMA and item.get("vercelEnvironment") in (None, environment)
    if not wanted or not isinstance(name, str) or name not in VITALS or not plausible(name, value) or at is None:
        return None
    if not now - OLDEST <= at <= now + AHEAD:
        return None
    assert isinstance(value, int | float)
    if name in ("LCP", "FCP") and 0 < value < TOO_FAST:
        return None  # seconds, or nonsense: nobody can tell, so nothing is made of it
    device, deployment = item.get("deviceType"), item.get("deploymentId")
    return Vital(
        uid=hashed("drain", json.dumps(item, sort_keys=True, default=str)),
        name=name,
        value=float(value),
        at=min(at, now),
        route=template(item.get("route") or item.get("path"), known.routes),
        device=DEVICES.get(device, "desktop") if isinstance(device, str) else "desktop",
        release=commits.get(deployment, "") if isinstance(deployment, str) else "",
        source="drain",
    )


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None
