"""Reads Vercel: deployments, what really serves production, rolling releases, domains and their certificates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from integrations._options import Base, Table, Token
from integrations._reach import Reach, Unmeasured
from integrations._tools import Tools
from integrations._vercel import checks, deployments, domains
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
FOREIGN = ("refuses the check", "[vercel] checks_token must be an OAuth2 token of an integration")
GONE = ("knows no such deployment, or no checks for it", "see whether the deployment is still there")
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class Options(Table):
    """Wardround asks Vercel and changes nothing there, but for checks where a token for them is given."""

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
    checks_token: Token | None = Field(
        None,
        description="OAuth2 token of an integration, for `checks`; left out: nothing is posted; secret",
    )
    checks: tuple[Name, ...] = Field((), max_length=10, description="keys of the checklists whose verdict is posted")


async def tell(
    options: Options, tools: Tools, deployment: str, key: str, name: str, state: str, *, concluded: bool
) -> str:
    """Posts a verdict as a check of a deployment; words when that could not be done, empty when it was."""
    if options.checks_token is None:
        return "there is no token for checks"
    headers = {"Authorization": f"Bearer {options.checks_token.get_secret_value()}"}
    to = Reach(tools, "vercel checks", TITLE, options.base, headers, REFUSED | {400: FOREIGN, 404: GONE})
    try:
        await checks.post(to, _team(options), deployment, key, name, state, concluded=concluded)
    except Unmeasured as reason:
        return f"{reason.words}: {reason.fix}" if reason.fix else reason.words
    return ""


def _team(options: Options) -> dict[str, str]:
    return {} if options.team is None else {"teamId" if options.team.startswith("team_") else "slug": options.team}


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """Vercel REST API: project and deployments; or the project's domains and certificates."""
    headers = {"Authorization": f"Bearer {options.token.get_secret_value()}"}
    to = Reach(tools, "vercel", TITLE, options.base, headers, REFUSED)
    team = _team(options)
    if reading == "deployments":
        return await deployments.read(to, options.project, team)
    return await domains.read(to, options.project, team)
