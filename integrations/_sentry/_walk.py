"""Goes through one error event and says where something is that must not be there. It never says what.

platform.md section 4 names what must be gone before an event is sent; the patterns find the rest wherever it hides.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from integrations._shape import items, table, text
from model import Leak

GRAVE = frozenset({"key", "jwt", "card", "connection", "password", "cookie", "header"})
DEEP, WIDE, LONG = 24, 20_000, 8_192  # levels, values and characters of one value that are looked at
HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "apikey", "x-api-key", "x-csrf-token"}
)
ADDRESSES = frozenset({"x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"})
SECRETS = re.compile(
    r"passw(?:or)?d|passwd|secret|token|authorization|api[_-]?key|credential|card[_-]?number|cvc", re.I
)
GONE = re.compile(
    r"\s*(?:\[[A-Za-z ]*(?:filtered|redacted|removed|scrubbed|ip|email|creditcard)[A-Za-z ]*\]|\**|null|none)\s*", re.I
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[A-Za-z]{2,24}")
JWT = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")
KEY = re.compile(r"\b(?:[srp]k_live_|[sr]k_test_|whsec_|sb_secret_|sbp_|sntry[a-z]_|gh[pousr]_|AKIA)[A-Za-z0-9_]{8,}")
CONNECTION = re.compile(r"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis)://", re.I)
CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])")
IPV4 = re.compile(r"(?<![\w./-])(?:\d{1,3}\.){3}\d{1,3}(?![\w./-])")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::|[0-9A-Fa-f]{1,4})(?:[0-9A-Fa-f:]{0,30})(?![\w:.])")
QUERY = re.compile(r"(?:https?://[^\s?#\"'<>]+|(?<![\w?&=])/[^\s?#\"'<>]*)\?[^\s=&]{1,200}=[^\s&]")
# what Sentry or the SDK fills in at the top by itself: numbers of its own, hashes, versions
SKIPPED = frozenset(
    {
        "sdk",
        "_meta",
        "packages",
        "fingerprints",
        "groupingConfig",
        "hashes",
        "release",
        "dist",
        "version",
        "eventID",
        "id",
        "groupID",
        "projectID",
        "dateCreated",
        "dateReceived",
        "nextEventID",
        "previousEventID",
        "errors",
        "debug_meta",
        "modules",
        "size",
        "crashFile",
        "occurrence",
    }
)
# here a long number is no card: what counts bytes and who numbers rows; moments begin with a one, as no card does
NUMBERS = frozenset(
    {"id", "size", "bytes", "memory_size", "free_memory", "usable_memory", "storage_size", "free_storage", "thread_id"}
)
# here four numbers with dots are a version
VERSIONS = frozenset(
    {
        "version",
        "release",
        "build",
        "kernel_version",
        "raw_description",
        "user-agent",
        "browser",
        "os",
        "sdk",
        "runtime",
    }
)


def found_in(event: dict[str, Any], issue: str) -> tuple[Leak, ...]:
    """Every place once, with its kind; a leak of kind ``sdk`` is the SDK itself, whose defaults send too much."""
    uid = text(event.get("eventID") or event.get("id"), 40)
    sdk = _sdk(event)
    seen = dict.fromkeys((*_known(event), *_walked(event)))
    leaks = [Leak(kind, path, uid, issue, sdk) for kind, path in seen]
    name, _, version = sdk.partition("/")
    major = version.partition(".")[0]
    if "javascript" in name and major.isdecimal() and int(major) >= 11:
        leaks.append(Leak("sdk", "sdk", uid, issue, sdk))
    return tuple(leaks)


def _sdk(event: dict[str, Any]) -> str:
    about = table(event.get("sdk"))
    return "/".join(part for part in (text(about.get("name"), 60), text(about.get("version"), 20)) if part)


def _there(value: object) -> bool:
    """Whether anything is left of a value: not what a scrubber put in its place."""
    if value is None or value is False or value == [] or value == {}:
        return False
    return not (isinstance(value, str) and GONE.fullmatch(value[:60]))


def _known(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong by its place alone."""
    user = table(event.get("user"))
    for name, kind in (("email", "email"), ("ip_address", "ip"), ("username", "username"), ("name", "username")):
        if _there(user.get(name)):
            yield kind, f"user.{name}"
    for tag in items(event.get("tags")):
        if tag.get("key") in ("user.email", "email", "user.username", "user.ip_address", "ip") and _there(
            tag.get("value")
        ):
            yield (
                ("email" if "mail" in tag["key"] else "username" if "name" in tag["key"] else "ip"),
                f"tags.{tag['key']}",
            )
    report = table(event.get("userReport"))
    for name, kind in (("email", "email"), ("name", "username")):
        if _there(report.get(name)):
            yield kind, f"userReport.{name}"
    feedback = table(table(event.get("contexts")).get("feedback"))
    for name, kind in (("contact_email", "email"), ("name", "username")):
        if _there(feedback.get(name)):
            yield kind, f"contexts.feedback.{name}"
    for entry in items(event.get("entries")):
        yield from _entry(text(entry.get("type"), 40), entry.get("data"))


def _entry(kind: str, data: object) -> Iterator[tuple[str, str]]:
    if kind == "request":
        yield from _request(table(data))
    elif kind in ("exception", "threads"):
        for value in items(table(data).get("values")):
            for trace in (table(value.get("stacktrace")), table(value.get("rawStacktrace"))):
                if any(_there(frame.get("vars")) for frame in items(trace.get("frames"))):
                    yield "frame variable", f"{kind}.frames.vars"


def _request(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in _pairs(data.get("headers")):
        lower = name.lower()
        if _there(value) and lower in HEADERS:
            yield ("cookie" if "cookie" in lower else "header"), f"request.headers.{lower}"
        if _there(value) and lower in ADDRESSES:
            yield "ip", f"request.headers.{lower}"
    if any(_there(value) for _, value in _pairs(data.get("cookies"))):
        yield "cookie", "request.cookies"
    if any(_there(value) for _, value in _pairs(data.get("query"))) or (
        isinstance(data.get("query"), str) and _there(data["query"])
    ):
        yield "query", "request.query"


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((str(name), each) for name, each in value.items())
    elif isinstance(value, list):
        yield from ((str(pair[0]), pair[1]) for pair in value if isinstance(pair, list) and len(pair) == 2)


def _walked(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong wherever it is: every text of the event against the patterns."""
    waiting: list[tuple[str, object, int]] = [("", {k: v for k, v in event.items() if k not in SKIPPED}, 0)]
    for _ in range(WIDE):
        if not waiting:
            return
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            version = path.rpartition(".")[2] in VERSIONS
            yield from ((kind, path) for kind in kinds(value[:LONG]) if not (version and kind in ("ip", "card")))
        elif isinstance(value, int) and not isinstance(value, bool):
            if 1e12 <= value < 1e19 and _luhn(str(value)) and path.rpartition(".")[2] not in NUMBERS:
                yield "card", path
        elif depth < DEEP:
            for name, each in _inside(value):
                under = f"{path}.{name}" if path and name else path or name
                if _secret(name, each):
                    yield "password", under
                waiting.append((under, each, depth + 1))


def _secret(name: str, value: object) -> bool:
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    return plain and bool(SECRETS.search(name)) and _there(value)


def _inside(value: object) -> Iterator[tuple[str, object]]:
    """What a value holds, each with its segment of the path; lists have none, and pairs and tags go by their names."""
    if isinstance(value, dict):
        named = isinstance(value.get("key"), str) and "value" in value
        entry = isinstance(value.get("type"), str) and "data" in value
        for name, each in value.items():
            if named and name == "value":
                yield _segment(value["key"]), each
            else:
                part = value["type"] if entry and name == "data" else name
                yield "" if name == "entries" else _segment(part), each
    elif isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str):  # [[name, value], ...]
            yield _segment(value[0]), value[1]
        else:
            yield from (("", each) for each in value)


def _segment(name: object) -> str:
    """A key as part of a path; one that may itself tell something of a person is a star."""
    plain = str(name)[:80]
    return plain.lower() if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", plain) and not any(kinds(plain)) else "*"


def kinds(value: str) -> Iterator[str]:
    """What a text holds that it must not."""
    if "@" in value and EMAIL.search(value):
        yield "email"
    if "eyJ" in value and JWT.search(value):
        yield "jwt"
    if KEY.search(value):
        yield "key"
    if "://" in value and CONNECTION.search(value):
        yield "connection"
    if "?" in value and QUERY.search(value):
        yield "query"
    if any(_luhn(each) for each in CARD.findall(value)):
        yield "card"
    if any(_address(each) for each in (*IPV4.findall(value), *IPV6.findall(value))):
        yield "ip"


def _luhn(value: str) -> bool:
    digits = [int(each) for each in value if each.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or digits[0] not in (2, 3, 4, 5, 6):
        return False
    doubled = [digit if n % 2 == 0 else 2 * digit - 9 * (digit > 4) for n, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _address(value: str) -> bool:
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)
