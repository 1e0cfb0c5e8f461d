"""How the watch itself is doing: its poller, its messages, its store, its configuration."""

import streamlit as st

from ui import lists, store, tables, watch

TITLE = "About the watch"
ICON = "visibility"
ORDER = 11

known, seen, now = store.told(), store.watch(), store.now()
zone = known.site.timezone

st.subheader("Poller", anchor=False)
st.html(watch.poller(seen, now, zone, store.advice()))

st.subheader("Messages", anchor=False)
st.html(watch.outbox(seen, now))
if seen.recent:
    st.dataframe(
        tables.messages(seen.recent, zone), column_config=tables.MESSAGES, hide_index=True, key="messages",
        alt="The newest messages and what became of them",
    )  # fmt: skip

st.subheader("Store and versions", anchor=False)
st.html(lists.facts(watch.store_and_versions(seen)))

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Recent changes", anchor=False)
    st.html(lists.changes(seen.changes, now, zone))
with right:
    st.subheader("Configuration as loaded", anchor=False)
    st.dataframe(
        tables.settings(store.shown()), hide_index=True, height=420, key="settings", alt="Every setting, secrets as ***"
    )
