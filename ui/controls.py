"""What a viewer can choose; every choice is in the address, so that a link shows the same to the next person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import streamlit as st

import words
from model import Board, Status
from ui import errors as seen_errors
from ui import people, pulse, store
from ui.errors import SINCE, Errors


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the Overview is narrowed to; nothing chosen means all."""

    group: str | None
    states: tuple[str, ...]
    needle: str


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """What is shown of each key: its name, and the key where others are called the same, or Streamlit takes another."""
    many = Counter(names.values())
    return {key: name if many[name] == 1 else f"{name} ({key})" for key, name in names.items()}


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


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which errors are shown; None means all."""

    project: str | None
    environment: str | None
    release: str | None
    since: str


def errors(found: Errors) -> Narrowed:
    """Project, environment, release and first seen in one line above the table."""
    projects = sorted({each.project for each in found.issues})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        since = st.segmented_control(
            "First seen", list(SINCE), default="any time", key="since", bind="query-params", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        return Narrowed(
            _pick("Project", "All projects", projects),
            _pick("Environment", "All environments", seen_errors.environments(found)),
            _pick("Release", "All releases", seen_errors.releases(found)),
            since or "any time",
        )


def _pick(label: str, all_of_them: str, options: list[str]) -> str | None:
    chosen: str | None = st.selectbox(
        label, options, index=None, key=label.lower(), bind="query-params", placeholder=all_of_them,
        label_visibility="collapsed", width=200, format_func=apart({each: each[:24] for each in options}).__getitem__,
    )  # fmt: skip
    return chosen


@dataclass(frozen=True, slots=True)
class Run:
    """Which checklist, about which release."""

    key: str
    release: str


def checklist() -> Run:
    """The list and the release in the address; the newest production deployment when none is chosen.

    A release in the address that nobody has deployed yet can be signed for all the same.
    """
    known = {each.key: each for each in store.told().checklists}
    keys, commits = list(known), store.releases() or ("",)
    asked, named = st.query_params.get("checklist", ""), st.query_params.get("release", "")
    named = next((each for each in commits if len(named) > 6 and each.startswith(named)), named)
    if named not in commits and store.shaped(named):
        commits = (*commits, named)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        key = st.selectbox(
            "Checklist", keys, index=keys.index(asked) if asked in known else 0,
            format_func=apart({each.key: each.name for each in known.values()}).__getitem__, key=f"list {asked}",
            label_visibility="collapsed", width=320, on_change=_chosen, args=("checklist", f"list {asked}"),
        )  # fmt: skip
        one = known[key or keys[0]]
        if not one.per_release:
            st.caption("One run that goes on: this list is not about a release.")
            return Run(one.key, "")
        release = st.selectbox(
            "Release", commits, index=commits.index(named) if named in commits else 0,
            format_func=lambda commit: commit[:12] or "no release known", key=f"release {named}",
            label_visibility="collapsed", width=240, on_change=_chosen, args=("release", f"release {named}"),
        )  # fmt: skip
    return Run(one.key, release or "")


def _chosen(name: str, key: str) -> None:
    st.query_params[name] = st.session_state[key] or ""


ACTIONS = {"Sign": "signed", "Waive": "waived", "Withdraw": "withdrawn", "Comment": "commented"}


def sign(judged: store.Judged) -> None:
    """Where a person signs, waives, withdraws or comments; a typed name is marked as not verified."""
    who = people.welcome()
    if not (who.typed or who.person):
        return
    # always in the order of the list: what moves under the pointer is signed by mistake
    titles = apart({each.key: each.title for each in judged.checklist.items})
    seen = _seen(judged)
    number = st.session_state.setdefault("signed", 0)  # what was written begins a new form; what was refused stays
    with st.form(f"sign {number}", border=True):
        left, right = st.columns(2)
        action = left.segmented_control("What", list(ACTIONS), default="Sign", required=True) or "Sign"
        item = left.selectbox(
            "Item", list(titles), index=None, format_func=titles.__getitem__, placeholder="Pick an item",
            key=f"item {number} of {judged.checklist.key}",
        )  # fmt: skip
        name = left.text_input("Name", max_chars=80, help="not verified") if who.typed else who.name
        role = right.text_input("Role", max_chars=60)
        note = right.text_input("Note, reason of a waiver, or comment", max_chars=300)
        link = right.text_input("Link to the evidence", max_chars=300)
        asked_by = left.text_input("Waiver: who asks for it", max_chars=80)
        until = right.date_input("Waiver: until", value=None)
        if st.form_submit_button("Write it down", type="primary"):
            end = datetime.combine(until, time(23, 59), store.told().site.timezone) if until else None
            more = {"role": role, "note": note, "link": link, "until": end, "asked_by": asked_by}
            st.session_state["refused"] = who.hinders or _refused(
                judged, item, seen, ACTIONS[action], name, more | {"person": who.person}
            )
            st.session_state["signed"] = number + (not st.session_state["refused"])
            st.rerun()  # what is drawn above may be older than what the store said
    if refused := st.session_state.pop("refused", ""):
        st.error(f"Nothing was written: {refused}.", icon=":material/block:")


def _refused(
    judged: store.Judged, item: str | None, seen: Mapping[str, int], kind: str, name: str, more: Mapping[str, Any]
) -> str:
    return store.sign(judged, item, kind, name, seen.get(item, 0), **more) if item else "pick an item"


def _seen(judged: store.Judged) -> Mapping[str, int]:
    """How many signatures of each item this viewer was shown before this click, and from now on."""
    run = f"{judged.checklist.key} {judged.verdict.release}"
    now = {each.item.key: len(each.signatures) for each in judged.verdict.rulings}
    before: tuple[str, Mapping[str, int]] = st.session_state.get("seen", ("", {}))
    st.session_state["seen"] = (run, now)
    return before[1] if before[0] == run else now


def device() -> str | None:
    """Phones and desktops are judged apart; None means all."""
    labels = {"All devices": None, "Phones": "phone", "Desktops": "desktop"}
    chosen = st.segmented_control(
        "Device", list(labels), default="All devices", key="device", bind="query-params", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    return labels.get(chosen or "All devices")


def source(labels: Mapping[str, str]) -> str | None:
    """By which way measurements came, where there are several; None means the one that told most."""
    chosen = st.selectbox(
        "Source", list(labels), index=None, key="source", bind="query-params", placeholder=next(iter(labels)),
        label_visibility="collapsed", width=200,
    )  # fmt: skip
    return labels.get(chosen or "")


def vital(names: list[str]) -> str:
    """Which vital is drawn over time."""
    chosen = st.segmented_control(
        "Vital", names, default=names[0], key="vital", bind="query-params", required=True, label_visibility="collapsed"
    )
    return chosen or names[0]


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
    names = apart({each.key: f"{each.name} · {each.group}" for each in store.told().monitors})
    keys = sorted(names, key=lambda key: names[key].casefold())
    st.selectbox(
        "Monitor", keys, index=keys.index(asked) if asked in names else None, format_func=names.__getitem__,
        key=f"pick {asked}", placeholder="Pick a monitor", label_visibility="collapsed", width=340,
        on_change=_picked, args=(f"pick {asked}",),
    )  # fmt: skip
    return asked


def _picked(key: str) -> None:
    st.query_params["monitor"] = st.session_state[key] or ""
