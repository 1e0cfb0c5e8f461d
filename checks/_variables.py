"""What is right for each of the platform's environment variables (platform.md section 7); no value ever leaves here."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable

PLACEHOLDER = re.compile(
    r"(?i)^\s*(?:$|<.*>|\[.*\]|\$\{.*\}|x{3,}|\*{3,}|\.{3,}|todo.*|tbd|none|null|undefined"
    r"|change[-_ ]?me.*|replace[-_ ]?.*|your[-_ ].*|my[-_ ].*key|example.*|placeholder.*"
    r"|dummy.*|secret|password|123456.*|sk_live_x+|.*_here|.*\.\.\.)\s*$"
)
SECRET = re.compile(
    r"SECRET|PRIVATE|PASSWORD|PASSWD|SERVICE_ROLE|ENCRYPTION|JWT|_TOKEN$|CREDENTIAL|SMTP_PASS|WEBHOOK_SECRET"
)
SHAPES = re.compile(r"^(?:sk_(?:live|test)_|rk_(?:live|test)_|whsec_|sb_secret_|sbp_|sntry[a-z]_)")
PUBLIC = "NEXT_PUBLIC_"
SERVICE = "service_role"
LONGEST = 4096  # characters of a key
STRONG, BITS = 32, 3.0  # characters of a secret, and bits of entropy each on average, from which it is no weak one
Rule = Callable[[str], str]  # a value -> what is wrong with it in words without it; empty when it is right


def role(value: str) -> str:
    """The role that a key of Supabase's old kind claims, unproven; empty when it is no such key."""
    pieces = value.split(".")
    if len(pieces) != 3 or len(value) > LONGEST:
        return ""
    try:
        said = json.loads(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except (ValueError, RecursionError):
        return ""
    return str(said.get("role", ""))[:64] if isinstance(said, dict) else ""


def exposes(name: str, value: str) -> bool:
    """Whether a public name, which every browser gets, holds a secret: by the name, or by what the value looks like."""
    return name.startswith(PUBLIC) and bool(SECRET.search(name) or SHAPES.match(value) or role(value) == SERVICE)


def _starts(*prefixes: str) -> Rule:
    return lambda value: "" if value.startswith(prefixes) else f"does not begin with {' or '.join(prefixes)}"


def _is(wanted: str) -> Rule:
    return lambda value: "" if value == wanted else f"is not {wanted}"


def _number(least: int, most: int | None = None) -> Rule:
    def judged(value: str) -> str:
        if not value.isdecimal() or not least <= int(value) <= (most or 10**12):
            return f"is not {least}" if most == least else f"is not a number of at least {least}"
        return ""

    return judged


def _address(pattern: str, words: str) -> Rule:
    return lambda value: "" if re.fullmatch(pattern, value) else words


def _strong(value: str) -> str:
    """Long and of many signs: a pass phrase or a random text, no word."""
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) if value else 0.0
    return (
        ""
        if len(value) >= STRONG and bits >= BITS
        else f"is weak: fewer than {STRONG} characters, or too few different ones"
    )


def filled(value: str) -> str:
    return "" if value.strip() else "is empty"


def _live(kind: str) -> Rule:
    """A Stripe key of this kind in live mode; a test key is a finding of its own."""

    def judged(value: str) -> str:
        if value.startswith(f"{kind}_test_"):
            return "is a test key in production"
        return "" if value.startswith(f"{kind}_live_") else f"is no {kind}_live_ key"

    return judged


def _key(prefix: str, wanted: str) -> Rule:
    """A key of Supabase of the new kind, or one of the old kind that claims this role."""

    def judged(value: str) -> str:
        said = role(value)
        if value.startswith(prefix) or said == wanted or (said == SERVICE and wanted == "anon"):
            return ""  # a service key in a public name is a graver matter, and said once
        return f"is no {wanted} key" if said else f"is neither a {prefix} key nor one that claims a role"

    return judged


HTTPS = _address(r"https://[^\s/?#]+(?:/\S*)?", "is no https address")
RULES: dict[str, Rule] = {  # platform.md section 7
    "NEXT_PUBLIC_SUPABASE_URL": HTTPS,
    "NEXT_PUBLIC_SUPABASE_ANON_KEY": _key("sb_publishable_", "anon"),
    "SUPABASE_SERVICE_ROLE_KEY": _key("sb_secret_", "service_role"),
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": _live("pk"),
    "STRIPE_SECRET_KEY": _live("sk"),
    "STRIPE_WEBHOOK_SECRET": _starts("whsec_"),
    "NODE_ENV": _is("production"),
    "NEXT_PUBLIC_APP_URL": HTTPS,
    "NEXT_PUBLIC_APP_NAME": filled,
    "PRIVACY_COMPLIANCE_MODE": _is("strict"),
    "GDPR_HIPAA_VALIDATION": _is("enabled"),
    "AUDIT_LOGGING": _is("enabled"),
    "DATA_RETENTION_DAYS": _number(2555),
    "SENTRY_DSN": _address(r"https://\w+@[\w.-]+/\d+", "is no DSN"),
    "SENTRY_ORG": filled,
    "SENTRY_PROJECT": filled,
    "NEXT_PUBLIC_ANALYTICS_ID": _address(r"[A-Za-z0-9][A-Za-z0-9_-]{3,63}", "is no analytics id"),
    "JWT_SECRET": _strong,
    "ENCRYPTION_KEY": _strong,
    "RATE_LIMIT_MAX": _number(100, 100),
    "RATE_LIMIT_WINDOW": _number(900_000, 900_000),
    "SMTP_HOST": filled,
    "SMTP_PORT": _number(587, 587),
    "SMTP_USER": filled,
    "SMTP_PASSWORD": filled,
    "SMTP_FROM": _address(r"[^@\s]+@[^@\s]+", "is no e-mail address"),
    "BACKUP_RETENTION_DAYS": _number(30),
    "BACKUP_FREQUENCY": _is("daily"),
}
