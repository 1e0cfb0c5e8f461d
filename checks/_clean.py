"""Text from outside made fit to keep: one line, short, without control characters, addresses and credentials."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 200
_BLANK = re.compile(r"\s+")
# what a message of somebody else's error may carry and must not be kept: connection strings, e-mail addresses, keys
_PRIVATE = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://\S+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+|\beyJ[\w.-]{10,}"
    r"|\b(?:sk|rk|pk|whsec|sbp?|sntry[a-z]|gh[a-z])_\w{6,}|\b(?:bearer|basic)\s+\S{6,}"
    r"|\b(?:password|passwd|secret|token|api_?key)\s?[=:]\s?\S+",
    re.IGNORECASE,
)


def clean(text: object, limit: int = LIMIT) -> str:
    """One harmless line of at most ``limit`` characters; empty for anything that is not text."""
    if not isinstance(text, str):
        return ""
    cut = text[: 4 * limit]  # before the regular expressions: their price must not grow with a hostile text
    plain = "".join(sign if sign.isprintable() else " " for sign in unicodedata.normalize("NFKC", cut)[: 4 * limit])
    line = _PRIVATE.sub("[removed]", _BLANK.sub(" ", plain)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def slug(name: object) -> str:
    """The name of a part as it goes into a series key: lower case, [a-z0-9_.-], at most 64 characters; may be empty."""
    words = re.sub(r"[^a-z0-9_.-]+", "-", str(name)[:200].lower().replace(":", "."))
    return words.strip("-.")[:64]
