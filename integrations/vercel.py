"""Reads Vercel: deployments, what really serves production, rolling releases, domains and their certificates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from integrations._options import Base, Table, Token
from integrations._reach import Reach
from integrations._tools import Tools
from integrations._vercel import deployments, domains
from model import Reading, Snapshot

TITLE = "Vercel"
READINGS = (
    Reading("deployments", "Vercel deployments", every=60, timeout=45),
    Reading("domains", "Vercel domains", every=900, timeout=60),
)
RENEW = "make a new token for the team in Vercel's account settings and put it into [vercel] token"
REFUSED = {
    401: ("refuses the token", RENEW),
    402: ("does not offer this on its plan", "nothing, or a larger plan"),
    403: ("refuses the token, or it does not belong to the team", f"check [vercel] team; if it is right: {RENEW}"),
    404: ("knows no such project", "check [vercel] project and team"),
}
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class Options(Table):
    """Wardround only ever asks Vercel, it changes nothing there; Vercel has no finer token than a team's."""

    base: Base = Field("https://api.vercel.com", description="the API's address")
    token: Token = Field(description="an access token of the team, with an end date; secret")
    team: Name | None = Field(None, description="the team's id (team_...) or slug; left out: your own account")
    project: Name = Field(description="the project's name or id")
    hook_secret: Token | None = Field(
        None, description="secret of the webhook that calls /api/hooks/vercel; without it there is no such door; secret"
    )
    drain_secret: Token | None = Field(
        None, description="secret of the Speed Insights drain that sends to /api/hooks/vercel-drain; secret"
    )


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """Vercel REST API: project and deployments; or the project's domains and certificates."""
    headers = {"Authorization": f"Bearer {options.token.get_secret_value()}"}
    to = Reach(tools, "vercel", TITLE, options.base, headers, REFUSED)
    team = {} if options.team is None else {"teamId" if options.team.startswith("team_") else "slug": options.team}
    if reading == "deployments":
        return await deployments.read(to, options.project, team)
    return await domains.read(to, options.project, team)
