"""Judges security headers, CORS and access: each header its own part, with found, wanted, why and fix; and a score."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field

from checks import _doors, _headers
from checks._doors import STRANGER
from checks._headers import Row
from checks._observatory import Seen, html, names, score
from checks._stopwatch import Stopwatch
from checks._target import Target, Url, exchange
from checks._tools import Tools
from duration import Seconds
from model import Fault, Finding, Part, Result, Status

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' https://js.stripe.com; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
    "connect-src 'self' https://*.supabase.co https://api.stripe.com; frame-src https://js.stripe.com; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
AT_ONCE = 4  # questions at the same time
MOST = 60.0  # seconds for all of them
HOPS = 4
SPARE = 0.1  # of the time of a probe is left for judging what has come
Asked = tuple[str, str, str]  # what is asked: its kind, its address, the Origin that is sent
Answers = Mapping[Asked, httpx.Response]


class Options(Target):
    """The page, the API, what must be closed and what open; every rule can be switched off or told otherwise."""

    api: Url | None = Field(None, description="an API address that must refuse a stranger with 401")
    refusal: str = Field(
        "Authentication required", max_length=200, description="what `error` says in that refusal; empty: anything"
    )
    open: tuple[Url, ...] = Field((), max_length=10, description="addresses that must answer without a session")
    protected: tuple[Url, ...] = Field((), max_length=10, description="pages that must redirect to `login`")
    login: str = Field("/auth/login", pattern=r"^/", description="where a page without a session must lead")
    origin: Annotated[str | None, AfterValidator(lambda value: value and value.rstrip("/"))] = Field(
        None, description="the one origin that the API may allow; left out: that of `url`"
    )
    policy: str = Field(POLICY, max_length=4000, description="the Content-Security-Policy that is wanted; empty: any")
    without: tuple[str, ...] = Field((), description="headers that are not asked for, such as X-Medical-Platform")
    rate_limit: int | None = Field(100, description="the limit that the API must state; left out: any number")
    rate_window: Seconds = Field(900.0, gt=0, description="the time that limit is for, where the API states it")

    @property
    def own(self) -> str:
        return self.origin or f"{self.place.scheme}://{self.place.netloc.decode()}"


async def probe(options: Options, tools: Tools) -> Result:
    """Asks all at once: the page, also over plain http, the API as a stranger, closed and open addresses."""
    asking = asyncio.create_task(_all(options, tools))
    try:
        page = await exchange(options, tools)
        if page.status_code >= 500:
            raise Fault(f"answered {page.status_code}: nothing can be said of its headers")
        answers = await asking
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await asyncio.to_thread(html, page)
    rows = [*_headers.page(page, options.policy, options.without), *_rest(options, tools, answers)]
    plain, strange = answers.get(_plain(options)), answers.get(_strange(options))
    total, grade, modifiers = score(Seen(page, plain, strange))
    return _judged(rows, total, grade, names(modifiers))


def _plain(options: Options) -> Asked:
    return ("plain", str(options.place.copy_with(scheme="http")), "")


def _strange(options: Options) -> Asked:
    return ("strange", options.api or options.url, STRANGER)


def _questions(options: Options) -> Iterator[Asked]:
    """What is asked beside the page, what matters most first."""
    yield from [("api", options.api, options.own)] if options.api else []
    yield _strange(options)
    yield from (("protected", url, "") for url in options.protected)
    if options.place.scheme == "https" and options.place.port is None:
        yield _plain(options)
    yield from (("open", url, "") for url in options.open)


async def _all(options: Options, tools: Tools) -> Answers:
    """What came in time; a slow address is unknown and spoils nothing of the others."""
    loop, room, came = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE), {}

    async def ask(question: Asked) -> None:
        async with room:
            answer = await _asked(options, tools, question)
        if answer is not None:
            came[question] = answer

    tasks = [asyncio.create_task(ask(question)) for question in _questions(options)]
    try:
        await asyncio.wait(tasks, timeout=min(MOST, tools.deadline - loop.time()) * (1 - SPARE))
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error  # a mistake of ours
    return came


async def _asked(options: Options, tools: Tools, question: Asked) -> httpx.Response | None:
    """Another address under the same trust, without the headers of the page; None when it does not answer."""
    kind, url, origin = question
    trust = {"networks": options.networks, "ca_file": options.ca_file, "max_bytes": options.max_bytes}
    other = Target.model_validate({"url": url, "headers": {"Origin": origin} if origin else {}, **trust})
    try:
        answer = await exchange(other, replace(tools, watch=Stopwatch()))  # what is measured is the page's own time
    except (Fault, OSError, httpx.HTTPError):
        return None
    return await _onwards(tools, other, answer) if kind == "plain" else answer


async def _onwards(tools: Tools, target: Target, answer: httpx.Response) -> httpx.Response | None:
    """The last answer over plain http, with those before it: from hop to hop, until it leads to https or nowhere."""
    before: list[httpx.Response] = []
    while answer.has_redirect_location and len(before) < HOPS:
        place = answer.request.url.join(answer.headers["location"])
        if place.scheme != "http":
            break
        before.append(answer)
        try:
            onward = target.model_validate(target.model_dump() | {"url": str(place.copy_with(userinfo=b""))})
            answer = await exchange(onward, replace(tools, watch=Stopwatch()))
        except (Fault, OSError, httpx.HTTPError, ValueError):
            return None
    answer.history = before
    return answer


def _rest(options: Options, tools: Tools, answers: Answers) -> Iterator[Row]:
    yield _doors.reflected(answers.get(_strange(options)))
    if options.api:
        api = answers.get(("api", options.api, options.own))
        yield from _doors.api(api, options.own, options.refusal)
        yield from _doors.limits(api, options.rate_limit, options.rate_window * 1000, tools.clock())
    for url in options.protected:
        yield _doors.closed(url, answers.get(("protected", url, "")), options.login)
    for url in options.open:
        yield _doors.opened(url, answers.get(("open", url, "")))


STATES = {
    "good": Status.UP, "note": Status.UP, "bad": Status.DEGRADED, "grave": Status.DOWN, "unknown": Status.UNKNOWN,
    "unsaid": Status.UNKNOWN,
}  # fmt: skip
ORDER = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN)


def _judged(rows: Sequence[Row], total: int, grade: str, cost: str) -> Result:
    wrong = [row for row in rows if row.weight in ("note", "bad", "grave")]
    findings = tuple(
        Finding(
            f"header-{_slug(row.name)}",
            f"{row.name}: {row.found}; wanted: {row.wanted[:80]}: {row.why}"[:200],
            row.fix[:200],
        )
        for row in wrong
    )
    counted = sorted((row for row in rows if row.weight in ("bad", "grave", "unknown")), key=_rank)
    status = STATES[counted[0].weight] if counted else Status.UP
    named = [f"{row.name}{' unknown' if row.weight == 'unknown' else ''}" for row in counted]
    right = sum(row.weight in ("good", "note") for row in rows)
    facts = (
        ("score", str(total)),
        ("grade", grade),
        ("costs", cost or "nothing"),
        ("rules", f"{right} of {len(rows)}"),
    )
    said = f"score {total} ({grade})" + (f"; {', '.join(named[:4])}" if named else "")
    return Result(status, said, parts=tuple(map(_part, rows)), findings=findings, facts=facts)


def _rank(row: Row) -> int:
    return ORDER.index(STATES[row.weight])


def _part(row: Row) -> Part:
    return Part(_slug(row.name), STATES[row.weight], None, f"{row.found} (wanted: {row.wanted[:60]})")


def _slug(name: str) -> str:
    return name.replace("/", ".").strip(".")
