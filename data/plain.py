"""Frozen values as JSON and back, by their own types: what is too wide for columns and only read as a whole."""

from __future__ import annotations

import json
import typing
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar

from data.text import kept

T = TypeVar("T")
WORDS = 2000  # characters of one text: titles and reasons are cut far below that before they come here


def text_of(value: Any) -> str:
    """``value`` (a frozen dataclass of numbers, texts, moments, enums, tuples and dataclasses) as compact JSON."""
    return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def value_of(kind: type[T], text: str) -> T:
    """The value again. A field that the text does not know takes its default: an older program wrote it."""
    made: T = _made(kind, json.loads(text))
    return made


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return kept(value, WORDS) if isinstance(value, str) else value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _made(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return _made(next(each for each in inside if each is not type(None)), value)
    if origin is tuple:
        kinds = [inside[0]] * len(value) if inside[-1] is Ellipsis else inside
        return tuple(_made(each, item) for each, item in zip(kinds, value, strict=True))
    if is_dataclass(kind):
        known = _hints(typing.cast(Hashable, kind))
        return typing.cast(Any, kind)(
            **{name: _made(known[name], each) for name, each in value.items() if name in known}
        )
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else value
