"""Reads Sentry (also self-hosted, GlitchTip): issues, releases, sessions, vitals, and what must not be in events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from integrations._options import Base, Table, Token
from integrations._reach import Reach
from integrations._sentry import health, issues, privacy, vitals
from integrations._sentry._scope import Scope
from integrations._tools import Tools
from model import Reading, Snapshot

TITLE = "Sentry"
READINGS = (
    Reading("issues", "Sentry issues", every=60, timeout=45),
    Reading("health", "Sentry releases, sessions and quota", every=300, timeout=60),
    Reading("vitals", "Web Vitals in Sentry", every=300, timeout=60),
    Reading("privacy", "Privacy of error events", every=21_600, timeout=120),
)
SCOPES = "an internal integration with org:read, project:read and event:read"
REFUSED = {
    401: ("refuses the token", f"make a new token of {SCOPES} and put it into [sentry] token"),
    403: ("does not let the token read this", f"use the token of {SCOPES}, and let it see the projects"),
    404: ("knows no such organisation or project", "check [sentry] org, projects and base"),
}
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]


def _kind(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    if token.startswith("sntrys_"):
        raise ValueError(
            f"this is an organisation token (sntrys_), which cannot read issues; expected that of {SCOPES}"
        )
    if not (token.startswith(("sntryi_", "sntryu_", "sntrya_")) or re.fullmatch(r"[0-9a-f]{64}", token)):
        raise ValueError(
            "expected a token of Sentry: sntryi_..., sntryu_..., or 64 hexadecimal digits of an older server"
        )
    return value


class Options(Table):
    """The token of an internal integration with org:read, project:read and event:read is enough."""

    base: Base = Field("https://sentry.io", description="the server, such as https://de.sentry.io or your own")
    token: Annotated[Token, AfterValidator(_kind)] = Field(description="token of an internal integration; secret")
    org: Slug = Field(description="the organisation's slug")
    projects: tuple[Slug, ...] = Field((), max_length=20, description="slugs of projects; left out: all it sees")
    environments: tuple[Annotated[str, StringConstraints(min_length=1, max_length=64)], ...] = Field(
        (), max_length=4, description="names of environments; left out: all"
    )
    sample: int = Field(10, ge=1, le=50, description="top issues whose newest event is audited")
    datasets: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}$")], ...] = Field(
        ("spans", "metricsEnhanced", "transactions"), description="where Web Vitals are looked for, in this order"
    )


READ: dict[str, Callable[..., Any]] = {
    "issues": issues.read,
    "health": health.read,
    "vitals": vitals.read,
    "privacy": privacy.read,
}


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """Sentry Web API, version 0."""
    headers = {"Authorization": f"Bearer {options.token.get_secret_value()}"}
    to = Reach(tools, "sentry", TITLE, options.base, headers, REFUSED)
    scope = Scope(to, options.org, options.projects, options.environments)
    found: Snapshot = await READ[reading](scope, options)
    return found
