"""Reads a health endpoint in any of the common formats: the whole, its parts, version, commit and restarts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from pydantic import Field

from checks._formats import Document, read
from checks._formats._document import WORST
from checks._target import Target, elsewhere, exchange
from checks._tools import Tools
from model import Fault, Finding, Part, Result, Status
from words import count

HUNG = "the platform's own health check hung: connected, but the first byte never came"


class Options(Target):
    """Where the health document is."""

    max_bytes: int = Field(262_144, ge=1024, le=262_144, description="a longer answer is a fault")


async def probe(options: Options, tools: Tools) -> Result:
    """The worst of the HTTP status, what the document says, and what its parts say."""
    tools.watch.say("first_byte", HUNG)
    answer = await exchange(options, tools)
    document = _document(answer)
    status = _overall(answer.status_code, document)
    return Result(
        status,
        _words(answer.status_code, status, document),
        parts=document.parts,
        findings=tuple(_findings(answer, document)),
        facts=_facts(answer.status_code, document),
    )


def _document(answer: httpx.Response) -> Document:
    code = answer.status_code
    seen = Result(Status.DOWN, facts=(("http_status", str(code)),))
    if answer.has_redirect_location:
        raise Fault(f"answered {code}, not a health document: redirects to {elsewhere(answer)}", result=seen)
    try:
        document = read(answer.headers.get("content-type", "").lower(), answer.content)
    except ValueError as error:
        words = str(error) if code < 400 else f"answered {code}: {str(error).removeprefix('answered ')}"
        raise Fault(words, result=seen) from None
    if document is None and code >= 300:
        raise Fault(f"answered {code} without a health document", result=seen)
    if document is None:
        raise Fault("answered something that is not a health document", result=seen)
    return document


def _overall(code: int, document: Document) -> Status:
    """Worst wins. A root word that nobody knows makes the whole unknown, unless something worse is known."""
    said = [Status.UP if 200 <= code < 300 else Status.DOWN]
    said += [status for status in (document.status, document.worst_part) if status is not None]
    return max(said, key=WORST.index)


def _words(code: int, status: Status, document: Document) -> str:
    if status is Status.UNKNOWN:
        return f"says {document.word[:40]!r}, which we do not know"
    begin = f"answered {code}" if not 200 <= code < 300 else ""
    bad = "; ".join(_of_part(part) for part in document.parts if part.status in (Status.DOWN, Status.DEGRADED))[:300]
    if status is Status.UP:
        return f"healthy, {count(len(document.parts), 'part')}" if document.parts else "healthy"
    said = bad or (f"says {document.word[:40]!r}" if document.word else "")
    return ": ".join(filter(None, (begin, said)))


def _of_part(part: Part) -> str:
    verb = "fails" if part.status is Status.DOWN else "warns"
    return f"{part.name} {verb}" + (f" ({part.words})" if part.words else "")


def _findings(answer: httpx.Response, document: Document) -> Iterator[Finding]:
    good = 200 <= answer.status_code < 300
    failing = ", ".join(part.name for part in document.parts if part.status is Status.DOWN)[:200]
    if document.status is Status.UP and failing:
        yield Finding(
            "health-contradicts-part",
            f"the document says {document.word[:40]!r} while {failing} fails",
            "the health route must take its status from the worst of its checks",
        )
    if good and (document.status is Status.DOWN or (document.status is None and failing)):
        yield Finding(
            "health-200-unhealthy",
            f"answered {answer.status_code} while the document says it is not well",
            "answer 503, so that load balancers see it too",
        )
    if answer.status_code == 503 and document.status is Status.UP and not failing:
        yield Finding(
            "health-503-healthy", "answered 503 while the document says it is well", "answer 200 when healthy"
        )
    if "no-store" not in answer.headers.get("cache-control", "").lower():
        yield Finding(
            "health-cacheable",
            "the answer may be cached, so a cache can say healthy for a dead platform",
            "send Cache-Control: no-store",
        )
    if document.facts.get("version", "").lower() == "unknown":
        yield Finding(
            "health-version-unknown", "the document does not know its version", "set the version when building"
        )


def _facts(code: int, document: Document) -> tuple[tuple[str, str], ...]:
    return (*document.facts.items(), ("http_status", str(code)), ("format", document.format))
