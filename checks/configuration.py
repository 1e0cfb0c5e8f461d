"""Judges the platform's environment variables by rules, from a file, a process or names; no value is shown or kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import Field, model_validator

from checks._target import Target, Trust, Url, exchange
from checks._tools import Tools
from checks._variables import PLACEHOLDER, RULES, exposes, filled
from model import Fault, Finding, Part, Result, Status
from words import count

__all__ = ["RULES", "Options", "probe", "read"]
LARGEST = 1 << 20
LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
READY = (  # what the readiness answer of the platform vouches for (platform.md section 1)
    "NEXT_PUBLIC_SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_ANON_KEY", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
    "STRIPE_SECRET_KEY",
)  # fmt: skip
UNSEEN = "there, value not seen"


class Options(Trust):
    """Where the variables are, and which rules hold."""

    file: Path | None = Field(None, description="an env file; only its variables are judged")
    process: bool = Field(False, description="judge the variables that this program itself was started with")
    ready: Url | None = Field(
        None, description="the platform's readiness answer: it names what is missing, of what it asks for itself"
    )
    names: tuple[str, ...] = Field((), description="names that are known to be set, where no value can be had")
    environment: Literal["production", "test"] = Field("production", description="test lets test keys through")
    without: tuple[str, ...] = Field((), description="variables of the platform's list that are not needed")
    also: tuple[str, ...] = Field((), description="further variables that must be set")

    @model_validator(mode="after")
    def _one_source(self) -> Options:
        if sum((self.file is not None, self.process, self.ready is not None, bool(self.names))) != 1:
            raise ValueError("expected one of file, process, ready and names: where are the variables?")
        if any(not NAME.fullmatch(name) for name in (*self.names, *self.without, *self.also)):
            raise ValueError("expected names of variables such as STRIPE_SECRET_KEY")
        if self.ready and self.also:
            raise ValueError("the readiness answer says nothing of further variables: leave `also` out")
        return self

    @property
    def source(self) -> str:
        return "file" if self.file else "process" if self.process else "readiness" if self.ready else "names"

    @property
    def wanted(self) -> tuple[str, ...]:
        listed = READY if self.ready else tuple(RULES)
        return (*(name for name in listed if name not in self.without), *self.also)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One variable and the rule it breaks; never its value."""

    name: str
    words: str
    grave: bool = False


async def probe(options: Options, tools: Tools) -> Result:
    """Gets the variables, or their names, judges, and forgets the values."""
    if options.ready is not None:
        return await _by_readiness(options, tools)
    if options.process:
        values = {name: value.reveal() for name, value in tools.environment().items()}
    elif options.file is not None:
        try:
            values = await asyncio.to_thread(read, options.file)
        except OSError as error:
            reason = (error.strerror or "no reason").lower()
            return Result(Status.UNKNOWN, f"the file cannot be read: {reason}")
    else:
        values = {}
    return judged(options, values, frozenset(values) | frozenset(options.names))


async def _by_readiness(options: Options, tools: Tools) -> Result:
    """What is missing by the platform's own word; that it does not answer is for other monitors to say."""
    target = Target.model_validate({"url": options.ready, "networks": options.networks, "ca_file": options.ca_file})
    try:
        answer = await exchange(target, tools)
    except (Fault, OSError, httpx.HTTPError):
        return Result(Status.UNKNOWN, "the readiness address gives no answer")
    found = missing(answer.content)
    if found is None:
        return Result(Status.UNKNOWN, f"answered {answer.status_code}, and nothing of the environment in it")
    wanted = (*options.wanted, *(name for name in found if name not in (*options.wanted, *options.without)))
    return judged(options, {}, frozenset(wanted) - found, wanted)


def missing(body: bytes) -> frozenset[str] | None:
    """The names that a readiness answer misses; None when it says nothing of the environment."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    checks = document.get("checks") if isinstance(document, dict) else None
    for each in checks if isinstance(checks, list) else ():
        if isinstance(each, dict) and each.get("component") == "environment":
            return _named(each)
    return None


def _named(said: Mapping[str, Any]) -> frozenset[str] | None:
    """Not ready without a name that could be one is not understood."""
    if said.get("ready") is True:
        return frozenset()
    _, _, listed = str(said.get("message", "")).partition("Missing:")
    names = [name.strip() for name in listed.split(",")][:100]
    return frozenset(name for name in names if NAME.fullmatch(name)) or None


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


def judged(options: Options, values: Mapping[str, str], known: frozenset[str], wanted: tuple[str, ...] = ()) -> Result:
    """Every rule over every variable: missing, placeholder, wrong, test key, secret in a public name, weak."""
    wanted = wanted or options.wanted
    wrong = list(_wrong(options, wanted, values, known))
    worst = sorted(wrong, key=lambda each: not each.grave)
    findings = tuple(
        Finding(f"configuration-{_slug(each.name)}", f"{each.name} {each.words}", _fix(each)) for each in wrong
    )
    status = Status.DOWN if any(each.grave for each in wrong) else Status.DEGRADED if wrong else Status.UP
    right = len(wanted) - len({each.name for each in wrong} & set(wanted))
    many, seen = count(len(wanted), "variable"), options.source in ("file", "process")
    return Result(
        status,
        "; ".join(f"{each.name} {each.words}" for each in worst[:3])
        or (f"{many} as they should be" if seen else f"{many} there; no value was seen"),
        parts=tuple(_part(name, wrong, seen) for name in wanted),
        findings=findings,
        facts=(("right" if seen else "there", f"{right} of {len(wanted)}"), ("source", options.source)),
    )


def _wrong(
    options: Options, wanted: tuple[str, ...], values: Mapping[str, str], known: frozenset[str]
) -> Iterator[Wrong]:
    for name in wanted:
        if name not in known:
            yield Wrong(name, "is missing", grave=True)
        elif name in values:
            yield from _value(options, name, values[name])
    for name in sorted(known):
        if exposes(name, values.get(name, "")):
            yield Wrong(name, "puts a secret into a public name: every browser gets it", grave=True)


def _value(options: Options, name: str, value: str) -> Iterator[Wrong]:
    if PLACEHOLDER.match(value):
        yield Wrong(name, "is a placeholder", grave=True)
        return
    words = RULES[name](value) if name in RULES else filled(value)
    if words == "is a test key in production" and options.environment == "test":
        return
    if words:
        yield Wrong(name, words, grave="test key" in words)


def _part(name: str, wrong: list[Wrong], seen: bool) -> Part:
    mine = [each for each in wrong if each.name == name]
    state = Status.DOWN if any(each.grave for each in mine) else Status.DEGRADED if mine else Status.UP
    return Part(_slug(name), state, None, "; ".join(each.words for each in mine) or ("" if seen else UNSEEN))


def _slug(name: str) -> str:
    return name.lower()[:64]


def _fix(wrong: Wrong) -> str:
    if "public name" in wrong.words:
        return "rename it without NEXT_PUBLIC_, change the secret, and build anew"
    if "weak" in wrong.words:
        return "make a new one with: openssl rand -base64 48"
    return "set it in the project's environment variables, and deploy anew"
