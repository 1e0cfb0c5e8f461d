"""The rules of platform.md section 3 for the API and for who may see what: each a row; no answer is unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx

from checks._headers import Row, shown
from checks._observatory import values
from checks._target import elsewhere
from model import Fault

STRANGER = "https://example.invalid"
METHODS, ALLOWED = "GET, POST, PUT, DELETE, OPTIONS", "Content-Type, Authorization"
SMALLEST = "the smallest set that the platform needs"
CROWD = "without a limit one caller can take all"
UNCLEAR = "see whether the platform is up"
OF_API = (
    "api", "api-refusal", "access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers",
)  # fmt: skip
ORIGIN = re.compile(r"https?://[A-Za-z0-9.:-]{1,80}")  # no more than a place: it can hold nothing of a person
MINUTE_MS = 60_000.0


def api(answer: httpx.Response | None, own: str, refusal: str) -> Iterator[Row]:
    """A stranger must be refused, and only the platform's own pages may read what is answered."""
    if answer is None or answer.is_server_error:
        found = "no answer" if answer is None else str(answer.status_code)
        yield from (Row(name, "unknown", found, "a refusal", "it could not be seen", UNCLEAR) for name in OF_API)
        return
    said = str(answer.status_code)
    weight = "good" if answer.status_code == 401 else "grave" if answer.is_success else "bad"
    fix = "check the session before anything else in middleware"
    yield Row("api", weight, said, "401 without a token", "strangers must get no data", fix)
    yield _refusal(answer, refusal)
    yield _allowed(answer, own)
    for name, wanted in (("Access-Control-Allow-Methods", METHODS), ("Access-Control-Allow-Headers", ALLOWED)):
        value = ", ".join(values(answer, name))
        right = _listed(value) == _listed(wanted)
        weight = "good" if right else "bad"
        yield Row(name.lower(), weight, shown(value), wanted, SMALLEST, f"send {name}: {wanted}")


def _listed(value: str) -> set[str]:
    return {each.strip().lower() for each in value.split(",")}


def _refusal(answer: httpx.Response, wanted: str) -> Row:
    """The words are not shown when they are others: nobody knows what stands in them."""
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        body = None
    right = isinstance(body, dict) and body.get("error") == wanted
    said = "as it should be" if right else "another JSON" if body is not None else "no JSON"
    form = json.dumps({"error": wanted})
    why = "pages tell by it that somebody must sign in; a page of an error may tell what is inside"
    return Row("api-refusal", "good" if right or not wanted else "bad", said, form, why, f"answer {form}")


def _allowed(answer: httpx.Response, own: str) -> Row:
    allowed = ", ".join(values(answer, "access-control-allow-origin"))
    weight = "good" if allowed == own else "grave" if allowed in ("*", "null") else "bad"
    why = "any site could read the answers of a person's browser"
    said = allowed if ORIGIN.fullmatch(allowed) else shown(allowed)
    return Row("access-control-allow-origin", weight, said, own, why, f"send {own} and Vary: Origin")


def reflected(answer: httpx.Response | None) -> Row:
    """How a strange page's question is answered."""
    name, wanted = "reflected-origin", "no stranger's Origin is allowed"
    why = "a server that repeats any Origin lets any site read with the visitor's session"
    fix = "compare Origin with a list, never repeat it"
    if answer is None:
        return Row(name, "unknown", "no answer", wanted, why, UNCLEAR)
    if ", ".join(values(answer, "access-control-allow-origin")) != STRANGER:
        if answer.is_server_error:
            return Row(name, "unknown", str(answer.status_code), wanted, why, UNCLEAR)
        return Row(name, "good", "does not repeat it", wanted, why, fix)
    trusting = "true" in [value.lower() for value in values(answer, "access-control-allow-credentials")]
    said = "repeats a stranger's Origin" + (" with credentials" if trusting else "")
    return Row(name, "grave" if trusting else "bad", said, wanted, why, fix)


def limits(answer: httpx.Response | None, limit: int | None, window: float, now: datetime) -> Iterator[Row]:
    """How many questions are allowed, in which time; ``window`` in milliseconds."""
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining")
    if answer is None or answer.is_server_error:
        for name in (*names, "X-RateLimit-Window"):
            yield Row(name.lower(), "unknown", "no answer", "a number", CROWD, UNCLEAR)
        return
    for name in names:
        said = ", ".join(values(answer, name))
        wanted = str(limit) if limit and name.endswith("Limit") else "a number"
        right = said == wanted or (wanted == "a number" and said.isdecimal())
        yield Row(name.lower(), "good" if right else "bad", shown(said), wanted, CROWD, f"send {name}")
    yield _window(answer, window, now)


def _window(answer: httpx.Response, wanted: float, now: datetime) -> Row:
    """Stated as a policy or a window of its own; else the end of the window must not lie further ahead than it is long.

    The platform need not state it: then nobody knows.
    """
    name, form, fix = "x-ratelimit-window", f"{wanted:g} ms", f"set the window to {wanted:g} ms"
    policy = re.search(r"\bw=(\d{1,9})\b", ", ".join(values(answer, "ratelimit-policy")))
    if policy:
        right = int(policy[1]) * 1000 == wanted
        return Row(name, "good" if right else "bad", f"{policy[1]} s", form, CROWD, fix)
    if stated := ", ".join(values(answer, name)):
        right = stated in (f"{wanted:g}", f"{wanted / 1000:g}")
        return Row(name, "good" if right else "bad", shown(stated), form, CROWD, fix)
    left = _left(", ".join(values(answer, "x-ratelimit-reset")), now)
    if left is None:
        return Row(name, "unsaid", "not stated", form, CROWD, "state it: RateLimit-Policy or X-RateLimit-Reset")
    right = left <= wanted + MINUTE_MS  # clocks differ a little
    said = f"ends in {left / 1000:.0f} s"
    return Row(name, "good" if right else "bad", said, form, CROWD, fix)


def _left(said: str, now: datetime) -> float | None:
    """Milliseconds until a moment that is written as one, as seconds or milliseconds since 1970, or as seconds left."""
    if re.fullmatch(r"\d{1,16}", said):
        n = float(said)
        return n - now.timestamp() * 1000 if n > 1e11 else (n - now.timestamp()) * 1000 if n > 1e8 else n * 1000
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds() * 1000


def closed(url: str, answer: httpx.Response | None, login: str) -> Row:
    """A page that nobody may see without a session."""
    name, wanted = f"protected{httpx.URL(url).path}", f"redirects to {login}"
    why, fix = "without a session nobody may see it", f"redirect to {login} in middleware"
    if answer is None or answer.is_server_error:
        said = str(answer.status_code) if answer is not None else "no answer"
        return Row(name, "unknown", said, wanted, why, UNCLEAR)
    place = _place(answer)
    right = place == login or place.endswith(login)
    weight = "good" if right else "grave" if answer.is_success else "bad"
    return Row(name, weight, place or str(answer.status_code), wanted, why, fix)


def _place(answer: httpx.Response) -> str:
    try:
        return elsewhere(answer) if answer.has_redirect_location else ""
    except Fault:
        return "a Location that is no URL"


def opened(url: str, answer: httpx.Response | None) -> Row:
    """An address that must answer without a session."""
    name, wanted = f"open{httpx.URL(url).path}", "an answer without a session"
    why, fix = "whoever watches must be able to ask it", "let it through in middleware"
    if answer is None:
        return Row(name, "unknown", "no answer", wanted, why, UNCLEAR)
    right = answer.status_code not in (301, 302, 303, 307, 308, 401, 403, 404)
    return Row(name, "good" if right else "bad", str(answer.status_code), wanted, why, fix)
