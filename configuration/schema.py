"""The JSON Schema of wardround.toml for editors: every table, and for each check the keys of its own."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, BeforeValidator

import registry
from configuration.tables import ROWS, TABLES, Monitor

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """One document; a [[monitor]] is one of its kinds, told apart by ``check``."""
    shared: dict[str, Any] = {}
    properties = {name: _object(shape, shared) for name, shape in TABLES.items()}
    for name, module in registry.members("integrations").items():
        properties[name] = _object(module.Options, shared)
    for name, shape in ROWS.items():
        row = _monitors(shared) if shape is Monitor else _object(shape, shared)
        properties[name] = {"type": "array", "items": row}
    whole = {"$schema": DIALECT, "title": "wardround.toml", "type": "object", "additionalProperties": False}
    return {**whole, "required": ["monitor"], "properties": properties, "$defs": shared}


def _monitors(shared: dict[str, Any]) -> dict[str, Any]:
    kinds = {kind: module for kind, module in registry.members("checks").items() if hasattr(module, "Options")}
    return {"oneOf": [_monitor(kind, module.Options, shared) for kind, module in kinds.items()]}


def _monitor(kind: str, options: type[BaseModel], shared: dict[str, Any]) -> dict[str, Any]:
    common, own = _object(Monitor, shared), _object(options, shared)
    properties = {**common["properties"], **own["properties"], "check": {"const": kind}}
    required = sorted({*common.get("required", ()), *own.get("required", ())})
    titled = {"title": kind, "type": "object", "additionalProperties": False}
    return {**titled, "required": required, "properties": properties}


def _object(shape: type[BaseModel], shared: dict[str, Any]) -> dict[str, Any]:
    made = shape.model_json_schema(ref_template="#/$defs/{model}")
    shared.update(made.pop("$defs", {}))
    for name, field in shape.model_fields.items():
        key = field.alias or name
        made["properties"][key] = _generous(made["properties"][key], field.metadata)
    return made


def _generous(made: dict[str, Any], rules: list[Any]) -> dict[str, Any]:
    """A list that something is done to before it is judged may as well be one value: `status = 401`."""
    if made.get("type") != "array" or not any(isinstance(rule, BeforeValidator) for rule in rules):
        return made
    items = {"type": ["string", "integer"]}
    rest = {name: value for name, value in made.items() if name not in {"type", "items"}}
    return {**rest, "anyOf": [items, {"type": "array", "items": items}]}
