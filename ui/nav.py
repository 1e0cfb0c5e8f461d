"""The pages there are, found in pages/ and read without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True, slots=True)
class Entry:
    """One page as its file states it: first line of the docstring, and the constants TITLE, ICON and ORDER."""

    path: Path
    slug: str
    title: str
    icon: str
    order: int
    words: str

    @property
    def default(self) -> bool:
        return self.order == 0


@cache
def entries() -> tuple[Entry, ...]:
    """All pages in the order in which they are shown; the one with ORDER = 0 is the first that people see."""
    found = (entry(path) for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
    return tuple(sorted(found, key=lambda each: (each.order, each.slug)))


def entry(path: Path) -> Entry:
    """What a page's file says of itself. Raises KeyError that names the file and the constant that is missing."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    stated = {name: value for node in tree.body for name, value in _constants(node)}
    missing = [name for name in ("TITLE", "ICON", "ORDER") if name not in stated]
    if missing:
        raise KeyError(f"pages/{path.name} does not state {', '.join(missing)}")
    words = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Entry(path, path.stem, stated["TITLE"], stated["ICON"], stated["ORDER"], words)


def _constants(node: ast.stmt) -> list[tuple[str, Any]]:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return []
    return [(target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name)]


def page(one: Entry) -> StreamlitPage:
    """The page as Streamlit wants it."""
    return st.Page(
        one.path, title=one.title, icon=f":material/{one.icon}:", url_path=one.slug, default=one.default, help=one.words
    )
