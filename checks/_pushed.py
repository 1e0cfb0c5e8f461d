"""What checks share that wait for a push: the token, how often one is due, and how late is late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from model import Ping, Status
from words import lasted


def _long_enough(token: SecretStr) -> SecretStr:
    plain = token.get_secret_value().strip()
    if len(plain) < 16 or not plain.isascii() or not plain.isprintable():
        raise ValueError("expected a token of at least 16 printable characters")
    return SecretStr(plain)


Token = Annotated[SecretStr, AfterValidator(_long_enough)]


def timely(period: float, grace: float, newest: Ping, now: datetime, *, what: str, ago: str) -> tuple[Status, str]:
    """Status and words by the age of the newest push; ``period`` and ``grace`` in seconds."""
    over, age = timedelta(seconds=period), now - newest.at
    if age <= over:
        return Status.UP, f"{ago} {lasted(age.total_seconds())} ago"
    late = f"{what} is {lasted((age - over).total_seconds())} late"
    return (Status.DEGRADED, late) if age <= over + timedelta(seconds=grace) else (Status.DOWN, late)
