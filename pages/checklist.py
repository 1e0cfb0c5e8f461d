"""May it be released? The verdict with its evidence, what people signed, and where to sign."""

import streamlit as st

from ui import controls, lists, store, verdicts

TITLE = "Checklist"
ICON = "rule"
ORDER = 4

known = store.told()
zone, now = known.site.timezone, store.now()

if not known.checklists:
    st.html(
        lists.empty(
            "There is no checklist yet.", "A [[checklist]] table in wardround.toml makes one; the example has one."
        )
    )
    st.stop()

chosen = controls.checklist()
seen = store.verdict(chosen.key, chosen.release)

st.html(verdicts.banner(seen.verdict, now))
for group, items in verdicts.items(seen.verdict, seen.names, now, zone):
    st.subheader(group, anchor=False)
    st.html(items)

st.subheader("Sign", anchor=False)
controls.sign(seen)

if seen.trail:
    st.subheader("Who decided what", anchor=False)
    st.html(verdicts.trail(seen.trail, seen.names, now, zone))
