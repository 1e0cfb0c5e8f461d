"""Supabase's security advisors: what it finds wrong itself, as findings with the page that says how to mend it."""

from __future__ import annotations

from typing import Any

from cleaning import slug
from integrations._reach import Reach, Unmeasured
from integrations._shape import items, table, text
from model import Figure, Finding, Part, Result, Snapshot, Status

GRAVE = (
    "rls_disabled_in_public", "policy_exists_rls_disabled", "auth_users_exposed", "security_definer_view",
    "leaked_service_key", "sensitive_columns_exposed",
)  # fmt: skip
WORTH = (
    "rls_enabled_no_policy", "function_search_path_mutable", "extension_in_public", "auth_leaked_password_protection",
    "auth_otp_long_expiry", "vulnerable_postgres_version", "ssl_not_enforced", "pitr_not_enabled", "no_backup_admin",
    "public_bucket_allows_listing",
)  # fmt: skip
NOT_RUN = ("project_not_active", "advisor_check_unavailable")
MOST = 60  # findings that are kept
LINTS = "https://supabase.com/docs/guides/database/database-linter"


async def read(to: Reach, ref: str) -> Snapshot:
    """Supabase management API: GET /v1/projects/{ref}/advisors/security, else POST /v2/projects/{ref}/advisors/run."""
    answer = await to.get(f"/v1/projects/{ref}/advisors/security", accept=(200, 404, 410))
    lints = table(answer.body).get("lints") if answer.status == 200 else await _newer(to, ref)
    if not isinstance(lints, list):
        raise Unmeasured("Supabase's advisors answer in another shape", "check [supabase] base")
    rows = items(lints)
    if any(row.get("name") in NOT_RUN for row in rows):
        raise Unmeasured("Supabase could not run its advisors", "nothing: they are asked again by themselves")
    named = [row for row in rows if text(row.get("name"), 60) and row.get("level") != "INFO"]
    grave = [row for row in named if row["name"] in GRAVE or row.get("level") == "ERROR"]
    rest = [row for row in named if row not in grave]
    state = Status.DOWN if grave else Status.DEGRADED if rest else Status.UP
    words = f"{len(grave)} grave, {len(rest)} to look at" if named else ""
    figures = (Figure("advisors_grave", len(grave)), Figure("advisors", len(rest)))
    findings = tuple(_finding(row) for row in (grave + rest)[:MOST])
    part = Part("advisors", state, None, words)
    return Snapshot(Result(state, words, parts=(part,), findings=_once(findings)), figures=figures)


async def _newer(to: Reach, ref: str) -> object:
    """It runs through a live connection to the database: it is asked seldom and never twice."""
    names = [{"name": name} for name in (*GRAVE, *WORTH)]
    body = {"data": {"type": "project_advisors", "attributes": {"lints": names}}}
    answer = await to.ask("POST", f"/v2/projects/{ref}/advisors/run", body=body, accept=(200, 201))
    return table(table(table(answer.body).get("data")).get("attributes")).get("lints")


def _finding(row: dict[str, Any]) -> Finding:
    about = table(row.get("metadata"))
    what = ".".join(part for key in ("schema", "name") if (part := text(about.get(key), 60)))
    kind = slug(f"supabase-{row['name']}" + (f"-{what}" if what else ""))
    title = text(row.get("title"), 100) or text(row["name"]).replace("_", " ")
    link = row.get("remediation")
    known = (
        isinstance(link, str) and link.startswith("https://supabase.com/") and link.isprintable() and len(link) < 200
    )
    return Finding(kind, f"{title}: {what}" if what else title, f"see {link if known else LINTS}")


def _once(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple({each.kind: each for each in found}.values())
