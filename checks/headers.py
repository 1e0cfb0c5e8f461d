"""Judges security headers, CORS and access: each header its own part, with found, wanted, why and fix; and a score."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field

from checks import _csp
from checks._observatory import Seen, hsts_age, names, score, values
from checks._stopwatch import Stopwatch
from checks._target import Target, Url, elsewhere, exchange
from checks._tools import Tools
from cleaning import clean
from model import Fault, Finding, Part, Result, Status

YEAR = 31_536_000
STRANGER = "https://example.invalid"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' https://js.stripe.com; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
    "connect-src 'self' https://*.supabase.co https://api.stripe.com; frame-src https://js.stripe.com; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
EXACT = {  # platform.md section 3: name -> (wanted, why)
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
METHODS, ALLOWED = "GET, POST, PUT, DELETE, OPTIONS", "Content-Type, Authorization"
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining")


class Options(Target):
    """The page, the API, what must be closed and what open; every rule can be switched off or told otherwise."""

    api: Url | None = Field(None, description="an API address that must refuse a stranger with 401")
    open: tuple[Url, ...] = Field((), max_length=10, description="addresses that must answer without a session")
    protected: tuple[Url, ...] = Field((), max_length=10, description="pages that must redirect to `login`")
    login: str = Field("/auth/login", pattern=r"^/", description="where a page without a session must lead")
    origin: Annotated[str | None, AfterValidator(lambda value: value and value.rstrip("/"))] = Field(
        None, description="the one origin that the API may allow; left out: that of `url`"
    )
    policy: str = Field(POLICY, max_length=4000, description="the Content-Security-Policy that is wanted; empty: any")
    without: tuple[str, ...] = Field((), description="headers that are not asked for, such as X-Medical-Platform")
    rate_limit: int | None = Field(100, description="the limit that the API must state; left out: any number")


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``weight``: note says something without being wrong, bad is wrong, grave is an open door."""

    name: str
    weight: str  # good, note, bad, grave
    found: str
    wanted: str
    why: str
    fix: str


async def probe(options: Options, tools: Tools) -> Result:
    """Asks the page, also over plain http, the API as a stranger and as a strange origin, closed and open addresses."""
    page = await exchange(options, tools)
    if page.status_code >= 500:
        raise Fault(f"answered {page.status_code}: nothing can be said of its headers")
    api = await _asked(options, tools, options.api)
    strange = await _asked(options, tools, options.api or options.url, Origin=STRANGER)
    plain = await _plain(options, tools)
    rows = [*_page(options, page), *_cors(options, api, strange)]
    for url in options.protected:
        rows.append(_closed(options, url, await _asked(options, tools, url)))
    for url in options.open:
        rows.append(_open(url, await _asked(options, tools, url)))
    total, grade, modifiers = score(Seen(page, plain, strange))
    return _judged(rows, total, grade, names(modifiers))


async def _asked(options: Options, tools: Tools, url: str | None, **headers: str) -> httpx.Response | None:
    """Another address under the same trust, without the headers of the page; None when it does not answer."""
    if url is None:
        return None
    other = Target.model_validate(
        {
            "url": url,
            "networks": options.networks,
            "ca_file": options.ca_file,
            "headers": headers,
            "max_bytes": options.max_bytes,
        }
    )
    try:
        async with asyncio.timeout(5):
            return await exchange(other, replace(tools, watch=Stopwatch()))  # the page's own time is what is measured
    except (Fault, OSError, TimeoutError, httpx.HTTPError):
        return None


async def _plain(options: Options, tools: Tools) -> httpx.Response | None:
    if options.place.scheme != "https" or options.place.port is not None:
        return None
    return await _asked(options, tools, str(options.place.copy_with(scheme="http")))


def _page(options: Options, page: httpx.Response) -> Iterator[Row]:
    left_out = {name.lower() for name in options.without}
    for name, (wanted, why) in EXACT.items():
        if name.lower() not in left_out:
            yield _exact(name, values(page, name), wanted, why)
    yield from (
        row
        for row in (_transport(page), _policy(options, page), _filter(page), _powered(page))
        if row.name not in left_out
    )


def _exact(name: str, found: Sequence[str], wanted: str, why: str) -> Row:
    said = ", ".join(found)
    right = _plainly(said) == _plainly(wanted)
    return Row(name.lower(), "good" if right else "bad", _shown(said), wanted, why, f"send {name}: {wanted}")


def _plainly(value: str) -> str:
    return "".join(value.lower().split())


def _shown(value: str) -> str:
    return clean(value, 80) or "missing"


def _transport(page: httpx.Response) -> Row:
    said = ", ".join(values(page, "strict-transport-security"))
    whole = hsts_age(page) >= YEAR and {"includesubdomains", "preload"} <= {
        piece.strip().lower() for piece in said.split(";")
    }
    wanted = f"max-age={YEAR}; includeSubDomains; preload"
    why = "without it the first visit can be turned to plain http by anybody in between"
    return Row(
        "strict-transport-security",
        "good" if whole else "bad",
        _shown(said),
        wanted,
        why,
        f"send it over https: {wanted}",
    )


def _policy(options: Options, page: httpx.Response) -> Row:
    policies = _csp.parse(values(page, "content-security-policy"))
    weak = _csp.weaknesses(policies)
    why = "it decides whose scripts run, where data may go and who may draw the page"
    if not policies:
        return Row(
            "content-security-policy", "bad", "missing", options.policy[:80], why, "send a Content-Security-Policy"
        )
    wanted = _csp.parse([options.policy])
    other = _csp.missed(policies, wanted[0]) if wanted else ()
    said = f"other than wanted: {', '.join(other)}" if other else f"weak: {', '.join(weak)}" if weak else "strict"
    fix = (
        f"set {', '.join(other)} as wanted"
        if other
        else "take out what is weak: nonces or hashes instead of 'unsafe-inline'"
    )
    return Row(
        "content-security-policy",
        "bad" if other else "note" if weak else "good",
        said,
        "the configured policy",
        why,
        fix,
    )


def _filter(page: httpx.Response) -> Row:
    said = ", ".join(values(page, "x-xss-protection"))
    why = "the old filter is gone from browsers, and where it lives it can itself open holes"
    old = said.strip() not in ("", "0")
    return Row(
        "x-xss-protection",
        "note" if old else "good",
        _shown(said) if said else "absent",
        "absent or 0",
        why,
        "drop it, or send 0",
    )


def _powered(page: httpx.Response) -> Row:
    said = ", ".join(values(page, "x-powered-by"))
    why = "it tells an attacker what to look up"
    return Row(
        "x-powered-by",
        "bad" if said else "good",
        _shown(said) if said else "absent",
        "absent",
        why,
        "set poweredByHeader: false",
    )


def _cors(options: Options, api: httpx.Response | None, strange: httpx.Response | None) -> Iterator[Row]:
    own = options.origin or f"{options.place.scheme}://{options.place.netloc.decode()}"
    yield _reflected(strange)
    if options.api is None:
        return
    if api is None:
        yield Row(
            "api", "bad", "no answer", "401 without a token", "the API must answer", "see whether the platform is up"
        )
        return
    fine = api.status_code == 401
    fix = "check the session before anything else in middleware"
    yield Row(
        "api",
        "good" if fine else "grave",
        str(api.status_code),
        "401 without a token",
        "strangers must get no data",
        fix,
    )
    allowed = ", ".join(values(api, "access-control-allow-origin"))
    star = "grave" if allowed in ("*", "null") else "bad"
    why = "any site could read the answers of a person's browser"
    yield Row(
        "access-control-allow-origin",
        "good" if allowed == own else star,
        _shown(allowed),
        own,
        why,
        f"send {own} and Vary: Origin",
    )
    for name, wanted in (("Access-Control-Allow-Methods", METHODS), ("Access-Control-Allow-Headers", ALLOWED)):
        said = ", ".join(values(api, name))
        right = {each.strip().lower() for each in said.split(",")} == {
            each.strip().lower() for each in wanted.split(",")
        }
        yield Row(
            name.lower(),
            "good" if right else "bad",
            _shown(said),
            wanted,
            "the smallest set that the platform needs",
            f"send {name}: {wanted}",
        )
    yield from _limits(options, api)


def _reflected(strange: httpx.Response | None) -> Row:
    allowed = ", ".join(values(strange, "access-control-allow-origin")) if strange else ""
    trusting = strange is not None and "true" in [
        value.lower() for value in values(strange, "access-control-allow-credentials")
    ]
    why = "a server that repeats any Origin lets any site read with the visitor's session"
    weight = "good" if allowed != STRANGER else "grave" if trusting else "bad"
    said = (
        "repeats a stranger's Origin" + (" with credentials" if trusting else "")
        if allowed == STRANGER
        else "does not repeat it"
    )
    return Row(
        "reflected-origin",
        weight,
        said,
        "no stranger's Origin is allowed",
        why,
        "compare Origin with a list, never repeat it",
    )


def _limits(options: Options, api: httpx.Response) -> Iterator[Row]:
    for name in LIMITS:
        said = ", ".join(values(api, name))
        wanted = str(options.rate_limit) if options.rate_limit and name.endswith("Limit") else "a number"
        right = said == wanted or (wanted == "a number" and said.isdecimal())
        yield Row(
            name.lower(),
            "good" if right else "bad",
            _shown(said),
            wanted,
            "without a limit one caller can take all",
            f"send {name}",
        )


def _closed(options: Options, url: str, answer: httpx.Response | None) -> Row:
    path, why = httpx.URL(url).path, "without a session nobody may see it"
    fix = f"redirect to {options.login} in middleware"
    if answer is None:
        return Row(
            f"protected{path}",
            "bad",
            "no answer",
            f"redirects to {options.login}",
            why,
            "see whether the platform is up",
        )
    place = elsewhere(answer) if answer.has_redirect_location else ""
    right = place == options.login or place.endswith(options.login)
    grave = "grave" if answer.is_success else "bad"
    return Row(
        f"protected{path}",
        "good" if right else grave,
        place or str(answer.status_code),
        f"redirects to {options.login}",
        why,
        fix,
    )


def _open(url: str, answer: httpx.Response | None) -> Row:
    said = str(answer.status_code) if answer else "no answer"
    right = answer is not None and answer.status_code not in (301, 302, 303, 307, 308, 401, 403, 404)
    why = "whoever watches must be able to ask it"
    return Row(
        f"open{httpx.URL(url).path}",
        "good" if right else "bad",
        said,
        "an answer without a session",
        why,
        "let it through in middleware",
    )


STATES = {"good": Status.UP, "note": Status.UP, "bad": Status.DEGRADED, "grave": Status.DOWN}


def _judged(rows: Sequence[Row], total: int, grade: str, cost: str) -> Result:
    parts = tuple(
        Part(_slug(row.name), STATES[row.weight], None, f"{row.found} (wanted: {row.wanted[:60]})") for row in rows
    )
    wrong = [row for row in rows if row.weight != "good"]
    findings = tuple(
        Finding(
            f"header-{_slug(row.name)}",
            f"{row.name}: {row.found}; wanted: {row.wanted[:80]}: {row.why}"[:200],
            row.fix[:200],
        )
        for row in wrong
    )
    grave, bad = ([row.name for row in rows if row.weight == weight] for weight in ("grave", "bad"))
    status = Status.DOWN if grave else Status.DEGRADED if bad else Status.UP
    said = f"score {total} ({grade})" + (f"; {', '.join((*grave, *bad)[:4])}" if grave or bad else "")
    facts = (
        ("score", str(total)),
        ("grade", grade),
        ("costs", cost or "nothing"),
        ("rules", f"{len(rows) - len(grave) - len(bad)} of {len(rows)}"),
    )
    return Result(status, said, parts=parts, findings=findings, facts=facts)


def _slug(name: str) -> str:
    return name.replace("/", ".").strip(".")
