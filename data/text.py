"""Text from outside, made fit to be kept: short, and without what a database refuses."""

from __future__ import annotations

LIMIT = 200


def kept(text: str, limit: int = LIMIT) -> str:
    """``text`` cut to ``limit`` characters. NUL and lone surrogates, which databases refuse, become "?"."""
    short = text[:limit]
    return short.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")
