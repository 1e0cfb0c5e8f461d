"""Certificates that are good, ending, over, of somebody else or from nobody, and servers of the last century."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from checks.tls import Options
from model import Status

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def threaded() -> Iterator[Callable[[ssl.SSLContext], int]]:
    """A server with blocking sockets: it sends its TLS alerts, which those of the event loop swallow."""
    with ExitStack() as stack:

        def started(context: ssl.SSLContext) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def talk() -> None:
                while True:
                    try:
                        plain, _ = listener.accept()
                    except OSError:
                        return
                    secured = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                    with suppress(OSError), secured:
                        secured.settimeout(20)
                        try:
                            secured.do_handshake()
                        except ssl.SSLError:  # a close with unread bytes is a reset, which overtakes the alert
                            secured.shutdown(socket.SHUT_WR)
                            while secured.recv(4096):
                                pass

            thread = threading.Thread(target=talk)
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return int(listener.getsockname()[1])

        yield started


def until(days: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"not_after": now + timedelta(days=days, minutes=10), "not_before": now - timedelta(days=400)}


@pytest.mark.parametrize(
    ("days", "status", "words"),
    [
        (90, Status.UP, "the certificate ends in 90 days"),
        (22, Status.UP, "the certificate ends in 22 days"),
        (20, Status.DEGRADED, "the certificate ends in 20 days"),
        (8, Status.DEGRADED, "the certificate ends in 8 days"),
        (6, Status.DOWN, "the certificate ends in 6 days"),
        (1, Status.DOWN, "the certificate ends in 24 hours"),
        (-3, Status.DOWN, "the certificate has expired"),
    ],
)
async def test_days_left_decide(
    look: Any, serve: Any, tls_for: Any, ca_file: Path, days: int, status: Status, words: str
) -> None:
    valid = until(days)
    port = await serve(ANSWER, tls=tls_for("127.0.0.1", common_name="web.example", **valid))
    result = await look("tls", host="127.0.0.1", port=port, ca_file=ca_file)
    assert (result.status, result.words) == (status, words)
    facts = dict(result.facts)
    assert datetime.fromisoformat(facts["expires"]) == valid["not_after"].replace(microsecond=0)
    assert facts["subject"] == "web.example"
    assert facts["issuer"].startswith("trustme")
    assert (result.latency is None) is (status is Status.DOWN)
    assert result.network is False


async def test_the_name_is_sent_and_checked(tools: Any, serve: Any, tls_for: Any, ca_file: Path, look: Any) -> None:
    context = tls_for("web.example")
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    port = await serve(ANSWER, tls=context)
    from checks import open_tools, run
    from checks.http import Options as Http
    from model import Monitor

    async with open_tools(networks=["127.0.0.0/8"], lookup=lambda _: ("127.0.0.1",)) as named:
        for check, options in (
            ("tls", Options(host="web.example", port=port, ca_file=ca_file)),
            ("http", Http(url=f"https://web.example:{port}/", ca_file=ca_file)),
        ):
            result = await run(Monitor("m", "M", check, options), named)
            assert result.status is Status.UP
            assert (result.phases.tls or 0) > 0
    assert asked == ["web.example", "web.example"]
    other = await look("tls", host="127.0.0.1", port=port, ca_file=ca_file)
    assert (other.status, other.words) == (Status.DOWN, "the certificate is for another address")
    assert dict(other.facts)["issuer"].startswith("trustme"), "what it is instead is told as well"


async def test_a_certificate_for_another_name_is_down_for_http_too(serve: Any, tls_for: Any, ca_file: Path) -> None:
    from checks import open_tools, run
    from checks.http import Options as Http
    from model import Monitor

    port = await serve(ANSWER, tls=tls_for("other.example"))
    async with open_tools(networks=["127.0.0.0/8"], lookup=lambda _: ("127.0.0.1",)) as tools:
        monitor = Monitor("m", "M", "http", Http(url=f"https://web.example:{port}/", ca_file=ca_file))
        result = await run(monitor, tools)
    assert (result.status, result.words) == (Status.DOWN, "the certificate is for another host name")


async def test_an_authority_that_nobody_knows_is_not_trusted(
    look: Any, serve: Any, tls_for: Any, ca_file: Path
) -> None:
    stranger = trustme.CA()
    port = await serve(ANSWER, tls=tls_for("127.0.0.1", issuer=stranger))
    trusted = await serve(ANSWER, tls=tls_for("127.0.0.1"))
    for check, options in (("tls", {"host": "127.0.0.1"}), ("http", {"url": f"https://127.0.0.1:{port}/"})):
        more = {"port": port} if check == "tls" else {}
        for authority in ({"ca_file": ca_file}, {}):
            result = await look(check, **options, **more, **authority)
            assert result.status is Status.DOWN
            assert "not trusted" in result.words
    assert (await look("tls", host="127.0.0.1", port=trusted)).status is Status.DOWN, "unknown without ca_file"


async def test_a_certificate_that_signs_itself_says_so(look: Any, serve: Any, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alone\x07<b>")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=99))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "alone.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    result = await look("tls", host="127.0.0.1", port=await serve(ANSWER, tls=context))
    assert (result.status, result.words) == (Status.DOWN, "the certificate is self-signed")
    assert dict(result.facts)["subject"] == "alone <b>", "kept as text, without control characters"


async def test_a_certificate_of_the_future_is_not_valid_yet(look: Any, serve: Any, tls_for: Any, ca_file: Path) -> None:
    times = {"not_before": datetime.now(UTC) + timedelta(days=1), "not_after": datetime.now(UTC) + timedelta(days=99)}
    port = await serve(ANSWER, tls=tls_for("127.0.0.1", **times))
    result = await look("tls", host="127.0.0.1", port=port, ca_file=ca_file)
    assert (result.status, result.words) == (Status.DOWN, "the certificate is not valid yet")


async def test_tls_that_is_too_old_is_refused(look: Any, threaded: Any, tls_for: Any, ca_file: Path) -> None:
    context = tls_for("127.0.0.1")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    port = threaded(context)
    for check, options in (
        ("tls", {"host": "127.0.0.1", "port": port}),
        ("http", {"url": f"https://127.0.0.1:{port}/"}),
    ):
        result = await look(check, ca_file=ca_file, **options)
        assert (result.status, result.words) == (Status.DOWN, "speaks only TLS older than 1.2")


async def test_a_server_that_wants_our_certificate_says_so(
    look: Any, threaded: Any, tls_for: Any, ca_file: Path
) -> None:
    context = tls_for("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    port = threaded(context)
    result = await look("http", url=f"https://127.0.0.1:{port}/", ca_file=ca_file)
    assert (result.status, result.words) == (Status.DOWN, "wants a client certificate")


async def test_an_authority_file_that_vanished_is_our_trouble(
    look: Any, serve: Any, tls_for: Any, tmp_path: Path, tools: Any
) -> None:
    from checks import run
    from model import Monitor

    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN")
    options = Options(host="127.0.0.1", port=1, ca_file=file)
    assert (await run(Monitor("m", "M", "tls", options), tools)).status is Status.UNKNOWN
    file.unlink()
    result = await run(Monitor("m", "M", "tls", options), tools)
    assert (result.status, result.words) == (
        Status.UNKNOWN,
        "we could not look: ca_file cannot be read as certificates",
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "https://example.org"}, "expected a host name"),
        ({"host": ""}, "expected a host name"),
        ({"host": "example.org", "port": 0}, "greater than or equal to 1"),
        ({"host": "example.org", "warn_days": 3}, "bad_days must not be more than warn_days"),
    ],
)
def test_a_mistake_in_the_options_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Options(**options)
