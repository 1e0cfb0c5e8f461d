"""What a certificate says: for whom, from whom, how long."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from cleaning import clean


def loaded(der: bytes) -> x509.Certificate:
    """The certificate in DER; ValueError when it is none."""
    return x509.load_der_x509_certificate(der)


def days_left(certificate: x509.Certificate, now: datetime) -> float:
    """Days until it ends; negative when it has."""
    return (certificate.not_valid_after_utc - now).total_seconds() / 86400


def facts(certificate: x509.Certificate) -> tuple[tuple[str, str], ...]:
    """Expires (ISO 8601, UTC), issuer and subject."""
    return (
        ("expires", certificate.not_valid_after_utc.isoformat(timespec="seconds")),
        ("issuer", _named(certificate.issuer)),
        ("subject", _named(certificate.subject)),
    )


def _named(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            return clean(attribute.value, 100)
    return ""
