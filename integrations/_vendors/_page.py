"""What any status page comes down to: the worst of what is watched, its pinned components, its incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model import Status, VendorIncident


@dataclass(frozen=True, slots=True)
class Page:
    """``components`` are the pinned ones: (name, status, words). ``read``: the page was there and was understood."""

    status: Status
    words: str
    components: tuple[tuple[str, Status, str], ...] = ()
    incidents: tuple[VendorIncident, ...] = ()
    read: bool = True


def pinned(names: Sequence[tuple[str, Status, str]], pin: Sequence[str]) -> tuple[tuple[str, Status, str], ...]:
    """The pinned components, in the order they are pinned; one that the page does not name is unknown."""
    there = {name.lower(): (name, status, words) for name, status, words in names}
    return tuple(there.get(each.lower(), (each, Status.UNKNOWN, "the page does not name it")) for each in pin)
