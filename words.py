"""How times, durations, shares and states are said; the same on a page, in a message, in a report."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from model import Status, Uptime

STATUS_WORD = {
    Status.UP: "up",
    Status.DEGRADED: "degraded",
    Status.DOWN: "down",
    Status.MAINTENANCE: "in maintenance",
    Status.UNKNOWN: "unknown",
}
STATUS_SHAPE = {
    Status.UP: "check_circle",
    Status.DEGRADED: "warning",
    Status.DOWN: "cancel",
    Status.MAINTENANCE: "build_circle",
    Status.UNKNOWN: "help",
}
NO_DATA = "no data"
NO_URL = "(not a URL)"


def lasted(seconds: float) -> str:
    """A duration in its two largest units: 45 s, 12 min, 1 h 5 min, 3 d 4 h. Negative counts as nothing."""
    left = max(0, int(seconds))
    if left < 60:
        return f"{left} s"
    if left < 3600:
        return f"{left // 60} min"
    big, small, big_word, small_word = (86400, 3600, "d", "h") if left >= 86400 else (3600, 60, "h", "min")
    rest = left % big // small
    return f"{left // big} {big_word}" + (f" {rest} {small_word}" if rest else "")


def ago(moment: datetime, now: datetime) -> str:
    """How long before ``now`` a moment was: just now, 3 min ago."""
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 1 else f"{lasted(seconds)} ago"


def clock(moment: datetime, tz: ZoneInfo, now: datetime | None = None) -> str:
    """The wall clock in ``tz``: 14:03 today, Mon 14:03 within six days, else 23 Nov 14:03; the time without ``now``."""
    local = moment.astimezone(tz)
    days = 0 if now is None else (now.astimezone(tz).date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if 0 < days < 7 else f"{local.day} {local:%b %H:%M}"


def moment(at: datetime, tz: ZoneInfo) -> str:
    """A moment in full, with the name of its zone: 23 Nov 2026 14:03:09 CET."""
    local = at.astimezone(tz)
    return f"{local.day} {local:%b %Y %H:%M:%S %Z}"


def floored(percent: float, digits: int = 2) -> str:
    """A percentage cut, never rounded up: 99.999 is said 99.99."""
    scale = 10**digits
    # the small push mends binary fractions such as 99.95 * 100 = 9994.999..., and is far below what one probe weighs
    return f"{math.floor(percent * scale + 1e-9) / scale:.{digits}f}"


def share(numerator: float, denominator: float) -> str:
    """A share in per cent, rounded down; 100 % only when it is exact."""
    if denominator <= 0:
        return NO_DATA
    if numerator >= denominator:
        return "100 %"
    return f"{min(floored(100 * numerator / denominator), '99.99', key=float)} %"


def ms(value: float | None) -> str:
    """A latency: 0.4 ms, 64 ms, 1.2 s; None is no answer."""
    if value is None:
        return "no answer"
    if value < 1:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 999.5 else f"{value / 1000:.1f} s"


def count(n: int, noun: str) -> str:
    """1 monitor, 2 monitors, 3 searches."""
    if n == 1:
        return f"1 {noun}"
    return f"{n} {noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{n} {noun}s"


def size(n: float) -> str:
    """Bytes: 812 B, 1.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if unit == "B" or n >= 100 else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} TB"


def uptime_words(uptime: Uptime) -> str:
    """The share with how much was watched, and the bounds between which the truth lies."""
    known = uptime.up + uptime.degraded + uptime.down
    asked = known + uptime.unknown
    if not known:
        return NO_DATA
    said = share(uptime.up + uptime.degraded, known)
    if not uptime.unknown:
        return said
    low, high = (100 * (uptime.up + uptime.degraded + more) / asked for more in (0.0, uptime.unknown))
    return f"{said} (watched {share(known, asked)} of the time; between {floored(low)} and {floored(high)})"


def safe_url(url: str) -> str:
    """A URL without user, password, query and fragment, which may hold secrets or names; one clean line."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return NO_URL
    if not parts.scheme or not (parts.hostname or parts.path.startswith("/")):
        return NO_URL  # what cannot be taken apart is not shown: a secret may be anywhere in it
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return excerpt(f"{parts.scheme}://{host}{port}{parts.path}")


def excerpt(text: str, limit: int = 200) -> str:
    """One clean line: no control, format, surrogate or private characters, spaces folded, cut with an ellipsis."""
    head = text[: 8 * limit]
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in head)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
