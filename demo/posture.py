"""What the demo's platform shows of its care: headers, variables by name, a folder of dumps, drills that were done."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from demo.chance import bell, number
from model import Ping

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    (
        "Content-Security-Policy",
        "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' https://js.stripe.com; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
        "connect-src 'self' https://*.supabase.co https://api.stripe.com; frame-src https://js.stripe.com; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'",
    ),
    ("X-Medical-Platform", "true"),
    ("X-Privacy-Compliant", "GDPR-HIPAA"),
)
ORIGIN = "https://platform.demo.test"
API = (
    ("X-RateLimit-Limit", "100"),
    ("X-RateLimit-Remaining", "97"),
    ("X-RateLimit-Reset", "640"),
    ("Access-Control-Allow-Origin", ORIGIN),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type, Authorization"),
)
# what a check finds in this order, without the one header that means nothing over plain http
RULES = (
    "x-content-type-options", "x-frame-options", "referrer-policy", "permissions-policy", "x-dns-prefetch-control",
    "x-medical-platform", "x-privacy-compliant", "content-security-policy", "x-xss-protection", "x-powered-by",
    "reflected-origin", "api", "api-refusal", "access-control-allow-origin", "access-control-allow-methods",
    "access-control-allow-headers", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-window",
    "protected.dashboard", "open.api.health", "open.api.health.live",
)  # fmt: skip
SCORES = ((90, 0), (58, 5), (41, 20), (17, 40))  # days before the opening, the score from then on
ENDPOINTS = ("/api/health/live", "/api/prescriptions", "/api/medicines", "/api/patients", "/api/audit-logs")
VARIABLES = (
    "NEXT_PUBLIC_SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY",
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "NODE_ENV",
    "NEXT_PUBLIC_APP_URL", "NEXT_PUBLIC_APP_NAME", "PRIVACY_COMPLIANCE_MODE", "GDPR_HIPAA_VALIDATION", "AUDIT_LOGGING",
    "DATA_RETENTION_DAYS", "SENTRY_DSN", "SENTRY_ORG", "SENTRY_PROJECT", "NEXT_PUBLIC_ANALYTICS_ID", "JWT_SECRET",
    "ENCRYPTION_KEY", "RATE_LIMIT_MAX", "RATE_LIMIT_WINDOW", "SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD",
    "SMTP_FROM", "BACKUP_RETENTION_DAYS", "BACKUP_FREQUENCY",
)  # fmt: skip
DUMPS, KEPT, USUAL = "demo/dumps", 34, 900  # the folder, how many, prescriptions in one
DUE = time(2, 0)  # UTC
HALF_DAYS_AGO = 12  # the dump of that day is too small
DRILLS = (  # days before the opening, data lost and time taken in seconds
    (67, 41_000, 4_020),
    (36, 39_500, 3_060),
    (6, 40_300, 2_220),
)


def dump(var: Path, seed: int, now: datetime) -> None:
    """Writes every dump that should lie in the folder by now and does not."""
    folder = var / DUMPS
    folder.mkdir(parents=True, exist_ok=True)
    day = now.astimezone(UTC).date()
    for ago in range(KEPT):
        at = datetime.combine(day - timedelta(days=ago), DUE, UTC)
        path = folder / f"backup_{at:%Y%m%d_%H%M%S}.sql.gz"
        if at + timedelta(minutes=3) < now and not path.exists():
            _write(path, at, seed, ago)


def _write(path: Path, at: datetime, seed: int, ago: int) -> None:
    many = round(
        USUAL * (0.45 if ago == HALF_DAYS_AGO else 1) * (1 + 0.02 * bell(number(seed, "dump", at.toordinal())))
    )
    rows = "\n".join(
        f"{number(seed, 'row', n):016x}\t{number(seed, 'medicine', n) % 900}\tdispensed" for n in range(many)
    )
    body = (
        "--\n-- PostgreSQL database dump\n--\n\n"
        "CREATE TABLE public.prescriptions (id text, medicine int, state text);\n"
        f"COPY public.prescriptions (id, medicine, state) FROM stdin;\n{rows}\n\\.\n\n"
        "--\n-- PostgreSQL database dump complete\n--\n\n"
    )
    part = path.with_suffix(".part")
    with part.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        file.write(body.encode())
    os.utime(part, (at.timestamp() + 95, at.timestamp() + 95))
    part.replace(path)


def drills(opened: datetime) -> Iterator[Ping]:
    """The restore drills before the opening, oldest first."""
    for ago, rpo, rto in DRILLS:
        yield Ping("restore", opened - timedelta(days=ago, hours=3), "ok", "", float(rpo), float(rto))


def scores(opened: datetime) -> Iterator[tuple[datetime, float]]:
    """(hour, score of the headers) of every day before the opening."""
    for ago in range(90, 0, -1):
        yield opened - timedelta(days=ago), float(next(score for since, score in reversed(SCORES) if ago <= since))
