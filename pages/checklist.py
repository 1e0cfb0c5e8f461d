"""May it be released? The verdict with its evidence, what people signed, and where to sign."""

import streamlit as st

from ui import controls, lists, markup, store, verdicts

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

st.html(verdicts.banner(seen.verdict, now, zone, closed=seen.closed))
for group, items in verdicts.items(seen.verdict, seen.names, now, zone):
    st.subheader(group, anchor=False)
    st.html(items)

if seen.closed:
    st.caption("Another release has come since: this run is shown as it was judged last, and takes no signature.")
else:
    with st.container(key="sign-here"):
        st.subheader("Sign", anchor=False)
        controls.sign(seen)

if seen.plan:
    st.subheader("The way back", anchor=False)
    plan = dict(seen.plan)
    st.html(lists.facts([(name.capitalize(), said) for name, said in seen.plan if name != "rollback"]))
    if "rollback" in plan:
        st.caption("To roll back, run this yourself: Wardround only reads. How the release went: page Deployments.")
        st.code(plan["rollback"], language="bash")

if seen.trail:
    st.subheader("Who decided what", anchor=False)
    st.html(verdicts.trail(seen.trail, seen.names, now, zone))

if seen.runs:
    st.subheader("Runs of this list", anchor=False)
    st.html(verdicts.runs(seen.runs, now, zone))

st.html(markup.book("recovery", "Recovery, step by step"))
st.html(markup.book("incident", "What to do in an incident"))
