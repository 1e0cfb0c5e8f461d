"""How well the platform is kept, beside what has to be mended: headers, certificates, variables, data, privacy."""

import streamlit as st

from ui import axes, controls, lists, posture, rows, store, trends

TITLE = "Posture"
ICON = "shield"
ORDER = 7

zone, now = store.told().site.timezone, store.now()
theme = st.context.theme.type or "dark"
window = controls.window("posture")
seen = store.posture(window)

if not seen.sections:
    st.html(lists.empty("Nothing of the posture is looked at yet.", posture.HOW))
    st.stop()

st.html(lists.facts(seen.figures))
st.subheader("To mend", anchor=False)
if seen.wrong:
    st.html(rows.listed(rows.rows(seen.wrong)))
else:
    st.html(lists.empty("Nothing has to be mended.", "What is not known is not among it: see below."))

if not seen.trend.empty:
    st.subheader("Score over time", anchor=False)
    st.plotly_chart(trends.course(seen.trend, theme, zone), config=axes.QUIET, key="score", alt=seen.trend.alt)

st.subheader("Everything that is looked at", anchor=False)
for section in seen.sections:
    with st.expander(rows.head(section, now), icon=rows.SIGNS[section.status]):
        st.html(rows.source(section))
        st.html(rows.listed(rows.rows(section.rules)))
