"""Content-Security-Policy taken apart and judged by the rules of contracts.md 10.3."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Policy = Mapping[str, tuple[str, ...]]
FETCHED = (
    "script-src",
    "object-src",
    "style-src",
    "img-src",
    "media-src",
    "connect-src",
    "frame-src",
    "font-src",
    "worker-src",
)
BROAD = frozenset({"*", "http:", "https:", "ftp:", "http://*", "https://*"})
ACTIVE = ("script-src", "object-src")
NONCE = re.compile(r"'(?:nonce-|sha256-|sha384-|sha512-)", re.I)
INSECURE = re.compile(r"^(?:http|ftp):", re.I)


def parse(headers: Sequence[str]) -> tuple[Policy, ...]:
    """Every policy of every header; a directive that comes twice counts the first time."""
    found = []
    for header in headers:
        for text in header.split(","):
            policy: dict[str, tuple[str, ...]] = {}
            for piece in text.split(";"):
                name, *values = piece.split()[:200] or [""]
                if name and name.lower() not in policy:
                    policy[name.lower()] = tuple(values)
            if policy:
                found.append(policy)
    return tuple(found)


def sources(policy: Policy, directive: str) -> tuple[str, ...]:
    """What a directive lets in, with its fallback; ``*`` where nothing is said, nothing for what has no fallback."""
    if directive in policy:
        return policy[directive]
    if directive in FETCHED:
        return policy.get("default-src", ("*",))
    return ()


def _lower(values: Sequence[str]) -> set[str]:
    return {value.lower() for value in values}


def inline(policy: Policy, directive: str) -> bool:
    """Whether inline code is let in: a nonce or hash takes 'unsafe-inline' back."""
    values = sources(policy, directive)
    return "'unsafe-inline'" in _lower(values) and not any(NONCE.match(value) for value in values)


def broad(policy: Policy, directive: str) -> bool:
    """Whether nearly any host is let in."""
    values = _lower(sources(policy, directive))
    if "'strict-dynamic'" in values and any(NONCE.match(value) for value in values):
        return False
    return bool(values & BROAD) or (directive in ACTIVE and "data:" in values)


def insecure(policy: Policy, directive: str) -> bool:
    """Whether something may come over plain http."""
    return any(INSECURE.match(value) for value in sources(policy, directive))


def verdict(policies: Sequence[Policy]) -> str:
    """The worst weakness that no policy takes away: all of them apply at once.

    One of missing, unsafe-inline, insecure-active, unsafe-eval, insecure-passive, style-only, clean, none-by-default.
    """
    if not policies:
        return "missing"

    def every(test: object, *directives: str) -> bool:
        assert callable(test)
        return any(all(test(policy, directive) for policy in policies) for directive in directives)

    if every(inline, "script-src") or every(broad, *ACTIVE):
        return "unsafe-inline"
    if every(insecure, *ACTIVE):
        return "insecure-active"
    if all("'unsafe-eval'" in _lower(sources(policy, "script-src")) for policy in policies):
        return "unsafe-eval"
    if every(insecure, "img-src", "media-src"):
        return "insecure-passive"
    if every(inline, "style-src"):
        return "style-only"
    strict = any(_lower(policy.get("default-src", ())) == {"'none'"} for policy in policies)
    return "none-by-default" if strict else "clean"


def weaknesses(policies: Sequence[Policy]) -> tuple[str, ...]:
    """The weak parts by name, such as ``script-src 'unsafe-eval'``."""
    found = []
    for directive in FETCHED:
        for weak in ("'unsafe-inline'", "'unsafe-eval'"):
            if policies and all(
                weak in _lower(sources(policy, directive)) and directive in policy for policy in policies
            ):
                found.append(f"{directive} {weak}")
        if policies and all(broad(policy, directive) and directive in policy for policy in policies):
            found.append(f"{directive} lets in any host")
    for directive in ("object-src", "base-uri", "form-action", "frame-ancestors"):
        if policies and not any(directive in policy for policy in policies) and directive != "object-src":
            found.append(f"no {directive}")
    return tuple(found)


def missed(policies: Sequence[Policy], wanted: Policy) -> tuple[str, ...]:
    """The directives of ``wanted`` that no policy has just so, sources in any order."""
    found = []
    for directive, values in wanted.items():
        said = [_lower(policy[directive]) for policy in policies if directive in policy]
        if _lower(values) not in said:
            found.append(directive)
    return tuple(found)
