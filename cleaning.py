"""Text from outside made fit to keep: one short line without control characters, addresses and credentials."""

from __future__ import annotations

import re
import unicodedata

import words

LIMIT = 200
# what somebody else's error message may carry and must not be kept: connection strings, e-mail addresses, keys
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
    # cut before anything else, so that the price does not grow with a hostile text; wide letters made plain, so that
    # the patterns see them
    line = words.excerpt(unicodedata.normalize("NFKC", text[: 4 * limit])[: 4 * limit], 4 * limit)
    return words.excerpt(_PRIVATE.sub("[removed]", line), limit)


def slug(name: object) -> str:
    """The name of a part as it goes into a series key: lower case, [a-z0-9_.-], at most 64 characters; may be empty."""
    plain = re.sub(r"[^a-z0-9_.-]+", "-", str(name)[:200].lower().replace(":", "."))
    return plain[:64].strip("-.")
