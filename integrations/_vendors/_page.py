"""What any status page comes down to: the worst of what is watched, its pinned components, its incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model import Status, VendorIncident

RANK = (Status.UP, Status.UNKNOWN, Status.DEGRADED, Status.DOWN)  # a good one does not speak for one of its name


@dataclass(frozen=True, slots=True)
class Page:
    """``components`` are the pinned ones: (name, status, words). ``read``: the page was there and was understood."""

    status: Status
    words: str
    components: tuple[tuple[str, Status, str], ...] = ()
    incidents: tuple[VendorIncident, ...] = ()
    read: bool = True


def pinned(names: Sequence[tuple[str, Status, str]], pin: Sequence[str]) -> tuple[tuple[str, Status, str], ...]:
    """The pinned components, in the order they are pinned; one that the page does not name is unknown.

    Of several with one name, such as a region each, the worst counts.
    """
    there: dict[str, tuple[str, Status, str]] = {}
    for each in names:
        before = there.get(each[0].lower())
        if before is None or RANK.index(each[1]) > RANK.index(before[1]):
            there[each[0].lower()] = each
    return tuple(there.get(each.lower(), (each, Status.UNKNOWN, "the page does not name it")) for each in pin)


def link_of(value: object) -> str:
    """A link that may be shown; empty for anything else."""
    link = value if isinstance(value, str) and len(value) < 200 else ""
    plain = (
        link.startswith("https://") and "?" not in link and link.isascii() and link.isprintable() and " " not in link
    )
    return link if plain else ""
