"""A verdict as a check of a deployment: the one thing that is written at Vercel, only with a token of its own."""

from __future__ import annotations

from collections.abc import Mapping

from integrations._reach import Reach, Unmeasured
from integrations._shape import items, table, text

# https://vercel.com/docs/rest-api/checks: createCheck, getAllChecks, updateCheck; OAuth2 tokens of an integration only
OUTCOMES = {
    "go": {"status": "completed", "conclusion": "succeeded"},
    "no-go": {"status": "completed", "conclusion": "failed"},
    "unsure": {"status": "running"},
}


async def post(
    to: Reach, team: Mapping[str, str], deployment: str, key: str, name: str, state: str, *, concluded: bool
) -> None:
    """Says of a deployment what the list ``key`` says, under one check, however often. Raises Unmeasured.

    ``concluded``: it was said to be go or no-go before; what is no longer sure is then no longer go.
    """
    path, mark = f"/v1/deployments/{deployment}/checks", f"wardround:{key}"
    there = items(table((await to.get(path, team)).body).get("checks"))
    check = next((text(each.get("id")) for each in there if each.get("externalId") == mark), "")
    if not check:
        body = {"name": f"Wardround: {name}"[:100], "blocking": True, "externalId": mark}
        check = text(table((await to.ask("POST", path, team, body=body)).body).get("id"))
    if not check or "/" in check:
        raise Unmeasured("Vercel named no check")
    outcome = OUTCOMES["no-go" if state == "unsure" and concluded else state]
    await to.ask("PATCH", f"{path}/{check}", team, body=outcome)
