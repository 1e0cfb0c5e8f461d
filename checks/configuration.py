"""Judges the platform's environment variables by rules, from a file or by names; no value is ever shown or kept."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from checks._target import STRICT
from checks._tools import Tools
from model import Finding, Part, Result, Status
from words import count

LARGEST = 1 << 20
LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
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
STRONG, BITS = 32, 3.0  # characters of a secret, and bits of entropy each on average, from which it is no weak one
Rule = Callable[[str], str]  # a value -> what is wrong with it in words without it; empty when it is right


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


def _filled(value: str) -> str:
    return "" if value.strip() else "is empty"


def _live(kind: str) -> Rule:
    """A Stripe key of this kind in live mode; a test key is a finding of its own."""

    def judged(value: str) -> str:
        if value.startswith(f"{kind}_test_"):
            return "is a test key in production"
        return "" if value.startswith(f"{kind}_live_") else f"is no {kind}_live_ key"

    return judged


HTTPS = _address(r"https://[^\s/?#]+(?:/\S*)?", "is no https address")
RULES: dict[str, Rule] = {  # platform.md section 7
    "NEXT_PUBLIC_SUPABASE_URL": HTTPS,
    "NEXT_PUBLIC_SUPABASE_ANON_KEY": _starts("eyJ", "sb_publishable_"),
    "SUPABASE_SERVICE_ROLE_KEY": _starts("eyJ", "sb_secret_"),
    "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": _live("pk"),
    "STRIPE_SECRET_KEY": _live("sk"),
    "STRIPE_WEBHOOK_SECRET": _starts("whsec_"),
    "NODE_ENV": _is("production"),
    "NEXT_PUBLIC_APP_URL": HTTPS,
    "NEXT_PUBLIC_APP_NAME": _filled,
    "PRIVACY_COMPLIANCE_MODE": _is("strict"),
    "GDPR_HIPAA_VALIDATION": _is("enabled"),
    "AUDIT_LOGGING": _is("enabled"),
    "DATA_RETENTION_DAYS": _number(2555),
    "SENTRY_DSN": _address(r"https://\w+@[\w.-]+/\d+", "is no DSN"),
    "SENTRY_ORG": _filled,
    "SENTRY_PROJECT": _filled,
    "JWT_SECRET": _strong,
    "ENCRYPTION_KEY": _strong,
    "RATE_LIMIT_MAX": _number(100, 100),
    "RATE_LIMIT_WINDOW": _number(900_000, 900_000),
    "SMTP_HOST": _filled,
    "SMTP_PORT": _number(587, 587),
    "SMTP_USER": _filled,
    "SMTP_PASSWORD": _filled,
    "SMTP_FROM": _address(r"[^@\s]+@[^@\s]+", "is no e-mail address"),
    "BACKUP_RETENTION_DAYS": _number(30),
    "BACKUP_FREQUENCY": _is("daily"),
}


class Options(BaseModel):
    """Where the variables are, and which rules hold."""

    model_config = STRICT

    file: Path | None = Field(None, description="an env file; only its variables are judged")
    names: tuple[str, ...] = Field((), description="names that are known to be set, where no value can be had")
    environment: Literal["production", "test"] = Field("production", description="test lets test keys through")
    without: tuple[str, ...] = Field((), description="variables of the platform's list that are not needed")
    also: tuple[str, ...] = Field((), description="further variables that must be set")

    @model_validator(mode="after")
    def _one_source(self) -> Options:
        if (self.file is None) == (not self.names):
            raise ValueError("expected either file or names: where are the variables?")
        if any(not NAME.fullmatch(name) for name in (*self.names, *self.without, *self.also)):
            raise ValueError("expected names of variables such as STRIPE_SECRET_KEY")
        return self


@dataclass(frozen=True, slots=True)
class Wrong:
    """One variable and the rule it breaks; never its value."""

    name: str
    words: str
    grave: bool = False


async def probe(options: Options, tools: Tools) -> Result:
    """Reads the file, judges, and forgets the values."""
    if options.file is None:
        return judged(options, {}, frozenset(options.names))
    try:
        values = await asyncio.to_thread(read, options.file)
    except OSError as error:
        reason = (error.strerror or "no reason").lower()
        return Result(Status.UNKNOWN, f"the file cannot be read: {reason}")
    return judged(options, values, frozenset(values))


def read(path: Path) -> dict[str, str]:
    """The variables of an env file: ``NAME=value``, quotes and ``export`` allowed. Raises OSError."""
    with path.open("rb") as file:
        text = file.read(LARGEST).decode("utf-8-sig", "replace")
    found = {}
    for line in text.splitlines():
        matched = LINE.match(line)
        if matched and not line.lstrip().startswith("#"):
            found[matched[1]] = _unquoted(matched[2])
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()


def judged(options: Options, values: Mapping[str, str], known: frozenset[str]) -> Result:
    """Every rule over every variable: missing, placeholder, wrong, test key, secret in a public name, weak."""
    wanted = [name for name in RULES if name not in options.without] + list(options.also)
    wrong = list(_wrong(options, wanted, values, known))
    grave = [each for each in wrong if each.grave]
    parts = tuple(_part(name, wrong) for name in wanted)
    findings = tuple(
        Finding(f"configuration-{_slug(each.name)}", f"{each.name} {each.words}", _fix(each)) for each in wrong
    )
    status = Status.DOWN if grave else Status.DEGRADED if wrong else Status.UP
    said = "; ".join(f"{each.name} {each.words}" for each in (*grave, *(each for each in wrong if not each.grave))[:3])
    right = len(wanted) - len({each.name for each in wrong} & set(wanted))
    facts = (("right", f"{right} of {len(wanted)}"), ("source", "file" if options.file else "names"))
    return Result(
        status,
        said or f"{count(len(wanted), 'variable')} as they should be",
        parts=parts,
        findings=findings,
        facts=facts,
    )


def _wrong(options: Options, wanted: list[str], values: Mapping[str, str], known: frozenset[str]) -> Iterator[Wrong]:
    for name in wanted:
        if name not in known:
            yield Wrong(name, "is missing", grave=True)
        elif name in values:
            yield from _value(options, name, values[name])
    for name in sorted(known):
        value = values.get(name, "")
        if name.startswith(PUBLIC) and (SECRET.search(name) or SHAPES.match(value)):
            yield Wrong(name, "puts a secret into a public name: every browser gets it", grave=True)


def _value(options: Options, name: str, value: str) -> Iterator[Wrong]:
    if PLACEHOLDER.match(value):
        yield Wrong(name, "is a placeholder", grave=True)
        return
    words = RULES[name](value) if name in RULES else _filled(value)
    if words == "is a test key in production" and options.environment == "test":
        return
    if words:
        yield Wrong(name, words, grave="test key" in words)


def _part(name: str, wrong: list[Wrong]) -> Part:
    mine = [each for each in wrong if each.name == name]
    state = Status.DOWN if any(each.grave for each in mine) else Status.DEGRADED if mine else Status.UP
    return Part(_slug(name), state, None, "; ".join(each.words for each in mine))


def _slug(name: str) -> str:
    return name.lower()[:64]


def _fix(wrong: Wrong) -> str:
    if "public name" in wrong.words:
        return "rename it without NEXT_PUBLIC_, change the secret, and build anew"
    if "weak" in wrong.words:
        return "make a new one with: openssl rand -base64 48"
    return "set it in the project's environment variables, and deploy anew"
