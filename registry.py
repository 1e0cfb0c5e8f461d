"""A folder is a registry: every module in it whose name has no leading underscore is a member, its name its kind."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

HOME = Path(__file__).resolve().parent


@cache
def names(folder: str) -> tuple[str, ...]:
    """The kinds in a folder, sorted, without importing any of them; read once, for a configuration asks many times."""
    found = pkgutil.iter_modules([str(HOME / folder)])
    return tuple(sorted(module.name for module in found if not module.name.startswith("_")))


def member(folder: str, name: str) -> ModuleType:
    """The module of one kind; KeyError that lists the kinds there are when it is none of them."""
    if name not in names(folder):
        raise KeyError(f"{folder}/ has no {name!r}; there are: {', '.join(names(folder))}")
    return importlib.import_module(f"{folder}.{name}")


def members(folder: str) -> dict[str, ModuleType]:
    """All kinds of a folder by name."""
    return {name: importlib.import_module(f"{folder}.{name}") for name in names(folder)}
