"""What the operating system and TLS report, said so that a person can act on it."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx

from model import Fault, Result, Status

# our own machine is short of something or forbids it: says nothing about the target
_OURS = {
    errno.EMFILE: "too many files are open here",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOBUFS: "this machine has no network buffers left",
    errno.ENOMEM: "this machine has no memory left",
    errno.EADDRNOTAVAIL: "this machine has no free port left",
    errno.EPERM: "this machine does not allow the connection",
    errno.EACCES: "this machine does not allow the connection",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address",
}
_NO_ANSWER = {
    errno.ECONNREFUSED: "refused the connection",
    errno.ENETUNREACH: "there is no route to that network",
    errno.EHOSTUNREACH: "there is no route to that host",
    errno.ENETDOWN: "the network is down",
    errno.EHOSTDOWN: "the host is down",
    errno.ETIMEDOUT: "nothing accepted the connection",
}
_NAMES = {
    socket.EAI_NONAME: "the name does not resolve",
    socket.EAI_AGAIN: "the name server gives no answer for this name",
    socket.EAI_FAIL: "the name server failed on this name",
    getattr(socket, "EAI_NODATA", -5): "the name has no address",
}
# OpenSSL's verify codes
_CERTIFICATE = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate chain ends in an authority that is not trusted",
    20: "the certificate chain is incomplete or its authority is not trusted",
    21: "the certificate chain is incomplete or its authority is not trusted",
    23: "the certificate has been revoked",
    62: "the certificate is for another host name",
    64: "the certificate is for another address",
}
_TLS = {
    "WRONG_VERSION_NUMBER": "does not speak TLS on this port",
    "HTTP_REQUEST": "does not speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "speaks only TLS older than 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "speaks only TLS older than 1.2",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "wants a client certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "refused the TLS handshake",
    "TLSV1_UNRECOGNIZED_NAME": "does not know this host name (TLS)",
}


def unmeasured(words: str) -> Fault:
    """A fault on our side: the result is unknown, never down."""
    return Fault(words, result=Result(Status.UNKNOWN))


def fault_of(error: Exception) -> Fault:
    """The fault that an OSError, a TLS or an httpx error means; a Fault is returned as it is."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, socket.gaierror):
        return Fault(_NAMES.get(error.errno or 0, "the name does not resolve"), network=True)
    if isinstance(error, ssl.SSLError):
        return Fault(_tls(error))
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return Fault(f"the exchange failed ({type(error).__name__})")
    return _of_system(error)


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, f"the certificate is not valid (code {error.verify_code})")
    reason = error.reason or ""
    hint = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    return _TLS.get(reason) or f"the TLS handshake failed{hint}"


def _of_system(error: Exception) -> Fault:
    number = error.errno if isinstance(error, OSError) else None
    if number in _OURS:
        return unmeasured(f"we could not look: {_OURS[number]}")
    if number in _NO_ANSWER:
        return Fault(_NO_ANSWER[number], network=True)
    if isinstance(error, ConnectionRefusedError):
        return Fault("refused the connection", network=True)
    if isinstance(error, ConnectionError):
        return Fault("reset the connection")
    return Fault(f"the connection failed ({errno.errorcode.get(number or 0, type(error).__name__)})")
