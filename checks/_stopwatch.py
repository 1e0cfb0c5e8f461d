"""Where the time of one probe goes, stretch by stretch, and what it hung in when the deadline came."""

from __future__ import annotations

from time import perf_counter

from model import Phases

NO_ANSWER = ("dns", "connect")  # stretches before anything of the target was heard
HUNG = {
    "dns": "the name was never resolved",
    "connect": "nothing accepted the connection",
    "tls": "connected, but the TLS handshake never ended",
    "first_byte": "connected, but the first byte never came",
    "body": "the answer began, but never ended",
}


class Stopwatch:
    """One per probe; a stretch begins with ``enter`` and ends with the next one or with ``stop``."""

    __slots__ = ("_began", "_hung", "_since", "_spent", "_stretch")

    def __init__(self) -> None:
        self._began = self._since = perf_counter()
        self._stretch = ""
        self._spent: dict[str, float] = {}
        self._hung: dict[str, str] = HUNG

    def enter(self, stretch: str) -> None:
        """Ends the stretch that runs and begins another: dns, connect, tls, first_byte or body."""
        self.stop()
        self._stretch = stretch

    def stop(self) -> None:
        """Ends the stretch that runs."""
        now = perf_counter()
        if self._stretch:
            self._spent[self._stretch] = self._spent.get(self._stretch, 0.0) + (now - self._since) * 1000
        self._stretch, self._since = "", now

    def say(self, stretch: str, words: str) -> None:
        """Other words for hanging in a stretch, where a check knows more of what that means."""
        self._hung = {**self._hung, stretch: words}

    @property
    def hung(self) -> str:
        """What the stretch that runs is waiting for, in words; empty outside of any."""
        return self._hung.get(self._stretch, "")

    @property
    def unheard(self) -> bool:
        """Whether the target has not been heard of at all so far."""
        return self._stretch in NO_ANSWER

    @property
    def total(self) -> float | None:
        """Milliseconds of all stretches; None when the probe measured nothing."""
        return sum(self._spent.values()) if self._spent else None

    def phases(self) -> Phases:
        """The stretches in milliseconds."""
        spent = self._spent
        return Phases(spent.get("dns"), spent.get("connect"), spent.get("tls"), spent.get("first_byte"), self.total)
