"""The frame around every page, and the script that the server runs: navigation, style, freshness, errors of our own."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[1])
if sys.path[0] != HOME:  # the server puts this folder there, where a room's name may mean another file
    sys.path[:] = [HOME, *(path for path in sys.path if path != HOME)]

import streamlit as st  # noqa: E402  # the path above lets the server run this file from anywhere
from streamlit.navigation.page import StreamlitPage  # noqa: E402

import data.store  # noqa: E402
import settings  # noqa: E402
from ui import lists, markup, nav, pulse, store  # noqa: E402

MARK = Path(__file__).with_name("static") / "mark.svg"
BROKEN = "This page has a fault of its own. It says nothing about what is watched; the server's log says more."
logger = logging.getLogger(__name__)


def main() -> None:
    """One run of the app for one viewer."""
    st.set_page_config(page_title="Wardround", page_icon=str(MARK), layout="wide")
    st.html(markup.style())
    page = st.navigation([nav.page(entry) for entry in nav.entries()], position="top")
    try:
        known = store.told()
    except settings.ConfigError as error:
        st.html(lists.empty("The configuration has a mistake, so nothing can be shown.", str(error)))
        return
    st.logo(str(MARK), link=known.site.url or None)
    if known.site.demo:
        st.html(markup.demo())
    pulse.frame(page.url_path)
    shown(page)


def shown(page: StreamlitPage) -> None:
    """Runs the page; a fault of ours is said as such, and never as trouble out there."""
    try:
        page.run()
    except data.store.StoreError:
        pass  # the pulse above says it, and waits for the store
    except Exception:
        logger.exception("a page broke")
        st.error(BROKEN, icon=":material/bug_report:")


main()
