"""Records asked of a small name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import ValidationError

from checks.dns import Options
from model import Status

RECORDS = {
    ("web.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("web.example.", "AAAA"): ["2001:db8::1"],
    ("www.web.example.", "CNAME"): ["web.example."],
    ("web.example.", "MX"): ["10 mail.web.example."],
    ("web.example.", "TXT"): ['"v=spf1 -all" " more"'],
    ("key.example.", "TXT"): ['"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GN"'],
    ("web.example.", "NS"): ["ns1.web.example.", "ns2.web.example."],
}
CODES = {"servfail.example.": dns.rcode.SERVFAIL, "refused.example.": dns.rcode.REFUSED}


class Server(asyncio.DatagramProtocol):
    """Answers from RECORDS; never anything for silent.example; nonsense for garbage.example."""

    def connection_made(self, transport: Any) -> None:
        self.carrier = transport

    def datagram_received(self, data: bytes, peer: Any) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text().lower(), dns.rdatatype.to_text(query.question[0].rdtype)
        if name == "silent.example.":
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        known = {owner for owner, _ in RECORDS} | {"empty.example."}
        reply.set_rcode(CODES.get(name, dns.rcode.NOERROR if name in known else dns.rcode.NXDOMAIN))
        if (name, kind) in RECORDS:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *RECORDS[name, kind]))
        self.carrier.sendto(b"\0\1nonsense" if name == "garbage.example." else reply.to_wire(), peer)


@pytest.fixture
async def server() -> AsyncIterator[dict[str, Any]]:
    loop = asyncio.get_running_loop()
    carrier, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    yield {"server": "127.0.0.1", "port": carrier.get_extra_info("sockname")[1]}
    carrier.close()


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("web.example", "A", ["192.0.2.2", "192.0.2.1"]),
        ("WEB.example.", "AAAA", "2001:db8::1"),
        ("www.web.example", "CNAME", "web.example"),
        ("web.example", "MX", "10 mail.web.example."),
        ("web.example", "TXT", "v=spf1 -all more"),
        ("web.example", "TXT", '"v=spf1 -all" " more"'),
        ("key.example", "TXT", "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GN"),
        ("web.example", "NS", ["ns1.web.example", "NS2.web.example"]),
        ("web.example", "A", []),
    ],
)
async def test_a_record_with_the_expected_values_is_up(
    look: Any, server: Any, name: str, kind: str, expected: Any
) -> None:
    result = await look("dns", host=name, type=kind, expected=expected, **server)
    assert (result.status, result.words.split(":")[0]) == (Status.UP, kind)
    assert result.latency == result.phases.dns
    assert result.latency > 0


async def test_capitals_of_a_text_count(look: Any, server: Any) -> None:
    expected = "v=dkim1; p=migfma0gcsqgsib3dqebaquaa4gn"
    result = await look("dns", host="key.example", type="TXT", expected=expected, **server)
    assert result.status is Status.DOWN
    assert "p=MIGfMA0GCSqG" in result.words


@pytest.mark.parametrize(
    ("name", "options", "words", "network"),
    [
        ("nobody.example", {}, "the name does not exist", False),
        ("empty.example", {}, "the name has no A record", False),
        ("servfail.example", {}, "the name server answered SERVFAIL", False),
        ("refused.example", {}, "the name server answered REFUSED", False),
        ("web.example", {"expected": "192.0.2.9"}, "answered 192.0.2.1, 192.0.2.2, not 192.0.2.9", False),
        ("web.example", {"expected": "192.0.2.1"}, "answered 192.0.2.1, 192.0.2.2, not 192.0.2.1", False),
        ("silent.example", {}, "no answer within 1 s: the name server gave no answer for A of this name", True),
        ("garbage.example", {}, "no answer within 1 s: the name server gave no answer for A of this name", True),
        ("a" * 64 + ".example", {}, "the lookup failed (LabelTooLong)", False),
    ],
)
async def test_anything_else_is_down_in_words(
    look: Any, server: Any, name: str, options: dict[str, Any], words: str, network: bool
) -> None:
    deadline = 1.0 if "no answer" in words else 20.0
    result = await look("dns", host=name, deadline=deadline, **options, **server)
    assert (result.status, result.words, result.latency, result.network) == (Status.DOWN, words, None, network)


async def test_a_name_server_inside_needs_to_be_listed(look: Any) -> None:
    result = await look("dns", host="web.example", server="169.254.169.254")
    assert result.status is Status.UNKNOWN
    assert "a cloud's metadata address" in result.words


def test_a_kind_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ValidationError, match="'A', 'AAAA', 'CNAME', 'MX', 'TXT' or 'NS'"):
        Options(host="web.example", type="ANY")
