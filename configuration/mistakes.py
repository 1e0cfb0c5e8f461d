"""Says a mistake in the configuration in one line: file, table, key, expected, got; never a secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

Place = tuple[str | int, ...]  # ("monitor", 2, "every"): the third [[monitor]], its key "every"
HIDDEN = "a value that is not shown"
SECRET_NAME = re.compile(
    r"token|secret|passw|authori[sz]ation|(?:api|anon|service|audit)_?keys?|dsn|credential|header|body|dead_man|cookie",
    re.I,
)
SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:/+")
WINDOW = 12  # so many characters of a secret in a row are a leak; fewer may be chance, such as "https://"
EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}


class ConfigError(Exception):
    """One line for the person who wrote the file; holds no secret."""


class Mistake(Exception):
    """What is wrong at one place of the document, before the file and the table are named."""

    def __init__(self, place: Place, words: str) -> None:
        super().__init__(words)
        self.place = place
        self.words = words


def line(file: str, document: Mapping[str, Any], mistake: Mistake, secrets: Iterable[str]) -> str:
    """The whole line. When a stretch of a secret got into the words all the same, they are dropped."""
    place = _said(document, mistake.place)
    words = mistake.words if not leaks(mistake.words, secrets) else f"is not right; it holds {HIDDEN}"
    text = ": ".join(filter(None, (file, place, words)))
    text = text if not leaks(text, secrets) else f"{file}: a mistake that cannot be shown without showing a secret"
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


def is_secret(place: Place) -> bool:
    """Whether what stands there is a secret by its name; addresses of the store and of channels hold passwords."""
    names = [part for part in place if isinstance(part, str)]
    return tuple(names) in {("store", "url"), ("channel", "url")} or any(map(SECRET_NAME.search, names[1:]))


def leaks(text: str, secrets: Iterable[str]) -> bool:
    """Whether ``text`` holds a secret, or WINDOW characters of one in a row; the scheme of an address is none."""
    bare = (SCHEME.sub("", secret) for secret in secrets)
    return any(_holds(text, secret) for secret in bare if len(secret) >= 4)


def _holds(text: str, secret: str) -> bool:
    size = min(WINDOW, len(secret))
    return any(secret[at : at + size] in text for at in range(len(secret) - size + 1))


def _said(document: Mapping[str, Any], place: Place) -> str:
    """("monitor", 2, "json", 0, "path") as "[[monitor]] 3 ('api'): json[1].path"."""
    if not place:
        return ""
    table, rest = str(place[0]), place[1:]
    head = f"[{table}]" if isinstance(document.get(table), Mapping) or not rest else f"[[{table}]]"
    if rest and isinstance(rest[0], int):
        key = _key_of(document, table, rest[0])
        head, rest = f"[[{table}]] {rest[0] + 1}" + (f" ({key!r})" if key else ""), rest[1:]
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in rest).lstrip(".")
    return f"{head}: {name}" if name else head


def _key_of(document: Mapping[str, Any], table: str, index: int) -> str:
    rows = document.get(table)
    row = rows[index] if isinstance(rows, list) and index < len(rows) else None
    value = (row.get("key") or row.get("title")) if isinstance(row, Mapping) else None
    return value[:64] if isinstance(value, str) else ""


def got(value: object, hidden: bool) -> str:
    """What stood there, short; nothing of it when it may be a secret."""
    if hidden:
        return HIDDEN
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    text = re.sub(r"(://)[^/@\s]*@", r"\1***@", str(value)).partition("?")[0]
    return repr(text[:60]) if isinstance(value, str) else text[:60]


def unknown(key: str, known: Iterable[str]) -> str:
    """An unknown key, with the nearest that is known."""
    names = sorted(known)
    near = get_close_matches(key, names, n=1, cutoff=0.6)
    if near:
        return f"unknown key {key[:64]!r}; did you mean {near[0]!r}?"
    return f"unknown key {key[:64]!r}; known are {', '.join(names)}"


def from_pydantic(
    error: ValidationError, place: Place, value: Any, known: Iterable[str], hidden: Iterable[Place]
) -> Mistake:
    """The first mistake pydantic found in the table at ``place``; ``hidden`` are places whose values are secret."""
    first, *others = error.errors(include_url=False)
    where = _trimmed(first["loc"], value)
    secret = bool(first["type"] != "extra_forbidden") and _is_hidden((*place, *where), hidden)
    if first["type"] == "extra_forbidden":
        names = known if len(where) == 1 else ()
        return Mistake((*place, *where[:-1]), _stranger(str(where[-1]), names))
    choices = [first, *(other for other in others if _trimmed(other["loc"], value) == where)]
    return Mistake((*place, *where), _words(choices, secret))


def _stranger(key: str, known: Iterable[str]) -> str:
    return unknown(key, known) if known else f"unknown key {key[:64]!r}"


def _is_hidden(place: Place, hidden: Iterable[Place]) -> bool:
    return is_secret(place) or any(place[: len(each)] == each or each[: len(place)] == place for each in hidden)


def _trimmed(loc: Place, value: Any) -> Place:
    """pydantic's place without the branches of unions and validators it passed: only keys that stand in the file."""
    kept: list[str | int] = []
    for position, part in enumerate(loc):
        if part in _keys(value):
            kept.append(part)
            value = value[part]
        elif isinstance(value, Mapping) and position == len(loc) - 1:
            kept.append(part)
    return tuple(kept)


def _keys(value: Any) -> Collection[str | int]:
    if isinstance(value, list | tuple):
        return range(len(value))
    return value.keys() if isinstance(value, Mapping) else ()


def _words(errors: Sequence[Any], secret: bool) -> str:
    first = errors[0]
    if first["type"] == "missing":
        return "is missing"
    if first["type"] in {"value_error", "assertion_error"}:
        words = str(first["ctx"]["error"])
        return f"{words.partition(', got ')[0]}, got {HIDDEN}" if secret else words
    wanted = list(dict.fromkeys(_expected(error) for error in errors))
    return f"expected {' or '.join(wanted)}, got {got(first['input'], secret)}"


def _expected(error: Any) -> str:
    known = EXPECTED.get(error["type"])
    if known is None:
        return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return known.format(**{name: _plain(value) for name, value in error.get("ctx", {}).items()})


def _plain(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value
