"""What a browser may tell us, and what becomes of it: names, ranges, ratings, routes without a trace of a person.

Nothing that a stranger sends is kept as it was sent: names come from a closed list, routes from configured templates or
folded words, releases from our own deployments, ids are hashed. contracts.md 7; thresholds of the web-vitals package.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from model import Histogram, Sent, Vital, VitalRollup
from rules import histogram

# name -> (good up to, needs improvement up to, largest that is believed); ms, CLS without a unit
VITALS = {
    "LCP": (2500.0, 4000.0, 120_000.0), "INP": (200.0, 500.0, 60_000.0), "CLS": (0.1, 0.25, 10.0),
    "FCP": (1800.0, 3000.0, 120_000.0), "TTFB": (800.0, 1800.0, 120_000.0), "FID": (100.0, 300.0, 60_000.0),
}  # fmt: skip
RATINGS = ("good", "needs", "poor")
NUMBER = (int, float)
KINDS = (("delta", NUMBER), ("rating", str), ("navigationType", str), ("tags", dict), ("path", str))
FAMILIES = ("api", "page", "database", "realtime")
PAGE = ("dom_content_loaded", "load_complete", "first_byte")
LONGEST_METRIC = 600_000.0
MOST, DEEP, LONG = 50, 5, 2048  # items of one body, segments of a route, characters of a path
ENOUGH = 100  # measurements from which a p75 is said
OTHER = "other"
DEVICES = ("phone", "tablet", "desktop")
OLDEST = timedelta(days=2)  # what comes in late: older than this is not taken, so that what was deleted stays away
TOO_FAST = 20.0  # ms: no page paints sooner, so a smaller LCP or FCP is in seconds
# words that tell of no person: only these survive where no routes and metrics are configured
WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    about account admin alerts api appointments audit audit_logs auth billing book calendar callback cart
    catalog chat checkout clinic confirm consent contact create dashboard delete details docs doctors documents
    download edit error export faq feedback files forgot health help history home import inbox index insert
    insights interactions invoices items labels list live login logout medicines messages new news notifications
    offers onboarding orders overview page patients pay payment payments pharmacy plans practitioners
    prescriptions presence preview pricing privacy products profile profiles query ready realtime recipes refill
    refills register reports reset rest results search secure security select session sessions settings shop
    signin signout signup start statistics status storage stripe subscribe success support sync tasks team terms
    update upload user user_profiles users verify welcome
        """,
    )
)


class Unfit(Exception):
    """What was sent is no measurement; ``words`` say what was expected, and hold nothing of it. ``many`` items."""

    def __init__(self, words: str, many: int = 1) -> None:
        super().__init__(words)
        self.words = words
        self.many = many


@dataclass(frozen=True, slots=True)
class Known:
    """What names may be kept: route templates, metrics, and commits that were deployed."""

    routes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    releases: frozenset[str] = frozenset()


def read(body: object, known: Known, *, at: datetime, device: str, nonce: str) -> tuple[list[Vital], int]:
    """The measurements of one beacon, an object or a list of them, and how many items were none or too many.

    The page that sent it has forgotten it: one bad item costs no other. Raises Unfit when nothing fits.
    ``device`` is what the request tells of it; ``nonce`` stands for the id of what has none.
    """
    rows = body if isinstance(body, list) else [body]
    found, words = [], f"expected 1 to {MOST} measurements"
    for number, row in enumerate(rows[:MOST]):
        try:
            found.append(_one(row, known, at, device, f"{nonce}{number}"))
        except Unfit as reason:
            words = reason.words
    if not found:
        raise Unfit(words, max(1, len(rows)))
    return found, len(rows) - len(found)


def _one(row: object, known: Known, at: datetime, device: str, nonce: str) -> Vital:
    if not isinstance(row, dict):
        raise Unfit("expected an object with name and value")
    name, value, uid = row.get("name"), row.get("value", ""), row.get("id", nonce)
    if not isinstance(name, str) or not isinstance(uid, str) or not 0 < len(uid) <= 200:
        raise Unfit("expected a name, and an id of at most 200 characters")
    shown = name if name in VITALS else metric(name, known.metrics)
    if not plausible(shown, value):
        raise Unfit("expected a value in milliseconds (CLS: without a unit) inside the possible range")
    for key, kind in KINDS:
        if key in row and not isinstance(row[key], kind):
            raise Unfit(f"expected {key} to be of another type")
    said = row.get("device")
    release = row.get("release")
    return Vital(
        uid=hashed("beacon", uid, name),
        name=shown,
        value=float(value),
        at=at,
        route=template(row.get("route", row.get("path", "")), known.routes),
        device=said if said in DEVICES else device,
        release=release if isinstance(release, str) and release in known.releases else "",
        failed=shown not in VITALS and _failed(row.get("tags")),
    )


def fit(sent: Iterable[Sent], known: Known, now: datetime) -> list[Vital]:
    """Rows of a table that strangers write, as far as they are measurements, under the same rules as a beacon."""
    found = []
    for each in sent:
        if each.at < now - OLDEST:
            continue
        row = {"name": each.name, "value": each.value, "id": each.uid, "path": each.path, "device": each.device}
        row |= {"tags": {"status": "error" if each.failed else "success"}}
        try:
            one = _one(row, known, min(each.at, now), "desktop", "")
        except Unfit:
            continue
        found.append(replace(one, uid=hashed("supabase", each.uid, each.name), source="supabase"))
    return found


def hashed(*parts: str) -> int:
    """A signed number of 64 bits that the same parts always give, and that gives nothing of them back."""
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def plausible(name: str, value: Any) -> bool:
    """A finite number inside the possible range of this name."""
    if isinstance(value, bool) or not isinstance(value, NUMBER):
        return False
    most = VITALS[name][2] if name in VITALS else LONGEST_METRIC
    return 0 <= value <= most and math.isfinite(value)


def _failed(tags: object) -> bool:
    found = tags if isinstance(tags, dict) else {}
    return found.get("status") == "error" or found.get("success") in (False, "false")


def metric(name: str, metrics: Sequence[str]) -> str:
    """The name under which a metric is kept. Raises Unfit for a family that is not known."""
    family, _, rest = name[:200].partition(".")
    if family not in FAMILIES or not rest:
        raise Unfit(f"expected one of {', '.join(VITALS)}, or a metric that begins with {', '.join(FAMILIES)}")
    if name in metrics:
        return name
    middle, _, last = rest.rpartition(".")
    if family == "page":
        if last not in PAGE:
            raise Unfit(f"expected page.<name>. and one of {', '.join(PAGE)}")
        return f"page.{_word(middle, metrics)}.{last}"
    return f"{family}.{_word(rest, metrics)}"


def _word(said: str, metrics: Sequence[str]) -> str:
    return said if not metrics and said in WORDS else OTHER


def template(path: object, routes: tuple[str, ...]) -> str:
    """The template that a path belongs to: one of ``routes``; without any, known words with ``:id`` for all else."""
    return _template(path, routes) if isinstance(path, str) and 0 < len(path) <= LONG else OTHER


@lru_cache(maxsize=1024)
def _template(path: str, routes: tuple[str, ...]) -> str:
    plain = re.split(r"[?#]", path, maxsplit=1)[0]
    if "://" in plain:
        plain = "/" + plain.split("://", 1)[1].partition("/")[2]
    pieces = [piece for piece in plain.split("/") if piece]
    if routes:
        return next((route for route in routes if _fits(pieces, route)), OTHER)
    if len(pieces) > DEEP:
        return OTHER
    return "/" + "/".join(piece if piece in WORDS else ":id" for piece in pieces)


def folded(known: Known, name: str, route: str) -> tuple[str, str]:
    """Where a measurement goes when there are too many names and routes: what was configured stays what it is."""
    if route not in known.routes:
        route = OTHER
    if name in VITALS or name in known.metrics:
        return name, route
    family, _, rest = name.partition(".")
    return f"page.{OTHER}.{rest.rpartition('.')[2]}" if family == "page" else f"{family}.{OTHER}", route


def _fits(pieces: Sequence[str], route: str) -> bool:
    wanted = [piece for piece in route.split("/") if piece]
    for number, piece in enumerate(wanted):
        if piece.startswith("[..."):
            return len(pieces) > number
        if number >= len(pieces) or not (piece.startswith((":", "[")) or piece == pieces[number]):
            return False
    return len(pieces) == len(wanted)


def rating(name: str, value: float, failed: bool = False) -> str:
    """good, needs or poor; boundaries belong to the better one. Of a metric: poor when it failed."""
    if name not in VITALS:
        return "poor" if failed else "good"
    good, needs, _ = VITALS[name]
    return "good" if value <= good else "needs" if value <= needs else "poor"


def bucket(name: str, value: float) -> int:
    """The log bucket of a value; CLS goes in a thousandfold, so that a tenth is as fine as 100 ms."""
    return histogram.bucket(value * 1000 if name == "CLS" else value)


def quantile(name: str, values: Histogram, q: float = 0.75) -> float | None:
    """The quantile in the unit of the name, within one per cent; None when there is nothing."""
    found = histogram.quantile(values, q)
    return None if found is None else found / 1000 if name == "CLS" else found


@dataclass(frozen=True, slots=True)
class Summary:
    """Many measurements of one name: how many of each rating, and the quantiles. None below ``ENOUGH``: not said."""

    name: str
    n: int
    good: int
    needs: int
    poor: int
    p75: float | None
    p50: float | None = None
    p95: float | None = None

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH

    @property
    def rating(self) -> str:
        """Of the p75; empty below ``ENOUGH``."""
        return rating(self.name, self.p75) if self.p75 is not None and self.enough else ""

    @property
    def failed(self) -> float:
        """Of a metric: the share that failed, 0 to 1."""
        return self.poor / self.n if self.n else 0.0


def summed(name: str, found: Sequence[VitalRollup]) -> Summary:
    """All of them in one: buckets are added, never a mean of quantiles."""
    values = histogram.merge([each.values for each in found]) if found else Histogram()
    good, needs, poor = (sum(getattr(each, kind) for each in found) for kind in RATINGS)
    p50, p75, p95 = (quantile(name, values, q) for q in (0.5, 0.75, 0.95))
    return Summary(name, good + needs + poor, good, needs, poor, p75, p50, p95)


def grouped(
    found: Iterable[VitalRollup], by: Callable[[VitalRollup], Hashable]
) -> Mapping[Hashable, list[VitalRollup]]:
    """The roll-ups by a key."""
    groups: defaultdict[Hashable, list[VitalRollup]] = defaultdict(list)
    for each in found:
        groups[by(each)].append(each)
    return groups


def sources(found: Iterable[VitalRollup]) -> Mapping[str, int]:
    """The ways by which measurements came, the one that told most first: one visit may come by each of them."""
    counts: defaultdict[str, int] = defaultdict(int)
    for each in found:
        counts[each.source] += each.n
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def fits(rollup: VitalRollup, name: str, route: str | None = None, device: str | None = None) -> bool:
    """Whether a roll-up belongs to ``name`` (``api.*`` means all of a family), a route and a device."""
    wanted = rollup.name == name or (name.endswith(".*") and rollup.name.startswith(name[:-1]))
    return wanted and route in (None, rollup.route) and device in (None, rollup.device)
