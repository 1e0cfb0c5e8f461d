"""What a JSON document must hold, by JSONPath (RFC 9535)."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Annotated, Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from pydantic import AfterValidator, BaseModel, Field

from checks._target import STRICT
from checks._texts import Pattern, expression
from cleaning import clean

JSON_BYTES = 262_144  # a path such as $..x walks all of it on the loop that other probes share
_SHOWN = 60

_environment = JSONPathEnvironment()
_environment.max_recursion_depth = 100
# their expressions run on an engine that can be made to run for ever; `matches` beside the path does not
for _name in ("match", "search"):
    _environment.function_extensions.pop(_name)


@lru_cache(maxsize=1024)
def _path(text: str) -> JSONPathQuery:
    try:
        return _environment.compile(text)
    except JSONPathError as error:
        raise ValueError(f"not a JSONPath (RFC 9535): {clean(str(error), 100)}") from None


def _parses(text: str) -> str:
    _path(text)
    return text


Scalar = str | int | float | bool | None


class JsonCondition(BaseModel):
    """What the value at a path must be; without any other key it must exist."""

    model_config = STRICT

    path: Annotated[str, AfterValidator(_parses)]
    equals: Scalar = None
    is_: Scalar = Field(None, alias="is")
    not_: Scalar = Field(None, alias="not")
    at_least: float | None = None
    at_most: float | None = None
    matches: Pattern | None = None
    exists: bool | None = None

    @cached_property
    def wanted(self) -> dict[str, Any]:
        """The conditions that were written, by their name."""
        written = self.model_fields_set - {"path"}
        return {name.rstrip("_"): getattr(self, name) for name in sorted(written)} or {"exists": True}

    def missed(self, document: Any) -> str | None:
        """What is wrong with the document, in words; None when nothing is."""
        try:
            values = _path(self.path).find(document).values()
        except (JSONPathError, RecursionError):
            return f"{self.path} cannot be looked up in this document"
        if self.wanted.get("exists") is False:
            return f"{self.path} exists, but should not" if values else None
        if not values:
            return f"{self.path} does not exist"
        for value in values[:100]:
            if words := self._wrong(value):
                return words
        return None

    def _wrong(self, value: Any) -> str | None:
        for name, wanted in self.wanted.items():
            if not _JSON_FORMS[name](value, wanted):
                return f"{self.path} is {_shown(value)}, not {_SAID[name]}{_shown(wanted)}"
        return None


def _same(value: Any, wanted: Any) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_JSON_FORMS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "is": _same,
    "not": lambda value, wanted: not _same(value, wanted),
    "at_least": lambda value, wanted: _number(value) and value >= wanted,
    "at_most": lambda value, wanted: _number(value) and value <= wanted,
    "matches": lambda value, wanted: isinstance(value, str) and bool(expression(wanted).search(value)),
    "exists": lambda value, wanted: True,
}
_SAID = {
    "equals": "",
    "is": "",
    "not": "other than ",
    "at_least": "at least ",
    "at_most": "at most ",
    "matches": "like ",
}


def _shown(value: Any) -> str:
    """A value of the document in a few characters; only scalars, objects may hold anything."""
    if isinstance(value, str):
        return f"'{clean(value, _SHOWN)}'"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value)[:_SHOWN]


def document_of(body: bytes) -> Any:
    """The JSON of an answer, bounded in size and depth; ValueError in words."""
    if len(body) > JSON_BYTES:
        raise ValueError(f"the JSON is longer than {JSON_BYTES >> 10} KiB")
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except ValueError:
        raise ValueError("the answer is not JSON") from None
