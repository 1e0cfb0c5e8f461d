"""Which addresses a probe may reach: the public internet, and what the configuration allows beside it.

Decided on addresses, never on the text of a URL: 2130706433, 0x7f.1 and a name that points inside all end here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Networks = tuple[Network, ...]

# they hand out credentials to whoever asks; open only to an entry that names exactly this one address
METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"),
    )
)
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_SHARED = IPv4Network("100.64.0.0/10")
_COMPATIBLE = IPv6Network("::/96")
_KINDS = ("unspecified", "loopback", "link_local", "multicast", "site_local", "reserved", "private")


def networks(listed: Iterable[str]) -> Networks:
    """Networks of the configuration; ValueError names the one that is none."""
    return tuple(network(entry) for entry in listed)


def network(entry: object) -> Network:
    """One network such as 10.0.0.0/8 or one address; ValueError in words."""
    try:
        return ip_network(str(entry).strip())
    except ValueError:
        raise ValueError(f"expected a network such as 10.0.0.0/8, got {str(entry)[:60]!r}") from None


def refusal(address: str, allowed: Networks) -> str | None:
    """Why this address must not be reached, as a kind ("a loopback address"); None when it may be."""
    return _refusal(address, allowed)


@lru_cache(maxsize=4096)
def _refusal(address: str, allowed: Networks) -> str | None:
    faces = _faces(ip_address(address))
    listed = [entry for entry in allowed if any(face in entry for face in faces)]
    if METADATA.intersection(faces):
        exact = any(entry.num_addresses == 1 for entry in listed)
        return None if exact else "a cloud's metadata address"
    if listed:
        return None
    return next((kind for face in faces if (kind := _kind(face))), None)


def _faces(address: Address) -> tuple[Address, ...]:
    """The address and the IPv4 ones that hide inside it: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return (address,)
    plain = IPv6Address(int(address))  # without the scope
    if plain.ipv4_mapped:
        return (plain.ipv4_mapped,)
    inside = [plain.sixtofour, *(plain.teredo or ())]
    if any(plain in prefix for prefix in (*_NAT64, _COMPATIBLE)) and int(plain) > 1:
        inside.append(IPv4Address(int(plain) & 0xFFFFFFFF))
    return (plain, *(face for face in inside if face))


def _kind(address: Address) -> str | None:
    for kind in _KINDS:
        if getattr(address, f"is_{kind}", False):
            return f"a {kind.replace('_', '-')} address"
    if address in _SHARED or not address.is_global:
        return "not a public address"
    return None
