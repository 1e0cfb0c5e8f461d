"""Checks a TLS certificate: days left, chain, host name. Warns before it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl

from cryptography import x509
from pydantic import Field, model_validator

from checks import _certificate
from checks._address import Networks
from checks._connect import connected, context_for
from checks._faults import fault_of
from checks._target import Host, Port, Trust
from checks._tools import Tools
from checks._transport import secured
from model import Fault, Result, Status


class Options(Trust):
    """Whose certificate, and how early to warn."""

    host: Host = Field(description="host name, sent as SNI and checked against the certificate")
    port: Port = Field(443, description="port")
    warn_days: float = Field(21, ge=0, description="degraded with this many days left or fewer")
    bad_days: float = Field(7, ge=0, description="down with this many days left or fewer")

    @model_validator(mode="after")
    def _ordered(self) -> Options:
        if self.bad_days > self.warn_days:
            raise ValueError("bad_days must not be more than warn_days")
        return self


async def probe(options: Options, tools: Tools) -> Result:
    """Up with more days left than ``warn_days``; a certificate that nobody may trust is down whatever its days."""
    try:
        der = await _presented(options, tools, context_for(options.ca_file))
    except ssl.SSLCertVerificationError as error:
        raise await _untrusted(options, tools, error) from None
    tools.watch.stop()
    certificate = _certificate.loaded(der)
    return _judged(options, certificate, _certificate.days_left(certificate, tools.clock()))


def _judged(options: Options, certificate: x509.Certificate, days: float) -> Result:
    ends = f"the certificate ends in {days:.0f} days" if days >= 2 else f"the certificate ends in {days * 24:.0f} hours"
    facts = _certificate.facts(certificate)
    if days <= 0:
        return Result(Status.DOWN, "the certificate has expired", facts=facts)
    if days <= options.bad_days:
        return Result(Status.DOWN, ends, facts=facts)
    return Result(Status.DEGRADED if days <= options.warn_days else Status.UP, ends, facts=facts)


async def _presented(options: Options, tools: Tools, context: ssl.SSLContext) -> bytes:
    networks: Networks = tools.networks + options.networks
    sock: socket.socket = await connected(
        options.host, options.port, resolver=tools.resolver, networks=networks, watch=tools.watch
    )
    tools.watch.enter("tls")
    carrier = await secured(sock, asyncio.Protocol(), context, options.host)
    try:
        der = carrier.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        carrier.abort()
    if not der:
        raise Fault("sent no certificate")
    return bytes(der)


async def _untrusted(options: Options, tools: Tools, error: ssl.SSLCertVerificationError) -> Fault:
    """The same fault with the facts of the certificate, for which the handshake is done once more without trust."""
    fault = fault_of(error)
    try:
        certificate = _certificate.loaded(await _presented(options, tools, _unchecked()))
    except (OSError, ValueError, Fault):
        return fault
    return Fault(fault.words, result=Result(Status.DOWN, facts=_certificate.facts(certificate)))


def _unchecked() -> ssl.SSLContext:
    # reads what is presented and sends nothing: never used for an exchange
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
