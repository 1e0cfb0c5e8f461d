"""Reads Supabase: tables and services the platform uses, row level security from outside, the project itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from duration import Seconds
from integrations._options import Base, Table, Token, begins
from integrations._reach import Reach
from integrations._supabase import advisors, backups, beacons, disk, plane, project, rls
from integrations._tools import Tools
from model import Reading, Snapshot

TITLE = "Supabase"
DATA = (Reading("data", "Supabase data plane", every=30, timeout=25, confirm=2, alarms=True),)
SECURITY = (Reading("rls", "Row level security", every=60, timeout=25, alarms=True),)
MANAGEMENT = (
    Reading("project", "Supabase project", every=60, timeout=30),
    Reading("disk", "Supabase disk, functions and traffic", every=300, timeout=30),
    Reading("backups", "Supabase backups", every=3600, timeout=30),
    Reading("advisors", "Supabase security advisors", every=21_600, timeout=90),
)
MEASURED = (Reading("vitals", "Web Vitals in a Supabase table", every=60, timeout=30),)
READINGS = DATA + SECURITY + MANAGEMENT + MEASURED
SCOPES = "project_admin_read, backups_read, infra_disk_config_read, advisors_read, edge_functions_read"
REFUSED = {
    401: ("refuses the token", "make a new fine-grained token in Supabase and put it into [supabase] token"),
    402: ("does not offer this on its plan", "nothing, or a larger plan"),
    403: ("does not let the token read this", f"give the token {SCOPES}"),
    404: ("knows no such project", "check [supabase] ref"),
}
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Function = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


def _role(value: SecretStr) -> str:
    """The role that a legacy key claims; empty when it is no such key."""
    pieces = value.get_secret_value().split(".")
    if len(pieces) != 3:
        return ""
    try:
        said = json.loads(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except (ValueError, RecursionError):
        return ""
    return str(said.get("role", "")) if isinstance(said, dict) else ""


def _of_role(role: str, name: str) -> AfterValidator:
    def judged(value: SecretStr) -> SecretStr:
        if value.get_secret_value().startswith("eyJ") and _role(value) != role:
            raise ValueError(f"expected {name}, got a key with another role")
        return value

    return AfterValidator(judged)


Anon = Annotated[
    Token, begins("sb_publishable_", "eyJ", name="the publishable (anon) key"), _of_role("anon", "the anon key")
]
Service = Annotated[
    Token, begins("sb_secret_", "eyJ", name="a secret (service_role) key"), _of_role("service_role", "the service key")
]


class Options(Table):
    """The data plane needs a key, the project itself a token; each reading runs where it has what it needs."""

    ref: Annotated[str, StringConstraints(pattern=r"^[a-z]{20}$")] | None = Field(
        None, description="the project's reference, 20 small letters"
    )
    url: Base | None = Field(None, description="the project's address; left out: https://<ref>.supabase.co")
    anon_key: Anon | None = Field(None, description="the publishable (anon) key; secret")
    service_key: Service | None = Field(
        None, description="a secret key: counts tables that the anon key must not see, and proves them closed; secret"
    )
    tables: tuple[Name, ...] = Field(
        ("user_profiles", "medicines", "prescriptions", "audit_logs"), description="critical tables that are counted"
    )
    protected: tuple[Name, ...] = Field(
        ("user_profiles", "prescriptions", "audit_logs"), description="tables of which a stranger must see no row"
    )
    functions: tuple[Function, ...] = Field((), description="Edge Functions that answer without a session")
    slow: float = Field(5.0, gt=0, le=15, description="seconds; slower is degraded")
    recovery_window: Seconds = Field(
        7 * 86_400.0, gt=0, description="promised: how far back point-in-time recovery reaches, where it is on"
    )
    vitals_table: Name | None = Field(None, description="a table of Web Vitals to read, such as web_vitals")
    base: Base = Field("https://api.supabase.com", description="address of the management API")
    token: Annotated[Token, begins("sbp_", name="an access token of Supabase")] | None = Field(
        None, description="a fine-grained access token that may read; secret"
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> Options:
        if not (self.key or self.token):
            raise ValueError("expected anon_key, service_key or token: without one nothing can be read")
        if self.key and not (self.url or self.ref):
            raise ValueError("expected url or ref: where is the project?")
        if self.token and not self.ref:
            raise ValueError("expected ref: the token reads that project")
        return self

    @property
    def key(self) -> SecretStr | None:
        return self.service_key or self.anon_key

    @property
    def where(self) -> str:
        return self.url or f"https://{self.ref}.supabase.co"


def readings(options: Options) -> tuple[Reading, ...]:
    """Those that the keys allow."""
    found: tuple[Reading, ...] = DATA if options.key else ()
    found += SECURITY if options.anon_key and options.protected else ()
    found += MEASURED if options.key and options.vitals_table else ()
    return found + (MANAGEMENT if options.token else ())


DIRECT: dict[str, Callable[..., Any]] = {"data": plane.read, "rls": rls.read, "vitals": beacons.read}
READ: dict[str, Callable[..., Any]] = {
    "project": project.read,
    "disk": disk.read,
    "backups": backups.read,
    "advisors": advisors.read,
}


async def fetch(reading: str, options: Options, tools: Tools) -> Snapshot:
    """Supabase: the data plane by key, the management API by token."""
    if reading in DIRECT:
        found: Snapshot = await DIRECT[reading](options, tools)
        return found
    token = options.token.get_secret_value() if options.token else ""
    headers = {"Authorization": f"Bearer {token}"}
    to = Reach(tools, "supabase", TITLE, options.base, headers, REFUSED, reset="left")
    more = (options.recovery_window,) if reading == "backups" else ()
    managed: Snapshot = await READ[reading](to, options.ref, *more)
    return managed
