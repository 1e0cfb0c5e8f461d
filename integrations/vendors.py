"""Reads the status pages of the vendors the platform stands on; a page alone never makes the platform down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from cleaning import slug
from integrations._options import Base, Table
from integrations._parts import worst
from integrations._reach import Reach, Unmeasured
from integrations._shape import table
from integrations._tools import Tools
from integrations._vendors._page import Page
from model import Part, Reading, Result, Snapshot, Status

TITLE = "Vendors"
READINGS = (Reading("status", "Vendors' status pages", every=90, timeout=30),)
FORMATS = ("statuspage", "stripe", "instatus", "betterstack", "incidentio")  # in the order they are tried


class StatusPage(Table):
    """One vendor's page."""

    url: Base = Field(
        description="the address that answers JSON, such as https://www.vercel-status.com/api/v2/summary.json"
    )
    pin: tuple[str, ...] = Field((), description="names of the components that the platform needs; left out: the whole")


def _named(pages: dict[str, StatusPage]) -> dict[str, StatusPage]:
    for name in pages:
        if not name or slug(name) != name:
            raise ValueError(f"expected small letters, digits, - and _ as a vendor's name, got {name[:40]!r}")
    return pages


def _usual() -> dict[str, StatusPage]:
    summary = "/api/v2/summary.json"
    return {
        "vercel": StatusPage(url=f"https://www.vercel-status.com{summary}", pin=()),
        "supabase": StatusPage(url=f"https://status.supabase.com{summary}", pin=()),
        "stripe": StatusPage(url="https://status.stripe.com/current", pin=()),
        "sentry": StatusPage(url=f"https://status.sentry.io{summary}", pin=()),
    }


class Options(Table):
    """An empty table reads Vercel, Supabase, Stripe and Sentry."""

    pages: Annotated[dict[str, StatusPage], AfterValidator(_named)] = Field(
        default_factory=_usual, description="by the vendor's name; left out: Vercel, Supabase, Stripe, Sentry"
    )


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """All pages side by side; one part a vendor, one a pinned component. A page that cannot be read is unknown."""
    names = list(options.pages)
    found = await asyncio.gather(*(_page(name, options.pages[name], tools) for name in names))
    pages = dict(zip(names, found, strict=True))
    state = worst(page.status for page in pages.values())
    parts = tuple(part for name, page in pages.items() for part in _parts(name, page))
    troubled = [
        f"{name}: {page.words}" for name, page in pages.items() if page.status in (Status.DOWN, Status.DEGRADED)
    ]
    blind = [name for name, page in pages.items() if page.status is Status.UNKNOWN]
    said = "; ".join(troubled) or ("no page could be read" if state is Status.UNKNOWN else "")
    fix = f"look at the addresses in [vendors.pages]: {', '.join(blind)}" if blind else ""
    incidents = tuple(each for page in pages.values() for each in page.incidents)
    unread = tuple(each for name, page in pages.items() if not page.read for each in (name, f"{name}.*"))
    return Snapshot(Result(state, said[:200], parts=parts), fix, incidents=incidents, unread=unread)


async def _page(name: str, page: StatusPage, tools: Tools) -> Page:
    where = urlsplit(page.url)
    to = Reach(tools, f"vendors.{name}", name, f"{where.scheme}://{where.netloc}")
    try:
        return _understood(await _changed(to, where.path or "/", page.url), name, page.pin)
    except Unmeasured as reason:
        return _blind(reason.words, page.pin)


async def _changed(to: Reach, path: str, url: str) -> Any:
    """The body, or the one before where the page says that nothing changed since."""
    tag, body = to.tools.tags.get(url, ("", None))
    headers = {"If-None-Match": tag} if tag else {}
    answer = await to.ask("GET", path, accept=(200, 304) if tag else (200,), headers=headers, empty=bool(tag))
    if answer.status == 304:
        return body
    if answer.body is None and tag:
        raise Unmeasured(f"{to.title} answered with something that is not JSON", "check the address: is it the API's?")
    new = answer.headers.get("etag", "")
    if new and len(new) < 200 and new.isascii() and new.isprintable():
        to.tools.tags[url] = (new, answer.body)
    else:
        to.tools.tags.pop(url, None)
    return answer.body


def _understood(body: Any, name: str, pin: Sequence[str]) -> Page:
    for each in FORMATS:
        module = import_module(f"integrations._vendors.{each}")
        if module.fits(body):
            page: Page = module.read(table(body), name, pin)
            return page
    return _blind("the page has none of the known formats", pin)


def _blind(words: str, pin: Sequence[str]) -> Page:
    return Page(Status.UNKNOWN, words, tuple((each, Status.UNKNOWN, words) for each in pin), read=False)


def _parts(name: str, page: Page) -> list[Part]:
    own = Part(slug(name), page.status, None, page.words)
    return [own, *(Part(slug(f"{name}.{each}"), status, None, words) for each, status, words in page.components)]
