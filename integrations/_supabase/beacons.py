"""A table of Web Vitals that browsers insert into: its newest rows, as Wardround keeps measurements."""

from __future__ import annotations

from typing import Any

import httpx

from integrations._reach import CROWDED, Unmeasured
from integrations._shape import moment, number, text
from integrations._supabase import _tables
from integrations._tools import Tools, TooMuch
from model import Figure, Part, Result, Sent, Snapshot, Status

COLUMNS = "metric_id,name,value,path,device,failed,created_at"
MOST = 1000  # PostgREST gives no more at once; asked each minute, that is 1,400,000 a day


async def read(options: Any, tools: Tools) -> Snapshot:
    """The newest thousand rows; those that are known already are known by their id."""
    from postgrest.exceptions import APIError

    try:
        rows = await _tables.rows(options, tools, options.vitals_table, COLUMNS, "created_at", MOST)
    except httpx.PoolTimeout:
        raise Unmeasured(f"Supabase was not asked: {CROWDED}") from None
    except TooMuch as error:
        raise Unmeasured(f"Supabase sent {error}", "check [supabase] url and vitals_table") from None
    except (httpx.HTTPError, TimeoutError):
        raise Unmeasured("Supabase cannot be reached", silent=True) from None
    except APIError as error:
        code = str(error.code or "")[:12]
        words = f"Supabase refuses the table of vitals ({code if code.isalnum() else 'no reason'})"
        raise Unmeasured(words, "let the key select from it, and check [supabase] vitals_table") from None
    sent = tuple(each for row in rows if (each := _sent(row)) is not None)
    part = Part("rows", Status.UP, None, f"{len(sent)} newest rows")
    return Snapshot(Result(Status.UP, parts=(part,)), figures=(Figure("rows_read", len(sent)),), sent=sent)


def _sent(row: dict[str, Any]) -> Sent | None:
    uid, value, at = text(row.get("metric_id"), 200), number(row.get("value")), moment(row.get("created_at"))
    if not uid or value is None or at is None:
        return None
    name, path, device = (text(row.get(key), most) for key, most in (("name", 100), ("path", 2000), ("device", 20)))
    return Sent(uid, name, value, path, device, at, row.get("failed") is True)
