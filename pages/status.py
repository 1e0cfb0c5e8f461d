"""Is it working? In plain words, for everybody; with ninety days of history and nothing internal."""

import streamlit as st

from ui import public, store

TITLE = "Status"
ICON = "task_alt"
ORDER = 9

status = store.public()
st.html(public.headline(status))
st.html(public.components(status))
st.html(public.planned(status, store.told().site.timezone))
