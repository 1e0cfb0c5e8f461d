"""What every check over HTTP is told of its target, and the one exchange with it."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from checks._address import Network, network
from checks._connect import context_for
from checks._tools import Tools
from checks._transport import MIB, Question, Wish, question
from cleaning import clean
from model import Fault

_HOST = re.compile(r"[a-z0-9._:-]{1,253}")
STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


def _web(url: str) -> str:
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("expected a URL such as https://example.org/health") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port is not None and not parsed.port):
        raise ValueError("expected a URL such as https://example.org/health")
    if parsed.userinfo:
        raise ValueError("a URL must not hold a user or password: put them into headers")
    return str(parsed.copy_with(fragment=None))


def _harmless(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    plain: dict[str, SecretStr] = {}
    for name, value in headers.items():
        if not name or not set(name.lower()) <= _TOKEN or name.lower() in OURS:
            raise ValueError(f"{name[:40]!r} is no header that can be set")
        text = value.get_secret_value().strip()  # a newline at the end of a token file is common and deadly
        if not text.isascii() or not text.isprintable():
            raise ValueError(f"the value of header {name[:40]!r} holds characters that cannot be sent")
        plain[name] = SecretStr(text)
    return plain


def existing(path: Path) -> Path:
    """The path, if it is a file."""
    if not path.is_file():
        raise ValueError("expected the path of a file with certificates (PEM)")
    return path


def _host(name: str) -> str:
    plain = name.strip().strip("[]").rstrip(".")
    if not plain or any(sign.isspace() or sign in "/@?#" for sign in plain):
        raise ValueError("expected a host name or an address, without scheme or path")
    return plain


Url = Annotated[str, AfterValidator(_web)]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_harmless)]
NetworkEntry = Annotated[Network, BeforeValidator(network)]
CaFile = Annotated[Path, AfterValidator(existing)]
Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Reach(BaseModel):
    """How far a probe may go."""

    model_config = STRICT

    networks: tuple[NetworkEntry, ...] = Field((), description="private networks this monitor may reach")


class Trust(Reach):
    """Whose certificates are believed. There is no way to believe them all."""

    ca_file: CaFile | None = Field(None, description="authorities to trust instead of the public ones (PEM)")


class Target(Trust):
    """An address on the web and what is sent with the question."""

    url: Url = Field(description="what is asked")
    headers: Headers = Field({}, description="sent along; values are secret")
    max_bytes: int = Field(MIB, ge=1024, le=16 * MIB, description="a longer answer is a fault")

    @cached_property
    def place(self) -> httpx.URL:
        """The URL, parsed once."""
        return httpx.URL(self.url)

    @cached_property
    def sent(self) -> dict[str, str]:
        """The headers as they go on the wire."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    @cached_property
    def asked(self) -> dict[tuple[str, bytes | None], Question]:
        """What was asked already, by method and body."""
        return {}


async def exchange(target: Target, tools: Tools, method: str = "GET", body: bytes | None = None) -> httpx.Response:
    """One question, one answer, on a connection of its own. Nothing is followed: a secret reaches this target alone.

    Raises Fault for a redirect whose Location is no URL, so that every check may join it.
    """
    wish = Wish(tools.watch, target.networks, context_for(target.ca_file), target.max_bytes)
    asked = target.asked.get((method, body))
    if asked is None:
        request = tools.client.build_request(method, target.place, headers=target.sent, content=body)
        asked = target.asked[method, body] = question(request)
    answer = await tools.transport.ask(asked, wish)
    if answer.has_redirect_location:
        _place(answer)
    return answer


def _place(answer: httpx.Response) -> httpx.URL:
    try:
        return answer.request.url.join(answer.headers.get("location", ""))
    except (httpx.InvalidURL, ValueError):
        raise _no_url(answer) from None


def _no_url(answer: httpx.Response) -> Fault:
    return Fault(f"answered {answer.status_code} with a Location that is no URL")


def elsewhere(answer: httpx.Response) -> str:
    """Where a redirect points: the path on the same origin, else scheme and host alone: the rest may hold a token."""
    here, there = answer.request.url, _place(answer)
    if not _HOST.fullmatch(there.host):
        raise _no_url(answer)
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return clean(there.path, 100)
    return f"{there.scheme[:10]}://{there.netloc.decode('ascii', 'replace')}"
