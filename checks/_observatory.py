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
SIX_MONTHS, YEAR = 15_552_000, 31_536_000
SAME_SITE = ("strict", "lax", "none")
READ = 1_000_000  # bytes of a page
READ_ONCE = "wardround.html"
CSP = {
    "none-by-default": 10,
    "clean": 5,
    "style-only": 0,
    "insecure-passive": -10,
    "unsafe-eval": -10,
    "unsafe-inline": -20,
    "insecure-active": -20,
    "invalid": -25,
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
    plain: httpx.Response | None = None  # the last answer over http to the same page, after others; None: there is none
    stranger: httpx.Response | None = None


def values(answer: httpx.Response, name: str) -> list[str]:
    """Every header of that name, stripped."""
    return [value.strip() for value in answer.headers.get_list(name)]


def policies(page: httpx.Response) -> tuple[_csp.Policy, ...]:
    """Every Content-Security-Policy that applies to a page, those in its head included."""
    return (*_csp.parse(values(page, "content-security-policy")), *_csp.in_page(html(page).policies))


def score(seen: Seen) -> tuple[int, str, tuple[tuple[str, int], ...]]:
    """(score, grade, modifiers by test). Bonuses count only from 90 on without them."""
    found = (
        ("csp", CSP[_csp.verdict(policies(seen.page))]),
        ("cookies", _cookies(seen.page)),
        ("cors", _cors(seen.stranger)),
        ("redirection", _redirection(seen)),
        ("referrer-policy", _referrer(seen.page)),
        ("strict-transport-security", _hsts(seen)),
        ("subresource-integrity", _integrity(seen.page)),
        ("x-content-type-options", 0 if _one(seen.page, "x-content-type-options") == "nosniff" else -5),
        ("x-frame-options", _frames(seen.page)),
        ("html", 0 if html(seen.page).fine else -20),
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
    return min(_cookie(cookie, hsts) for cookie in cookies)


def _cookie(cookie: str, hsts: bool) -> int:
    name, _, rest = cookie.partition("=")
    pairs = (piece.partition("=") for piece in rest.split(";")[1:])
    flags = {flag.strip(): value.strip() for flag, _, value in pairs}
    session, token = re.search(r"sess|login|auth|sid", name), re.search(r"csrf|xsrf", name)
    if "secure" not in flags:
        found = (-10 if session else -5) if hsts else (-40 if session else -20)
    elif "httponly" not in flags and session:
        found = -30
    else:
        found = 5 if {"httponly", "samesite"} <= flags.keys() else 0
    astray = "samesite" in flags and flags["samesite"] not in SAME_SITE
    return min(found, -20) if astray or (token and "samesite" not in flags) else found


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
    hops = [*seen.plain.history, seen.plain]
    places = [hop.request.url.join(hop.headers["location"]) for hop in hops if hop.has_redirect_location]
    if not places or places[-1].scheme != "https":
        return -20
    if len(places) > 1:
        return -10
    return 0 if places[0].host == hops[0].request.url.host else -5


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


def preloads(page: httpx.Response) -> bool:
    """Whether it asks to be on the list that browsers come with."""
    said = {piece.strip() for piece in _one(page, "strict-transport-security").split(";")}
    return hsts_age(page) >= YEAR and {"includesubdomains", "preload"} <= said


def _hsts(seen: Seen) -> int:
    """The list itself cannot be seen from here: whoever fulfils what it asks for counts as on it."""
    if preloads(seen.page) and _redirection(seen) == 0:
        return 5
    age = hsts_age(seen.page)
    return 0 if age >= SIX_MONTHS else -10 if age > 0 else -20


def _frames(page: httpx.Response) -> int:
    if any("frame-ancestors" in policy for policy in policies(page)):
        return 5
    said = _one(page, "x-frame-options")
    return 5 if said in ("deny", "sameorigin") else 0 if said.startswith("allow-from") else -20


def _isolated(page: httpx.Response, name: str, good: set[str], neutral: set[str]) -> int:
    said = _one(page, name).partition(";")[0]
    return 0 if not said or said in neutral else 10 if said in good else -5


class _Page(HTMLParser):
    """The scripts that a page loads, (address, whether its hash is stated), and the policies in its head."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[str, bool]] = []
        self.policies: list[str] = []
        self.fine = True
        self.tags = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        stated = dict(attrs)
        if tag == "script" and stated.get("src"):
            self.scripts.append((str(stated["src"]), bool(stated.get("integrity"))))
        if tag == "meta" and str(stated.get("http-equiv", "")).lower() == "content-security-policy":
            self.policies.append(str(stated.get("content") or ""))


def html(page: httpx.Response) -> _Page:
    """What stands in a page, read once: that takes long enough to be done in a thread."""
    kept: _Page = page.extensions.get(READ_ONCE) or page.extensions.setdefault(READ_ONCE, _read(page))
    return kept


def _read(page: httpx.Response) -> _Page:
    """What says that it is HTML and cannot be read as such is not fine; anything else need not be."""
    reader, text = _Page(), page.content[:READ].decode("utf-8", "replace")
    try:
        reader.feed(text)
    except AssertionError:  # so the parser of the library says that it is lost
        reader.fine = False
    stated = "html" in page.headers.get("content-type", "").lower()
    reader.fine = reader.fine and not (stated and text.strip() and (reader.tags == 0 or "\0" in text))
    return reader


def _integrity(page: httpx.Response) -> int:
    here = page.request.url
    outside: list[tuple[str, bool]] = []
    for source, stated in html(page).scripts:
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
