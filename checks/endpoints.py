"""Asks every endpoint of an API, from a list or an OpenAPI document; only GET and HEAD are ever sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, model_validator

from checks._faults import fault_of, unmeasured
from checks._openapi import MOST, Endpoint, Plan, askable, documented, listed, media
from checks._stopwatch import Stopwatch
from checks._target import Target, Trust, Url, exchange
from checks._tools import Tools
from checks._transport import MIB
from cleaning import clean
from duration import Seconds
from model import Fault, Part, Result, Status

AT_ONCE = 4  # questions: enough to be quick, too few to be a load
NAMED = 3  # endpoints that the words name
GUARDED = (400, 401, 403, 405, 422)  # somebody is there and refuses a stranger, which is what a stranger should get
GONE = (404, 410)
EMPTY = (204, 205)
WORST = (Status.UP, Status.UNKNOWN, Status.DEGRADED, Status.DOWN)


def _path(value: str) -> str:
    if not askable(value):
        raise ValueError("expected a path such as /api/medicines, without a query")  # which may hold a token
    return value


class Options(Trust):
    """Where the API is, and which endpoints it promises. It is asked as a stranger: no cookie, no token."""

    url: Url = Field(description="the address before all paths; without a path of its own the document's is put there")
    paths: tuple[Annotated[str, AfterValidator(_path)], ...] = Field(
        (), max_length=MOST, description='what is asked, such as ["/api/medicines", "/api/prescriptions"]'
    )
    openapi: Path | None = Field(None, description="or an OpenAPI 3.0, 3.1 or Swagger 2.0 file (JSON): absolute path")
    skip: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        (), max_length=50, description="paths that are not asked; * stands for anything, such as /api/admin/*"
    )
    each: Seconds = Field(3.0, ge=0.1, le=60, description="seconds for one endpoint")
    within: Seconds = Field(9.0, ge=0.1, le=290, description="seconds for all of them; keep it below `timeout`")
    max_bytes: int = Field(MIB, ge=1024, le=16 * MIB, description="a longer answer is a fault")

    @model_validator(mode="after")
    def _one_source(self) -> Options:
        if (self.openapi is None) == (not self.paths):
            raise ValueError("expected either paths or openapi: which endpoints are there?")
        if len(set(self.paths)) < len(self.paths):
            raise ValueError("paths: one of them is listed twice")
        if self.openapi is not None and not self.openapi.is_absolute():
            raise ValueError("openapi: expected an absolute path, such as /etc/wardround/openapi.json")
        if "?" in self.url:
            raise ValueError("url: expected an address without a query")
        if self.each > self.within:
            raise ValueError("each: expected at most `within`")
        return self

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port."""
        place = httpx.URL(self.url)
        return f"{place.scheme}://{place.netloc.decode()}"

    @cached_property
    def folder(self) -> str:
        """The path of the address; empty when it has none of its own."""
        return httpx.URL(self.url).raw_path.decode().rstrip("/")


@dataclass(frozen=True, slots=True)
class Seen:
    """One endpoint, what became of it, and the fault when there was one."""

    endpoint: Endpoint
    part: Part
    fault: Fault | None = None


async def probe(options: Options, tools: Tools) -> Result:
    """Asks the first alone: when nobody is at the address at all, the others need not be tried. Worst wins."""
    plan = await _plan(options)
    asked = [each for each in plan.endpoints if each.target]
    if not asked:
        raise unmeasured("there is nothing to ask: no endpoint can be asked with GET and the values of the document")
    end = asyncio.get_running_loop().time() + options.within
    first = await _ask(options, tools, plan, asked[0], end)
    tools.watch.stop()  # the latency of the whole is that of the first
    if first.fault is not None and (first.fault.network or first.fault.result is not None):
        raise _nobody(plan, first.fault)
    return _summed(plan, [first, *await _rest(options, tools, plan, asked[1:], end)])


async def _plan(options: Options) -> Plan:
    """What is to be asked; a document that is not right is a mistake of ours, so the API is unknown, not down."""
    if options.openapi is None:
        return listed(options.paths, options.skip)
    try:
        return await asyncio.to_thread(documented, options.openapi, options.skip)
    except OSError as error:
        raise unmeasured(f"openapi: the file cannot be read: {(error.strerror or 'no reason').lower()}") from None
    except ValueError as error:
        raise unmeasured(f"openapi: {error}") from None


async def _rest(options: Options, tools: Tools, plan: Plan, asked: Sequence[Endpoint], end: float) -> list[Seen]:
    found: dict[int, Seen] = {}
    left = iter(enumerate(asked))

    async def work() -> None:
        for number, endpoint in left:  # shared: whoever is free takes the next
            found[number] = await _ask(options, replace(tools, watch=Stopwatch()), plan, endpoint, end)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(asked))):
            group.create_task(work())
    return [found[number] for number in sorted(found)]


async def _ask(options: Options, tools: Tools, plan: Plan, endpoint: Endpoint, end: float) -> Seen:
    seconds = min(options.each, end - asyncio.get_running_loop().time())
    if seconds <= 0:
        return Seen(endpoint, Part(endpoint.name, Status.UNKNOWN, None, "not asked: no time was left"))
    try:
        async with asyncio.timeout(seconds) as limit:
            answer = await exchange(_target(options, plan, endpoint), tools, endpoint.method)
    except (Fault, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
        late = isinstance(error, TimeoutError) and limit.expired()
        fault = _late(tools.watch, seconds, options.each) if late else fault_of(error)
        status = fault.result.status if fault.result else Status.DOWN
        return Seen(endpoint, Part(endpoint.name, status, None, fault.words), fault)
    status, words = _judged(endpoint, answer)
    tools.watch.stop()
    good = status in (Status.UP, Status.DEGRADED)
    return Seen(endpoint, Part(endpoint.name, status, tools.watch.total if good else None, words))


def _target(options: Options, plan: Plan, endpoint: Endpoint) -> Target:
    """The endpoint's address, at our own host whatever the document says, under the same trust as the whole."""
    return Target.model_validate(
        {
            "url": f"{options.origin}{options.folder or plan.base}{endpoint.target}",
            "networks": options.networks,
            "ca_file": options.ca_file,
            "max_bytes": options.max_bytes,
        }
    )


def _late(watch: Stopwatch, seconds: float, each: float) -> Fault:
    if seconds < each:
        return unmeasured("no answer in the little time that was left")  # it never had its own
    return Fault(f"no answer within {each:g} s{f': {watch.hung}' if watch.hung else ''}", network=watch.unheard)


def _judged(endpoint: Endpoint, answer: httpx.Response) -> tuple[Status, str]:
    code = answer.status_code
    said = f"answered {code}"
    if code in GONE:
        made_up = " (asked with the document's own values)" if endpoint.filled else ""
        return Status.DOWN, f"{said}: documented, but not there{made_up}"
    if code >= 500:
        return Status.DOWN, said
    if code >= 400 and code not in GUARDED:
        return Status.DEGRADED, f"{said}: neither an answer nor a refusal that was to be expected"
    if wrong := _wrong_type(endpoint, answer):
        return Status.DEGRADED, f"{said} with {wrong}"
    return Status.UP, said


def _wrong_type(endpoint: Endpoint, answer: httpx.Response) -> str:
    """What is wrong with the type of a good answer: a page with "not found" on it is no JSON; empty when nothing is."""
    said = media(answer.headers.get("content-type", ""))
    code = answer.status_code
    if not answer.is_success or code in EMPTY or not said:
        return ""
    types = dict(endpoint.types)
    wanted = types.get(str(code)) or types.get("2XX") or ()
    if not wanted or any(_same(said, each) for each in wanted):
        return ""
    return f"{clean(said, 40)}, documented is {clean(wanted[0], 40)}"


def _same(said: str, wanted: str) -> bool:
    """Whether a type is the documented one; all kinds of JSON are one, and * stands for any."""
    kinds = ["json" if each.endswith(("/json", "+json")) else each for each in (said, wanted)]
    return kinds[0] == kinds[1] or wanted in ("*/*", "*") or (wanted.endswith("/*") and said.startswith(wanted[:-1]))


def _nobody(plan: Plan, fault: Fault) -> Fault:
    """Nobody is at the address, or we could not look: it holds for every endpoint, as all have the same one."""
    status = fault.result.status if fault.result else Status.DOWN
    parts = (Part(each.name, status, None, fault.words) for each in plan.endpoints if each.target)
    seen = Result(status, parts=(*parts, *_unasked(plan)), facts=_facts(plan, ()))
    return Fault(fault.words, network=fault.network, result=seen)


def _summed(plan: Plan, seen: Sequence[Seen]) -> Result:
    """Worst wins among those that can be asked; the others are said, and spoil nothing."""
    status = max((each.part.status for each in seen), key=WORST.index)
    bad = sorted((each for each in seen if each.part.status is not Status.UP), key=_worst_first)
    words = "; ".join(f"{clean(each.endpoint.path, 60)} {each.part.words}" for each in bad[:NAMED])
    more = f"; and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
    parts = (*(each.part for each in seen), *_unasked(plan))
    said = f"{words}{more}" if bad else f"{len(seen)} of {len(seen)} endpoints answer"
    return Result(status, said, parts=parts, facts=_facts(plan, seen))


def _worst_first(each: Seen) -> int:
    return -WORST.index(each.part.status)


def _unasked(plan: Plan) -> Iterator[Part]:
    for each in plan.endpoints:
        if not each.target:
            yield Part(each.name, Status.UNKNOWN, None, f"not asked: {each.lacking}")


def _facts(plan: Plan, seen: Sequence[Seen]) -> tuple[tuple[str, str], ...]:
    asked = [each for each in seen if each.part.status is not Status.UNKNOWN]
    answered = sum(each.part.status in (Status.UP, Status.DEGRADED) for each in asked)
    lacking = sum(not each.target for each in plan.endpoints)
    why = Counter(
        {
            "other than GET": plan.others,
            "skipped": plan.skipped,
            "cannot be filled": lacking,
            "not reached": len(plan.endpoints) - lacking - len(asked),
        }
    )
    said = ", ".join(f"{n} {words}" for words, n in why.items() if n)
    not_asked = f"{why.total()} ({said})" if said else "0"
    return (("asked", str(len(asked))), ("answered", str(answered)), ("not_asked", not_asked))
