"""What a text must be, by expressions whose price grows with the text alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import re2  # type: ignore[import-untyped]
from pydantic import AfterValidator, BaseModel, BeforeValidator, model_validator

from checks._target import STRICT
from cleaning import clean

_SHOWN = 60


@lru_cache(maxsize=1024)
def expression(pattern: str) -> Any:
    """A compiled expression of RE2, whose price grows with the text alone; ValueError in words."""
    options = re2.Options()
    options.log_errors, options.max_mem = False, 1 << 22
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        text = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise ValueError(f"not a regular expression that RE2 knows: {clean(text, 100)}") from None


def _compiles(pattern: str) -> str:
    expression(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class TextCondition(BaseModel):
    """What one header must be."""

    model_config = STRICT

    equals: str | None = None
    contains: str | None = None
    matches: Pattern | None = None
    absent: bool = False

    @model_validator(mode="after")
    def _one(self) -> TextCondition:
        if sum(form is not None for form in (self.equals, self.contains, self.matches)) + self.absent != 1:
            raise ValueError("expected exactly one of equals, contains, matches, absent")
        return self

    def missed(self, value: str | None) -> str | None:
        """What is wrong with the value (None: there is none), in words; None when nothing is."""
        if self.absent:
            return None if value is None else "is there, but should be absent"
        if value is None:
            return "is missing"
        if self.equals is not None:
            return None if value == self.equals else f"is not {self.equals[:_SHOWN]!r}"
        if self.contains is not None:
            return None if self.contains in value else f"does not contain {self.contains[:_SHOWN]!r}"
        return (
            None
            if expression(self.matches or "").search(value)
            else f"does not match {(self.matches or '')[:_SHOWN]!r}"
        )


def _as_condition(value: object) -> object:
    return {"equals": value} if isinstance(value, str) else value


HeaderCondition = Annotated[TextCondition, BeforeValidator(_as_condition)]
