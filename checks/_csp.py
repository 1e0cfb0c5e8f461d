"""Content-Security-Policy taken apart and judged by the rules of contracts.md 10.3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

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
PASSIVE = ("img-src", "media-src")
NOT_IN_META = frozenset({"frame-ancestors", "report-uri", "sandbox"})
KNOWN = frozenset(FETCHED) | NOT_IN_META | {
    "default-src", "base-uri", "form-action", "child-src", "manifest-src", "prefetch-src", "report-to",
    "require-trusted-types-for", "script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem",
    "trusted-types", "upgrade-insecure-requests", "block-all-mixed-content", "plugin-types", "navigate-to",
}  # fmt: skip


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


def in_page(texts: Sequence[str]) -> tuple[Policy, ...]:
    """Policies out of <meta>: some directives do not work there."""
    return tuple(
        {name: values for name, values in policy.items() if name not in NOT_IN_META} for policy in parse(texts)
    )


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
    return "'unsafe-inline'" in _lower(values) and not _stated(values)


def _stated(values: Sequence[str]) -> bool:
    return any(NONCE.match(value) for value in values)


def dynamic(policy: Policy, directive: str) -> bool:
    """Whether a nonce or hash alone lets scripts in: hosts and schemes beside it count for nothing."""
    values = sources(policy, directive)
    return directive == "script-src" and "'strict-dynamic'" in _lower(values) and _stated(values)


def invalid(policy: Policy) -> bool:
    """A policy that says nothing which is known, or trusts by 'strict-dynamic' without anything to begin with."""
    loose = any("'strict-dynamic'" in _lower(values) and not _stated(values) for values in policy.values())
    return loose or not policy.keys() & KNOWN


def broad(policy: Policy, directive: str) -> bool:
    """Whether nearly any host is let in."""
    values = _lower(sources(policy, directive))
    if dynamic(policy, directive):
        return False
    return bool(values & BROAD) or (directive in ACTIVE and "data:" in values)


def insecure(policy: Policy, directive: str) -> bool:
    """Whether something may come over plain http."""
    values = sources(policy, directive)
    return not dynamic(policy, directive) and any(INSECURE.match(value) for value in values)


def verdict(policies: Sequence[Policy]) -> str:
    """The worst weakness that no policy takes away: all of them apply at once.

    One of missing, invalid, unsafe-inline, insecure-active, unsafe-eval, insecure-passive, style-only, clean,
    none-by-default.
    """
    if not policies:
        return "missing"
    if all(invalid(policy) for policy in policies):
        return "invalid"
    policies = [policy for policy in policies if not invalid(policy)]

    def every(test: object, *directives: str) -> bool:
        assert callable(test)
        return any(all(test(policy, directive) for policy in policies) for directive in directives)

    if every(inline, "script-src") or every(broad, *ACTIVE):
        return "unsafe-inline"
    if every(insecure, *(each for each in FETCHED if each not in PASSIVE)):
        return "insecure-active"
    if all("'unsafe-eval'" in _lower(sources(policy, "script-src")) for policy in policies):
        return "unsafe-eval"
    if every(insecure, *PASSIVE):
        return "insecure-passive"
    if every(inline, "style-src"):
        return "style-only"
    strict = any(_lower(policy.get("default-src", ())) == {"'none'"} for policy in policies)
    return "none-by-default" if strict else "clean"


def weaknesses(policies: Sequence[Policy]) -> tuple[str, ...]:
    """The weak parts by name, such as ``script-src 'unsafe-eval'``: those that every policy has."""
    found = ["'strict-dynamic' without a nonce or hash, or nothing known"] if any(map(invalid, policies)) else []
    for directive in ("default-src", *FETCHED):
        if policies and all(directive in policy for policy in policies):
            found += [f"{directive} {weak}" for weak in _weak(policies, directive)]
    for directive in ("base-uri", "form-action", "frame-ancestors"):
        if policies and not any(directive in policy for policy in policies):
            found.append(f"no {directive}")
    return tuple(found)


def _weak(policies: Sequence[Policy], directive: str) -> Iterator[str]:
    if all(inline(policy, directive) for policy in policies):
        yield "'unsafe-inline'"
    if all("'unsafe-eval'" in _lower(policy[directive]) for policy in policies):
        yield "'unsafe-eval'"
    if all(broad(policy, directive) for policy in policies):
        yield "lets in any host"
    elif all(insecure(policy, directive) for policy in policies):
        yield "over plain http"


def missed(policies: Sequence[Policy], wanted: Policy) -> tuple[str, ...]:
    """The directives of ``wanted`` that no policy has just so, sources in any order."""
    found = []
    for directive, values in wanted.items():
        said = [_lower(policy[directive]) for policy in policies if directive in policy]
        if _lower(values) not in said:
            found.append(directive)
    return tuple(found)
