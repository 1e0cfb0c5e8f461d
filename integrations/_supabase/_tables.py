"""Reads tables through the supabase package: counts without a row, and rows of our own tables.

The package is imported when it is first needed, in a thread: it takes a quarter of a second and 25 MiB.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import httpx

from integrations._reach import CROWDED
from integrations._supabase._keys import WORDS
from integrations._tools import Tools
from model import Figure, Part, Status

PER_TABLE = 10.0  # seconds for one count


async def counting(options: Any, tools: Tools) -> tuple[tuple[Part, ...], tuple[Figure, ...]]:
    """One part a critical table, and how many rows it has. Exact head counts: no row comes over the wire."""
    if not options.tables:
        return (), ()
    client = await _client(options, tools)
    found = await asyncio.gather(*(_count(client, name, options.slow * 1000) for name in options.tables))
    parts = tuple(part for part, _ in found)
    figures = tuple(Figure(f"rows_{part.name}", count) for part, count in found if count is not None)
    return parts, figures


async def _client(options: Any, tools: Tools) -> Any:
    return await asyncio.to_thread(_made, options.where, options.key.get_secret_value(), tools.client)


def _made(url: str, key: str, client: httpx.AsyncClient) -> Any:
    from supabase import AsyncClient, AsyncClientOptions

    options = AsyncClientOptions(
        auto_refresh_token=False,
        persist_session=False,
        postgrest_client_timeout=5,
        postgrest_client_retry=False,  # its silent retries would falsify latencies and double the load
        httpx_client=client,
    )
    return AsyncClient(url, key, options)


async def _count(client: Any, name: str, slow: float) -> tuple[Part, float | None]:
    from postgrest.exceptions import APIError

    began = time.perf_counter()
    try:
        async with asyncio.timeout(PER_TABLE):
            answer = await client.table(name).select("*", count="exact", head=True).limit(1).execute()
    except TimeoutError:
        return Part(name, Status.DOWN, None, f"did not answer within {PER_TABLE:g} s"), None
    except httpx.PoolTimeout:
        return Part(name, Status.UNKNOWN, None, CROWDED), None
    except httpx.HTTPError:
        return Part(name, Status.DOWN, None, "cannot be reached"), None
    except APIError as error:
        return _refused(name, error.code, error.message), None
    took = (time.perf_counter() - began) * 1000
    count = float(answer.count) if isinstance(answer.count, int) else None
    if count is None:
        return Part(name, Status.UNKNOWN, None, "the answer holds no count"), None
    if took > slow:
        return Part(name, Status.DEGRADED, took, f"answered in {took:.0f} ms"), count
    return Part(name, Status.UP, took, f"{count:.0f} rows"), count


def _refused(name: str, code: object, message: object) -> Part:
    """``code`` is PostgREST's or the HTTP status; a refusal of the key is ours, all else the database's."""
    said = str(code or "")[:12]
    words = WORDS.get(said, "")
    ours = said in ("42501", "42P01", "PGRST205", "401", "403", "404", "429") or said.startswith("PGRST30")
    if "API key" in str(message):
        ours, words = True, "the key is not accepted"
    shown = f" ({said})" if said.isalnum() else ""
    return Part(name, Status.UNKNOWN if ours else Status.DOWN, None, f"{words or 'refused'}{shown}")


async def rows(options: Any, tools: Tools, name: str, columns: str, newest: str, limit: int) -> list[dict[str, Any]]:
    """At most ``limit`` rows of one of our own tables, newest first by column ``newest``; [] when it has none."""
    client = await _client(options, tools)
    async with asyncio.timeout(PER_TABLE):
        answer = await client.table(name).select(columns).order(newest, desc=True).limit(limit).execute()
    with suppress(TypeError):
        return [row for row in answer.data if isinstance(row, dict)]
    return []
