"""What a viewer can choose; every choice is in the address, so that a link shows the same to the next person."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

import words
from model import Board, Status
from ui import pulse, store


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the Overview is narrowed to; nothing chosen means all."""

    group: str | None
    states: tuple[str, ...]
    needle: str


def overview(board: Board) -> Wanted:
    """Window, text, group and states in one line above the monitors."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        window("")
        needle = st.text_input(
            "Find a monitor", key="find", bind="query-params", placeholder="Find a monitor",
            label_visibility="collapsed", icon=":material/search:", live=True, width=230, max_chars=80,
        )  # fmt: skip
        group = st.selectbox(
            "Group", sorted({tile.group for tile in board.tiles}), index=None, key="group", bind="query-params",
            placeholder="All groups", label_visibility="collapsed", width=210,
        )  # fmt: skip
        states = st.pills(
            "State", [words.STATUS_WORD[status] for status in Status], selection_mode="multi", key="state",
            bind="query-params", label_visibility="collapsed", wrap=True,
        )  # fmt: skip
    return Wanted(group, tuple(states), needle or "")


def window(slug: str) -> str:
    """The stretch that is answered for."""
    kept = st.segmented_control(
        "Window", store.WINDOWS, default=pulse.DEFAULT.get(slug, "24h"), key="window", bind="query-params",
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    return kept or pulse.window(slug)


def monitor() -> str:
    """The key of the monitor in the address; a pick is written there, an unknown key stays to be told of."""
    asked = st.query_params.get("monitor", "")
    names = {each.key: f"{each.name} · {each.group}" for each in store.told().monitors}
    keys = sorted(names, key=lambda key: names[key].casefold())
    st.selectbox(
        "Monitor", keys, index=keys.index(asked) if asked in names else None, format_func=names.__getitem__,
        key=f"pick {asked}", placeholder="Pick a monitor", label_visibility="collapsed", width=340,
        on_change=_picked, args=(f"pick {asked}",),
    )  # fmt: skip
    return asked


def _picked(key: str) -> None:
    st.query_params["monitor"] = st.session_state[key] or ""
