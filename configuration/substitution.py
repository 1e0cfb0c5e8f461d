"""Takes ``${NAME}`` from the environment into the texts of a document, and cleans what came from there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from configuration.mistakes import Mistake, Place, is_secret

NAME = re.compile(r"\$(\$?)\{([^}]*)\}")  # $${ stands for a plain ${
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Filled:
    """The document with all names taken in; which places hold secrets, and the secrets themselves."""

    document: dict[str, Any]
    hidden: frozenset[Place]
    secrets: frozenset[str]


def filled(document: dict[str, Any], environment: Mapping[str, str]) -> Filled:
    """Raises Mistake for a name that is not set, and for a control character inside a secret."""
    open_names = {"SITE_URL": _site_url(document, environment)}
    names = {**{name: value for name, value in open_names.items() if value}, **environment}
    hidden: set[Place] = set()
    secrets: set[str] = set()

    def text(place: Place, value: str) -> str:
        used = [name for escaped, name in NAME.findall(value) if not escaped and name != "SITE_URL"]
        fresh = NAME.sub(lambda found: _value(place, found, names), value)
        if is_secret(place) and place[-1] != "body":  # a body may well have lines
            fresh = _clean(place, fresh)
        if used and place[-1] == "key":
            raise Mistake(place, "a key is stored and shown everywhere: write it out, without ${...}")
        if used or is_secret(place):
            hidden.add(place)
            secrets.update({fresh, *(names[name].strip() for name in used)})
        return fresh

    def walk(place: Place, value: Any) -> Any:
        if isinstance(value, str):
            return text(place, value)
        if isinstance(value, dict):
            return {key: walk((*place, key), each) for key, each in value.items()}
        if isinstance(value, list):
            return [walk((*place, index), each) for index, each in enumerate(value)]
        return value

    return Filled(walk((), document), frozenset(hidden), frozenset(secrets))


def literals(document: Any, place: Place = ()) -> Iterator[str]:
    """The texts that stand under a secret's name in the file itself: known before anything else is read."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from literals(value, (*place, key))
    elif isinstance(document, list):
        for value in document:
            yield from literals(value, place)
    elif isinstance(document, str) and is_secret(place):
        yield from NAME.sub("\0", document).split("\0")


def _site_url(document: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """``${SITE_URL}`` without an ending slash: the environment's, else [site] url."""
    site = document.get("site")
    stated = site.get("url") if isinstance(site, Mapping) else None
    url = environment.get("SITE_URL") or (stated if isinstance(stated, str) and "${" not in stated else "")
    return url.strip().rstrip("/")


def _value(place: Place, found: re.Match[str], names: Mapping[str, str]) -> str:
    escaped, name = found.groups()
    if escaped:
        return "${" + name + "}"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Mistake(place, "expected a name of the environment such as ${ONCALL_URL} between the braces")
    if name not in names:
        hint = " or [site] url" if name == "SITE_URL" else ""
        raise Mistake(place, f"the environment has no {name[:64]}; set it{hint}, or take ${{{name[:64]}}} out")
    value = _clean(place, names[name])
    return value.rstrip("/") if name == "SITE_URL" else value


def _clean(place: Place, value: str) -> str:
    """Without line ends around it; a control character inside would end up in an exception's text, secret and all."""
    stripped = value.strip()
    if CONTROL.search(stripped):
        raise Mistake(place, "the secret holds a control character or a line end; nothing of it is shown")
    return stripped
