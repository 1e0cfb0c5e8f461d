"""The runbooks that come with the program: its own Markdown files, nothing that anybody sent."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "runbooks"


@cache
def titles() -> dict[str, str]:
    """The heading of every runbook by its name, which is its file's."""
    files = sorted(FOLDER.glob("*.md"))
    return {path.stem: path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for path in files}


def choice() -> str:
    """The runbook in the address; the first when there is none of that name."""
    known = titles()
    asked = st.query_params.get("runbook", "")
    st.segmented_control(
        "Runbook", list(known), default=asked if asked in known else next(iter(known)), key=f"book {asked}",
        format_func=known.__getitem__, label_visibility="collapsed", required=True, on_change=_picked,
        args=(f"book {asked}",),
    )  # fmt: skip
    return asked if asked in known else next(iter(known))


def _picked(key: str) -> None:
    st.query_params["runbook"] = st.session_state[key] or ""


@cache
def read(name: str) -> str:
    """Its text."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")
