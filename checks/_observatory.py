"""The score of Mozilla's HTTP Observatory, worked out here by its published modifiers (contracts.md 10.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

from checks import _csp

GRADES = (
    (100, "A+"),
    (90, "A"),
    (85, "A-"),
    (80, "B+"),
    (70, "B"),
    (65, "B-"),
    (60, "C+"),
    (50, "C"),
    (45, "C-"),
    (40, "D+"),
    (30, "D"),
    (25, "D-"),
)
SIX_MONTHS = 15_552_000
CSP = {
    "none-by-default": 10,
    "clean": 5,
    "style-only": 0,
    "insecure-passive": -10,
    "unsafe-eval": -10,
    "unsafe-inline": -20,
    "insecure-active": -20,
    "missing": -25,
}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
UNSAFE = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
ISOLATION = {  # header -> what is good, what is neither
    "resource-policy": ({"same-origin", "same-site"}, {"cross-origin"}),
    "embedder-policy": ({"require-corp", "credentialless"}, {"unsafe-none"}),
    "opener-policy": ({"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}, {"unsafe-none"}),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the score is made from: the page, where plain http leads, and how the API answers a stranger's Origin."""

    page: httpx.Response
    plain: httpx.Response | None = None  # the answer to the same page over http; None: there is none
    stranger: httpx.Response | None = None


def values(answer: httpx.Response, name: str) -> list[str]:
    """Every header of that name, stripped."""
    return [value.strip() for value in answer.headers.get_list(name)]


def policies(page: httpx.Response) -> tuple[_csp.Policy, ...]:
    """Every Content-Security-Policy that applies to a page."""
    return _csp.parse(values(page, "content-security-policy"))


def score(seen: Seen) -> tuple[int, str, tuple[tuple[str, int], ...]]:
    """(score, grade, modifiers by test). Bonuses count only from 90 on without them."""
    found = (
        ("csp", CSP[_csp.verdict(_csp.parse(values(seen.page, "content-security-policy")))]),
        ("cookies", _cookies(seen.page)),
        ("cors", _cors(seen.stranger)),
        ("redirection", _redirection(seen)),
        ("referrer-policy", _referrer(seen.page)),
        ("strict-transport-security", _hsts(seen.page)),
        ("subresource-integrity", _integrity(seen.page)),
        ("x-content-type-options", 0 if _one(seen.page, "x-content-type-options") == "nosniff" else -5),
        ("x-frame-options", _frames(seen.page)),
        *(
            (f"cross-origin-{name}", _isolated(seen.page, f"cross-origin-{name}", *kinds))
            for name, kinds in ISOLATION.items()
        ),
    )
    base = 100 + sum(modifier for _, modifier in found if modifier < 0)
    bonus = sum(modifier for _, modifier in found if modifier > 0)
    total = max(0, base + bonus if base >= 90 else base)
    return total, next((grade for least, grade in GRADES if total >= least), "F"), found


def _one(answer: httpx.Response, name: str) -> str:
    return ",".join(values(answer, name)).strip().lower()


def _cookies(page: httpx.Response) -> int:
    """The worst of them; none at all is neither good nor bad."""
    cookies = [cookie.lower() for cookie in values(page, "set-cookie")]
    if not cookies:
        return 0
    hsts = hsts_age(page) >= SIX_MONTHS
    worst = 5
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        flags = {piece.strip().partition("=")[0] for piece in rest.split(";")[1:]}
        session = bool(re.search(r"sess|login|auth|sid", name))
        token = bool(re.search(r"csrf|xsrf", name))
        if "secure" not in flags:
            found = (-10 if session else -5) if hsts else (-40 if session else -20)
        elif "httponly" not in flags and session:
            found = -30
        elif token and "samesite" not in flags:
            found = -20
        else:
            found = 5 if {"httponly", "samesite"} <= flags else 0
        worst = min(worst, found)
    return worst


def _cors(stranger: httpx.Response | None) -> int:
    if stranger is None:
        return 0
    allowed = _one(stranger, "access-control-allow-origin")
    credentials = _one(stranger, "access-control-allow-credentials") == "true"
    return -50 if credentials and allowed in ("*", "null", _origin_sent(stranger)) else 0


def _origin_sent(answer: httpx.Response) -> str:
    return str(answer.request.headers.get("origin", "")).lower() or "-"


def _redirection(seen: Seen) -> int:
    if seen.page.request.url.scheme != "https":
        return -20
    if seen.plain is None:
        return 0
    if not seen.plain.has_redirect_location:
        return -20
    place = seen.plain.request.url.join(seen.plain.headers["location"])
    if place.scheme != "https":
        return -10
    return 0 if place.host == seen.plain.request.url.host else -5


def _referrer(page: httpx.Response) -> int:
    policies = [
        piece.strip() for piece in _one(page, "referrer-policy").split(",") if piece.strip() in PRIVATE | UNSAFE
    ]
    if not policies:
        return -5 if _one(page, "referrer-policy") else 0
    return 5 if policies[-1] in PRIVATE else -5


def hsts_age(page: httpx.Response) -> int:
    """max-age of Strict-Transport-Security in seconds; 0 when it is missing, double, invalid or came over http."""
    found = values(page, "strict-transport-security")
    if page.request.url.scheme != "https" or len(found) != 1 or "," in found[0]:
        return 0
    age = re.search(r"(?:^|;)\s*max-age\s*=\s*\"?(\d{1,12})\"?\s*(?:;|$)", found[0], re.I)
    return int(age[1]) if age else 0


def _hsts(page: httpx.Response) -> int:
    age = hsts_age(page)
    return 0 if age >= SIX_MONTHS else -10 if age > 0 else -20


def _frames(page: httpx.Response) -> int:
    policies = _csp.parse(values(page, "content-security-policy"))
    if any("frame-ancestors" in policy for policy in policies):
        return 5
    said = _one(page, "x-frame-options")
    return 5 if said in ("deny", "sameorigin") else 0 if said.startswith("allow-from") else -20


def _isolated(page: httpx.Response, name: str, good: set[str], neutral: set[str]) -> int:
    said = _one(page, name).partition(";")[0]
    return 0 if not said or said in neutral else 10 if said in good else -5


class _Scripts(HTMLParser):
    """The scripts that a page loads: (address, whether its hash is stated)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        stated = dict(attrs)
        if tag == "script" and stated.get("src"):
            self.found.append((str(stated["src"]), bool(stated.get("integrity"))))


def _integrity(page: httpx.Response) -> int:
    reader = _Scripts()
    reader.feed(page.content[:1_000_000].decode("utf-8", "replace"))
    here = page.request.url
    outside: list[tuple[str, bool]] = []
    for source, stated in reader.found:
        parts = urlsplit(source)
        if parts.netloc and parts.netloc != here.netloc.decode():
            outside.append((parts.scheme or here.scheme, stated))
    if not outside:
        return 0
    return min(_loaded(scheme, stated) for scheme, stated in outside)


def _loaded(scheme: str, stated: bool) -> int:
    if scheme == "https":
        return 5 if stated else -5
    return -20 if stated else -50


def names(modifiers: Sequence[tuple[str, int]]) -> str:
    """The tests that cost something, dearest first."""
    bad = sorted((pair for pair in modifiers if pair[1] < 0), key=lambda pair: pair[1])
    return ", ".join(f"{name} {modifier}" for name, modifier in bad)
