"""Which format a health document is in: content type first, then the keys it has, then plain text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from checks._formats import _frameworks, _plain, _platform
from checks._formats._document import Document

Json = dict[str, Any]
BYTES = 262_144

# asked in this order: the first that recognises the document reads it
SHAPES: tuple[Callable[[Json], Document | None], ...] = (
    _frameworks.ietf,
    _platform.ready,
    _frameworks.microprofile,
    _platform.aggregate,
    _frameworks.aspnet,
    _frameworks.hellofresh,
    _frameworks.spring,
    _frameworks.details,
    _platform.live,
    _plain.single,
    _plain.flags,
    _plain.names,
)


def read(content_type: str, body: bytes) -> Document | None:
    """The document, or None when it is in no format that we know; ValueError in words when it is not fit to be read."""
    if len(body) > BYTES:
        raise ValueError(f"answered more than {BYTES >> 10} KiB, too long for a health document")
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text[:2] in ("[+", "[-"):
        return _plain.kubernetes(text)
    if text[:1] in ("{", "["):
        return _shaped(_parsed(text))
    if "html" in content_type or text[:200].lower().startswith(("<!doctype", "<html", "<head", "<body")):
        raise ValueError("answered a web page, not a health document")
    return _plain.word(text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("answered JSON that is nested too deeply") from None
    except ValueError:
        raise ValueError("answered broken JSON, not a health document") from None


def _shaped(document: Any) -> Document | None:
    if not isinstance(document, Mapping):
        return None
    return next((found for shape in SHAPES if (found := shape(dict(document)))), None)
