"""Asks a URL and judges the answer: status, text, headers, JSON. Redirects are judged, never followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import httpx
from pydantic import ConfigDict, Field, SecretStr

from checks._documents import JsonCondition, document_of
from checks._statuses import Statuses, status_fault
from checks._target import STRICT, Target, elsewhere, exchange
from checks._texts import HeaderCondition, Pattern, expression
from checks._tools import Tools
from model import Fault, Result, Status


class Options(Target):
    """What is asked, and what the answer must be."""

    model_config = ConfigDict(**STRICT, validate_by_name=True)

    method: Literal["GET", "HEAD", "POST"] = Field("GET", description="GET, HEAD or POST")
    body: SecretStr | None = Field(None, description="sent with POST; secret")
    status: Statuses = Field(("2xx",), description='one or a list of 200, "2xx", "200-299"')
    contains: str | None = Field(None, description="text that must be there")
    not_contains: str | None = Field(None, description="text that must not be there")
    matches: Pattern | None = Field(None, description="regular expression (RE2) that must be found")
    json_: tuple[JsonCondition, ...] = Field(
        (), alias="json", description='conditions such as {path = "$.status", equals = "ok"}'
    )
    header: dict[str, HeaderCondition] = Field({}, description="name and exact value, or {contains, matches, absent}")
    redirects_to: str | None = Field(None, description="where the Location must point: the beginning of a URL or path")


async def probe(options: Options, tools: Tools) -> Result:
    """Up when every condition holds; the fault names the first few that do not."""
    body = options.body.get_secret_value().encode() if options.body else None
    answer = await exchange(options, tools, options.method, body)
    facts = (("http_status", str(answer.status_code)),)
    missed = list(_missed(options, answer))
    if missed:
        raise Fault("; ".join(missed[:3]), result=Result(Status.DOWN, facts=facts))
    return Result(Status.UP, f"answered {answer.status_code}", facts=facts)


def _missed(options: Options, answer: httpx.Response) -> Iterator[str]:
    if options.redirects_to is not None:
        yield from _redirect(options.redirects_to, answer)
    elif wrong := status_fault(answer.status_code, options.status):
        yield f"{wrong}: redirects to {elsewhere(answer)}" if answer.has_redirect_location else wrong
        return  # the text of an error page says nothing about the text that was wanted
    for name, condition in options.header.items():
        if wrong := condition.missed(answer.headers.get(name)):
            yield f"header {name} {wrong}"
    yield from _text(options, answer)
    if options.json_:
        yield from _json(options.json_, answer)


def _redirect(wanted: str, answer: httpx.Response) -> Iterator[str]:
    if not answer.has_redirect_location:
        yield f"answered {answer.status_code}, not a redirect"
        return
    place = elsewhere(answer)
    if not _points(str(answer.request.url.join(answer.headers["location"])), str(answer.request.url.join(wanted))):
        yield f"redirects to {place}, not to {wanted.partition('?')[0]}"


def _points(place: str, wanted: str) -> bool:
    """Whether a place is the wanted one or lies under it: never https://good.example.evil for https://good.example."""
    rest = place.removeprefix(wanted)
    return place.startswith(wanted) and (not rest or rest[0] in "/?#" or wanted.endswith("/"))


def _text(options: Options, answer: httpx.Response) -> Iterator[str]:
    if options.contains is None and options.not_contains is None and options.matches is None:
        return
    text = answer.content.decode("utf-8", "replace")
    if options.contains is not None and options.contains not in text:
        yield f"does not contain {options.contains[:60]!r}"
    if options.not_contains is not None and options.not_contains in text:
        yield f"contains {options.not_contains[:60]!r}"
    if options.matches is not None and not expression(options.matches).search(text):
        yield f"does not match {options.matches[:60]!r}"


def _json(conditions: Sequence[JsonCondition], answer: httpx.Response) -> Iterator[str]:
    try:
        document = document_of(answer.content)
    except ValueError as error:
        yield str(error)
        return
    for condition in conditions:
        if wrong := condition.missed(document):
            yield wrong
