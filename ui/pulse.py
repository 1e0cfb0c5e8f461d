"""The heartbeat of an open page: every five seconds its age, and a new drawing only when there is something new."""

from __future__ import annotations

import streamlit as st

import data.store
from ui import banner, lists, markup, store
from ui.markup import Html

EVERY = 5.0
DEFAULT = {"": "90d", "status": "90d", "posture": "90d"}  # slug -> window; others begin with a day


def window(slug: str) -> str:
    """The window that a viewer chose on this page, or came with in the address."""
    chosen = st.session_state.get("window") or st.query_params.get("window")
    return chosen if chosen in store.WINDOWS else DEFAULT.get(slug, "24h")


def frame(slug: str) -> None:
    """The part that every page begins with. What is drawn below it belongs to the state that is noted here."""
    st.session_state["drawn"] = _state(window(slug))
    beat(slug)


@st.fragment(run_every=EVERY)
def beat(slug: str) -> None:
    """One small element; when the state is another than the drawn one, the whole page is drawn anew."""
    chosen = window(slug)
    if st.session_state.get("drawn") != _state(chosen):
        st.rerun()
    try:
        st.html(_head(slug, chosen))
    except data.store.Missing:
        st.html(
            lists.empty(
                "Nobody has looked yet.",
                "The store is not there. It appears when the poller starts; this page waits for it.",
            )
        )
    except data.store.StoreError as error:
        st.html(lists.empty("The store cannot be read, so nothing is known.", _why(slug, error)))


def _why(slug: str, error: data.store.StoreError) -> str:
    """The reason may name hosts, users and paths: it is for the page about the watch, not for strangers."""
    return str(error) if slug == "about" else "It is tried again every few seconds."


def _state(chosen: str) -> object:
    try:
        return store.state(chosen)
    except data.store.StoreError as error:
        return str(error)


def _head(slug: str, chosen: str) -> Html:
    return markup.tag("div", _strip(slug, chosen), markup.filling(store.filling()), class_="wr")


def _strip(slug: str, chosen: str) -> Html:
    seen, now, tz = store.board(chosen), store.now(), store.told().site.timezone
    status, headline, detail = store.banner(chosen)
    if slug == "":
        return banner.large(status, headline, detail, seen.seen, now, tz)
    if slug == "status":
        return banner.quiet(store.public().seen, now, tz)
    return banner.slim(status, headline, seen.seen, now, chosen)
