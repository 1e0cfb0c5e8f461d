"""The rules of platform.md section 3 for what every page must send, each a row: found, wanted, why, fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx

from checks import _csp
from checks._observatory import YEAR, policies, preloads, values
from cleaning import clean

EXACT = {  # name -> (wanted, why)
    "X-Content-Type-Options": ("nosniff", "a browser must not guess that an upload is a script"),
    "X-Frame-Options": ("DENY", "no other site may draw the platform inside its own page"),
    "Referrer-Policy": ("strict-origin-when-cross-origin", "addresses with record numbers must not reach other sites"),
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=()",
        "no script may ask for camera, microphone or place",
    ),
    "X-DNS-Prefetch-Control": ("off", "names behind links tell a name server what a page is about"),
    "X-Medical-Platform": ("true", "the platform's own mark"),
    "X-Privacy-Compliant": ("GDPR-HIPAA", "the platform's own mark"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``weight``: note says something without being wrong, bad is wrong, grave is an open door.

    unknown could not be seen; unsaid need not be said, so that nobody knows.
    """

    name: str
    weight: str  # good, note, bad, grave, unknown, unsaid
    found: str
    wanted: str
    why: str
    fix: str


def shown(value: str) -> str:
    """What a stranger sent, made harmless and short."""
    return clean(value, 80) or "missing"


def same(said: str, wanted: str) -> bool:
    """Whether two values are the same but for case and blanks."""
    return "".join(said.lower().split()) == "".join(wanted.lower().split())


def page(answer: httpx.Response, policy: str, without: Sequence[str]) -> Iterator[Row]:
    """Every header of a page."""
    left_out = {name.lower() for name in without}
    rows = [_exact(name, values(answer, name), wanted, why) for name, (wanted, why) in EXACT.items()]
    rows += [_transport(answer), _policy(answer, policy), _filter(answer), _powered(answer)]
    return (row for row in rows if row.name not in left_out)


def _exact(name: str, found: Sequence[str], wanted: str, why: str) -> Row:
    said = ", ".join(found)
    return Row(
        name.lower(), "good" if same(said, wanted) else "bad", shown(said), wanted, why, f"send {name}: {wanted}"
    )


def _transport(answer: httpx.Response) -> Row:
    said = ", ".join(values(answer, "strict-transport-security"))
    wanted = f"max-age={YEAR}; includeSubDomains; preload"
    why = "without it the first visit can be turned to plain http by anybody in between"
    weight = "good" if preloads(answer) else "bad"
    return Row("strict-transport-security", weight, shown(said), wanted, why, f"send it over https: {wanted}")


def _policy(answer: httpx.Response, wanted: str) -> Row:
    name, why = "content-security-policy", "it decides whose scripts run, where data may go and who may draw the page"
    found = policies(answer)
    if not found:
        watching = values(answer, "content-security-policy-report-only")
        said = "only reported, not enforced" if watching else "missing"
        return Row(name, "bad", said, wanted[:80], why, "send a Content-Security-Policy")
    told = _csp.parse([wanted])
    other, weak = _csp.missed(found, told[0]) if told else (), _csp.weaknesses(found)
    if other:
        said, fix = f"other than wanted: {', '.join(other)}", f"set {', '.join(other)} as wanted"
        return Row(name, "bad", said, "the configured policy", why, fix)
    said = f"weak: {', '.join(weak)}" if weak else "strict"
    fix = "take out what is weak: nonces or hashes instead of 'unsafe-inline'"
    return Row(name, "note" if weak else "good", said, "the configured policy", why, fix)


def _filter(answer: httpx.Response) -> Row:
    said = ", ".join(values(answer, "x-xss-protection"))
    why = "the old filter is gone from browsers, and where it lives it can itself open holes"
    weight = "note" if said.strip() not in ("", "0") else "good"
    found = shown(said) if said else "absent"
    return Row("x-xss-protection", weight, found, "absent or 0", why, "drop it, or send 0")


def _powered(answer: httpx.Response) -> Row:
    said = ", ".join(values(answer, "x-powered-by"))
    why, fix = "it tells an attacker what to look up", "set poweredByHeader: false"
    return Row("x-powered-by", "bad" if said else "good", shown(said) if said else "absent", "absent", why, fix)
