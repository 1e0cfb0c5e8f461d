"""Which organisation, projects and environments are asked about, page by page."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations._reach import Answer, Reach, Unmeasured
from integrations._shape import items, text

NEXT = re.compile(r"<[^>]*>\s*;([^<]*)")
CURSOR = re.compile(r'cursor="([0-9:]{1,60})"')
MANY = 10  # pages of projects that are read
NOT_OFFERED = "not offered by this server"
Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The way to one organisation; ``projects`` and ``environments`` empty mean all."""

    to: Reach
    org: str
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    looked: dict[str, str] = field(default_factory=dict)  # what this reading found out on its way

    async def get(self, path: str, query: Pairs, environments: Sequence[str] | None = None) -> Answer:
        """Below the organisation. Servers that take projects by number only are asked again by number."""
        wanted = self.environments if environments is None else environments
        rest = [*query, *(("environment", each) for each in wanted)]
        where = f"/api/0/organizations/{self.org}/{path}"
        accept = (200, 400) if self.projects else (200,)
        answer = await self.to.get(where, [*rest, *(("project", each) for each in self.projects)], accept=accept)
        if answer.status == 400:
            answer = await self.to.get(where, [*rest, *(("project", each) for each in await self.numbers())])
        return answer

    async def offered(self, path: str, query: Pairs) -> Any:
        """The body of a question that older servers and GlitchTip do not know. Raises Unmeasured."""
        try:
            return (await self.get(path, query)).body
        except Unmeasured as reason:
            if reason.status == 404:
                await self.spelt()
            if reason.status in (400, 404, 405, 410, 501):
                raise Unmeasured(NOT_OFFERED) from None
            raise

    async def spelt(self) -> None:
        """Raises Unmeasured when a 404 comes from a name that Sentry does not know, not from an older server."""
        if "wrong" not in self.looked:
            self.looked["wrong"] = await self._misspelt()
        wrong = self.looked["wrong"]
        if wrong:
            raise Unmeasured(f"Sentry knows no {wrong}", "check [sentry] projects and environments")

    async def _misspelt(self) -> str:
        """The name that is wrong; empty where none is, or where it cannot be told."""
        try:
            there = {text(row.get("slug"), 100) for row in await self.seen()}
            if strangers := [each for each in self.projects if each not in there]:
                return f"project {', '.join(strangers)}, or the token does not see it"
            one: Pairs = [("query", "is:unresolved"), ("limit", 1)]
            await self.get("issues/", one, ())
            for each in self.environments:
                if await self._unknown(one, each):
                    return f"environment {each}"
        except Unmeasured:
            return ""
        return ""

    async def _unknown(self, query: Pairs, environment: str) -> bool:
        try:
            await self.get("issues/", query, (environment,))
        except Unmeasured as reason:
            return reason.status == 404
        return False

    async def rows(self, path: str, query: Pairs, pages: int, environments: Sequence[str] | None = None) -> Rows:
        """The rows of at most ``pages`` pages."""
        return await _paged(lambda more: self.get(path, [*query, *more], environments), pages)

    async def paged(self, path: str, query: Pairs, pages: int) -> Rows:
        """The same of a path that is not below the organisation."""
        return await _paged(lambda more: self.to.get(path, [*query, *more]), pages)

    async def numbers(self) -> list[str]:
        """The ids of the wanted projects."""
        seen = await self.seen()
        found = [text(row.get("id"), 20) for row in seen if row.get("slug") in self.projects]
        if not found:
            raise Unmeasured(f"Sentry's token sees no project {', '.join(self.projects)}", "check [sentry] projects")
        return found

    async def seen(self) -> list[dict[str, Any]]:
        """The projects that the token sees. Sentry: GET /organizations/{org}/projects/."""
        path = f"/api/0/organizations/{self.org}/projects/"
        return (await self.paged(path, [("per_page", 100)], MANY)).found


@dataclass(frozen=True, slots=True)
class Rows:
    """``hits`` is how many there are in all, where it is said; ``more`` when not all were read."""

    found: list[dict[str, Any]]
    hits: int | None
    more: bool


async def _paged(ask: Callable[[Pairs], Awaitable[Answer]], pages: int) -> Rows:
    found: list[dict[str, Any]] = []
    hits, cursor = None, ""
    for _ in range(pages):
        answer = await ask([("cursor", cursor)] if cursor else [])
        if not isinstance(answer.body, list):
            raise Unmeasured("Sentry's list has another shape", "check [sentry] base")
        found += items(answer.body)
        known = answer.headers.get("x-hits", "")
        hits = int(known) if known.isdecimal() and len(known) < 10 else hits
        cursor = following(answer.headers.get("link", ""))
        if not cursor:
            break
    return Rows(found, hits, bool(cursor))


def following(link: str) -> str:
    """The cursor of the next page; empty when there is none."""
    for rest in NEXT.findall(link[:4000]):
        if 'rel="next"' in rest and 'results="true"' in rest:
            found = CURSOR.search(rest)
            return found[1] if found else ""
    return ""
