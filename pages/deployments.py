"""What serves production, how the newest releases went, what to go back to; every deployment on one axis of time."""

import streamlit as st

from ui import axes, controls, lists, readings, report, store, tables, trends, verdicts

TITLE = "Deployments"
ICON = "rocket_launch"
ORDER = 3

zone, now = store.told().site.timezone, store.now()
window = controls.window("deployments")
seen = store.ships(window)
theme = st.context.theme.type or "dark"

if not seen.read:
    st.html(lists.empty("Vercel is not read yet.", readings.VERCEL))
    st.stop()

reading = store.service("vercel.deployments", window)
known = reading is not None and reading.known
if reading and reading.trouble:
    st.html(readings.state(reading, now, zone))
if seen.serving:
    st.html(report.serving(seen.serving, seen.since, reading, now, zone))
else:
    st.html(lists.empty("What serves production is not known yet.", "It appears with Vercel's first answer."))
if seen.findings:
    st.html(lists.findings(seen.findings, now))

if seen.card:
    st.subheader("How what serves goes" if known else "How what served last went", anchor=False)
    st.html(report.drawn(seen.card, zone, known=known))
    if known and "rollback" in seen.facts:
        st.html(report.way_back(seen.facts["previous"]))
        st.code(seen.facts["rollback"], language="bash")
if seen.older:
    st.subheader("What served before", anchor=False)
    st.html(report.folded(seen.older, zone, now))

if seen.runs:
    st.subheader("What the checklists say of it", anchor=False)
    st.html(verdicts.about(seen.runs, {each.key: each.name for each in store.told().checklists}, now, zone))

st.subheader("Answers and what changed", anchor=False)
if seen.trend.empty:
    st.html(lists.empty("No latency yet.", "The first point appears an hour after the first sample."))
else:
    st.plotly_chart(trends.course(seen.trend, theme, zone), config=axes.QUIET, key="answers", alt=seen.trend.alt)

st.subheader("Deployments", anchor=False)
if seen.listed:
    st.dataframe(
        tables.deployments(seen.listed, zone), column_config=tables.DEPLOYMENTS, hide_index=True, key="listed",
        alt=f"{len(seen.listed)} deployments, newest first",
    )  # fmt: skip
else:
    st.html(lists.empty("No deployment in this window.", "Choose a longer one above."))
