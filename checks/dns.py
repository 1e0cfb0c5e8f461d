"""Asks for a DNS record, of the machine's name servers or of a given one, and compares the values."""

from __future__ import annotations

import socket
from typing import Annotated, Literal

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.name
import dns.rcode
import dns.resolver
from pydantic import BeforeValidator, Field

from checks._connect import judged
from checks._faults import unmeasured
from checks._target import Host, Port, Reach
from checks._tools import Tools
from model import Fault, Result, Status

MOST = 20


def _several(values: object) -> object:
    return (values,) if isinstance(values, str) else values


class Options(Reach):
    """Which record, whom to ask, and what must come."""

    host: Host = Field(description="the name that is asked for")
    type: Literal["A", "AAAA", "CNAME", "MX", "TXT", "NS"] = Field("A", description="kind of record")
    server: Host | None = Field(None, description="name server to ask; without it those of this machine")
    port: Port = Field(53, description="port of that server")
    expected: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        (), description="the values that must come, all of them and no others, in any order"
    )


async def probe(options: Options, tools: Tools) -> Result:
    """Up when there is a record and its values are the expected ones."""
    resolver = await _resolver(options, tools)
    tools.watch.enter("dns")
    tools.watch.say("dns", f"the name server gave no answer for {options.type} of this name")
    values = await _asked(options, resolver)
    tools.watch.stop()
    shown = ", ".join(values[:MOST])[:150]
    if options.expected and {_plain(value, options.type) for value in options.expected} != set(values):
        raise Fault(f"answered {shown}, not {', '.join(options.expected)[:80]}")
    return Result(Status.UP, f"{options.type}: {shown}", facts=(("values", shown),))


async def _resolver(options: Options, tools: Tools) -> dns.asyncresolver.Resolver:
    try:
        resolver = dns.asyncresolver.Resolver(configure=options.server is None)
    except dns.resolver.NoResolverConfiguration:
        raise unmeasured("we could not look: this machine has no name server") from None
    resolver.cache = None
    resolver.lifetime = 3600.0  # the deadline is in checks.run
    if options.server is not None:
        networks = tools.networks + options.networks
        resolver.nameservers = list(await judged(options.server, tools.resolver, networks))
        resolver.port = options.port
    return resolver


async def _asked(options: Options, resolver: dns.asyncresolver.Resolver) -> tuple[str, ...]:
    try:
        name = dns.name.from_text(options.host)
        answer = await resolver.resolve(name, options.type, raise_on_no_answer=True, search=False)
    except dns.resolver.NXDOMAIN:
        raise Fault("the name does not exist") from None
    except dns.resolver.NoAnswer:
        raise Fault(f"the name has no {options.type} record") from None
    except dns.resolver.YXDOMAIN:
        raise Fault("the name became too long while its aliases were followed") from None
    except dns.resolver.NoNameservers as error:
        raise Fault(_refused(error), network=not _heard(error)) from None
    except (dns.exception.Timeout, socket.gaierror):
        raise Fault("the name server does not answer", network=True) from None
    except dns.exception.DNSException as error:
        raise Fault(f"the lookup failed ({type(error).__name__})") from None
    return tuple(sorted({_plain(record.to_text(), options.type) for record in answer}))


def _heard(error: dns.resolver.NoNameservers) -> bool:
    return any(response is not None for *_, response in error.kwargs.get("errors", ()))


def _refused(error: dns.resolver.NoNameservers) -> str:
    codes = {dns.rcode.to_text(reply.rcode()) for *_, reply in error.kwargs.get("errors", ()) if reply is not None}
    return f"the name server answered {' and '.join(sorted(codes))}" if codes else "the name server does not answer"


def _plain(value: str, kind: str) -> str:
    """A value as people write it: a name in small letters without the dot at its end, a text without its quotes."""
    text = value.strip()
    if kind != "TXT":
        return text.rstrip(".").lower()
    return text[1:-1].replace('" "', "") if len(text) > 1 and text[0] == text[-1] == '"' else text
