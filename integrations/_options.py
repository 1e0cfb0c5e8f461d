"""What the tables of integrations have in common: strict tables, addresses, and tokens that are what they claim."""

from __future__ import annotations

from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr


class Table(BaseModel):
    """No unknown key, nothing changes later, no input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _base(url: str) -> str:
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("expected a URL such as https://api.example.org") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo or parsed.query:
        raise ValueError("expected a URL such as https://api.example.org, without user, password or query")
    return str(parsed.copy_with(fragment=None)).rstrip("/")


def sendable(value: SecretStr) -> SecretStr:
    """The token without white space around it; ValueError when it could not be sent, or holds more than one line."""
    token = value.get_secret_value().strip()  # a newline at the end of a token file is common and deadly
    if not token:
        raise ValueError("expected a token, got an empty text")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("expected one token on one line, got text with spaces, line breaks or other signs")
    return SecretStr(token)


def begins(*prefixes: str, name: str) -> AfterValidator:
    """A token that must begin with one of ``prefixes``; the message says what it should be, never the value."""

    def judged(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefixes):
            raise ValueError(f"expected {name}, which begins with {' or '.join(prefixes)}; got another kind")
        return value

    return AfterValidator(judged)


Base = Annotated[str, AfterValidator(_base)]
Token = Annotated[SecretStr, AfterValidator(sendable)]
