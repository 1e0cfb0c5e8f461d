"""What can be wrong with the store, each in words a person can act on."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; the message says why and what to do, and holds no password."""


class Refused(StoreError):
    """The place or the library is not fit for a store: a network filesystem, an SQLite with a known bug."""


class Missing(StoreError):
    """There is no store at this address yet, and nobody asked to make one."""


class TooNew(StoreError):
    """A newer Wardround made this store; this one must not touch it."""


class Corrupt(StoreError):
    """The file is damaged. It has been put aside unchanged when the message names where."""


class Unreachable(StoreError):
    """The Postgres of the store does not answer; the same may be tried again later."""


class Full(StoreError):
    """No room is left. The ballast has been given up: the same write may be tried once more."""


class Busy(StoreError):
    """Another writer kept the store locked for longer than five seconds, or a poller still runs."""
