"""A name server that knows one name: the demo's platform."""

from __future__ import annotations

import asyncio
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

NAME = "platform.demo.test."
ADDRESS = "127.0.0.1"


def reply(wire: bytes) -> bytes | None:
    """The answer to one query in wire format; None when it is not a query."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if not query.question or query.flags & dns.flags.QR:
        return None
    said = dns.message.make_response(query)
    said.flags |= dns.flags.AA | dns.flags.RA
    asked = query.question[0]
    if asked.name.to_text().lower() != NAME:
        said.set_rcode(dns.rcode.NXDOMAIN)
    elif asked.rdtype.name == "A":
        said.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", ADDRESS))
    return said.to_wire()


class Names(asyncio.DatagramProtocol):
    """One datagram in, one out."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A datagram endpoint's transport does not inherit from DatagramTransport on Python 3.11.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = reply(data)
        if said:
            self._transport.sendto(said, addr)
