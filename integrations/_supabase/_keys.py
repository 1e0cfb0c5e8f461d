"""How the data plane is asked, and what it says when it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from integrations._reach import Answer, Reach
from integrations._tools import Tools

if TYPE_CHECKING:
    from pydantic import SecretStr

LEGACY = "eyJ"
ERROR = re.compile(r"error=\"?([A-Za-z0-9]{1,12})")
PLAIN = re.compile(r"[A-Za-z0-9_]{1,20}")
# PostgREST says why in Proxy-Status also where a HEAD answer has no body
WORDS = {
    "PGRST000": "the database cannot be reached",
    "PGRST001": "the database cannot be reached",
    "PGRST002": "the API cannot read the database's schema",
    "PGRST003": "no free connection to the database (pool exhausted)",
    "PGRST205": "the API knows no such table",
    "PGRST301": "the key is not accepted",
    "PGRST302": "the key is not accepted",
    "PGRST303": "the key is not accepted",
    "42501": "permission denied",
    "42P01": "there is no such table",
    "42P17": "a row level security policy calls itself",
    "25006": "the database is read-only",
    "57014": "the database stopped the question (statement timeout)",
    "53300": "the database has no free connection",
}
PLATFORM = {
    402: "the project is restricted (quota or payment)",
    540: "the project is paused",
    544: "the database does not answer the gateway",
    546: "the Edge Function used up its limits",
}
ALL = tuple(range(200, 600))  # here every status says something: the caller judges


def reach(tools: Tools, name: str, where: str, key: SecretStr) -> Reach:
    """The way to the data plane with ``key``; only a legacy key, which is a JWT, goes into Authorization as well."""
    value = key.get_secret_value()
    headers = {"apikey": value} | ({"Authorization": f"Bearer {value}"} if value.startswith(LEGACY) else {})
    return Reach(tools, name, "Supabase", where, headers)


def code(answer: Answer) -> str:
    """The error's code, from Proxy-Status or the body; empty when there is none."""
    found = ERROR.search(answer.headers.get("proxy-status", ""))
    if found:
        return found[1].upper()
    body: Any = answer.body
    said = body.get("code") if isinstance(body, Mapping) else None
    return said if isinstance(said, str) and PLAIN.fullmatch(said) else ""


def why(answer: Answer) -> str:
    """What went wrong, in words."""
    said = code(answer)
    words = WORDS.get(said) or PLATFORM.get(answer.status)
    if words:
        return f"{words} ({said or answer.status})"
    return f"answered {answer.status}" + (f" ({said})" if said else "")
