"""The small ones: a single word, a flag, names with words, and the lines of Kubernetes."""

from __future__ import annotations

import re
from typing import Any

from checks._formats._document import Document, facts, meaning, part, unique
from model import Part, Status

Json = dict[str, Any]
_LINE = re.compile(r"^\[([+-])\]([\w./-]{1,100}) (ok|excluded: ok|failed)", re.MULTILINE)
_FLAGS = ("healthy", "ok", "alive", "ready", "success", "up")


def kubernetes(text: str) -> Document | None:
    """``[+]etcd ok`` or ``[-]etcd failed: reason withheld`` a line, at the end ``readyz check passed``."""
    lines = _LINE.findall(text)
    if not lines:
        return None
    parts = [part(name, "ok" if sign == "+" else "failed") for sign, name, _ in lines]
    failed = any(sign == "-" for sign, _, _ in lines) or "check failed" in text
    return Document("Kubernetes", Status.DOWN if failed else Status.UP, "failed" if failed else "passed", unique(parts))


def word(text: str) -> Document | None:
    """``OK``, ``pong``, ``Healthy``, ``Degraded``, ``Unhealthy``: the whole answer is one word."""
    said = text.strip().strip('"').rstrip(".!")
    if said.lower() == "pong":
        return Document("text", Status.UP, said)
    status = meaning(said)
    return None if status is Status.UNKNOWN else Document("text", status, said)


def single(document: Json) -> Document | None:
    """``{"status": "ok"}`` with whatever else, none of which is a part."""
    said = document.get("status")
    if not isinstance(said, str | bool):
        return None
    found = facts(
        version=document.get("version"), environment=document.get("environment"), uptime=document.get("uptime")
    )
    return Document("status", meaning(said), str(said), facts=found)


def flags(document: Json) -> Document | None:
    """``{"healthy": true}``, ``{"ok": true}``."""
    said = {name: document[name] for name in _FLAGS if isinstance(document.get(name), bool)}
    if not said:
        return None
    good = all(said.values())
    word = next((name for name, value in said.items() if value is good), "")
    return Document("flag", Status.UP if good else Status.DOWN, word if good else f"not {word}")


def names(document: Json) -> Document | None:
    """Names with words: django-health-check, heptiolabs/healthcheck, ``{"database": "connected"}``; ``{}`` is well."""
    if not document:
        return Document("heptiolabs/healthcheck", Status.UP, "{}")
    words = {name: said for name, said in document.items() if isinstance(said, str)}
    if len(words) != len(document):
        return None
    for shape, good in (("django-health-check", "working"), ("heptiolabs/healthcheck", "OK")):
        if any(said == good or (good == "working" and said.startswith("unavailable")) for said in words.values()):
            parts = [
                Part(part(name, "").name, Status.UP if said == good else Status.DOWN) for name, said in words.items()
            ]
            return Document(shape, None, parts=unique(parts))
    if all(meaning(said) is Status.UNKNOWN for said in words.values()):
        return None
    return Document("names", None, parts=unique(part(name, said) for name, said in words.items()))
