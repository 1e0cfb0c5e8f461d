"""One monitor in full: its states, its latency, what changed, where the time goes, and how its numbers are made."""

import streamlit as st

from ui import axes, banner, board, charts, controls, lists, making, phases, store, tables

TITLE = "Monitor"
ICON = "troubleshoot"
ORDER = 1

known = store.told()
zone, now = known.site.timezone, store.now()

with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    key = controls.monitor()
    window = controls.window("monitor")

if store.monitor(key) is None:
    asked = f"No monitor has the key {key!r}." if key else "No monitor is chosen."
    st.html(lists.empty(asked, "Pick one above or below; the address then leads here again."))
    st.html(board.drawn(window, store.board(window).tiles, "all"))
    st.stop()

detail = store.one(key, window)
theme = st.context.theme.type or "dark"

st.html(banner.one(detail.tile, detail.monitor, now, zone))
st.html(lists.facts(making.figures(detail)))
with st.popover("How is this number made", icon=":material/calculate:"):
    st.html(lists.facts(making.uptime(detail, zone)))
    st.caption(making.RULE)

st.subheader("Course", anchor=False)
if detail.points:
    st.plotly_chart(charts.course(detail, theme, zone), config=axes.QUIET, key="course", alt=making.course(detail))
else:
    st.html(lists.empty("No latency yet.", "The first point appears a minute after the first sample."))

if detail.tile.nearby:
    st.subheader("What changed before", anchor=False)
    st.html(lists.near(detail.tile))

if making.blame(detail):
    st.subheader("Whose downtime", anchor=False)
    st.html(lists.facts(making.blame(detail)))
    st.caption(making.COINCIDENCE)

if detail.findings:
    st.subheader("Findings", anchor=False)
    st.html(lists.findings(detail.findings, now))

if detail.parts:
    st.subheader("Parts", anchor=False)
    st.html(lists.parts(detail.parts, window))

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("What happened", anchor=False)
    st.html(lists.changes([*detail.changes, *detail.flips], now, zone))
with right:
    st.subheader("Newest answer", anchor=False)
    st.html(phases.newest(detail, now))

if any(point.latency_sum for point in detail.points):
    st.subheader("Where the time goes", anchor=False)
    st.plotly_chart(phases.figure(detail, theme, zone), config=axes.QUIET, key="phases", alt=making.phases(detail))

st.subheader("Recent samples", anchor=False)
st.dataframe(
    tables.samples(detail.samples, zone), column_config=tables.SAMPLES, hide_index=True, height=320, key="samples",
    alt=f"The last {len(detail.samples)} samples of {detail.monitor.key}",
)  # fmt: skip
