"""One HTTP answer of the demo: what is sent, and how long it takes before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

HTML, JSON = "text/html; charset=utf-8", "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request an answer may depend on; ``token`` is the Bearer token, empty when there is none."""

    path: str
    token: str = ""
    length: int = 0  # bytes of its body, which is read and thrown away
    query: tuple[tuple[str, str], ...] = ()
    key: str = ""  # of the data services: header apikey
    body: str = ""  # of a POST, the first few kilobytes

    def first(self, name: str) -> str:
        """The first value of a parameter; empty when there is none."""
        return next((value for key, value in self.query if key == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """``wait`` is in milliseconds: the demo sleeps so long before the first byte."""

    status: int = 200
    body: bytes = b""
    wait: float = 0.0
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def wire(self, *, head: bool) -> bytes:
        """The bytes of the whole answer, HTTP/1.1, one a connection."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(self.body)}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + (b"" if head else self.body)


def json_of(document: Any, *, status: int = 200, wait: float = 0.0, **headers: str) -> Answer:
    """A JSON answer; ``headers`` take underscores for hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, json.dumps(document).encode(), wait, JSON, named)
