"""Can the data be brought back? Backups day by day, the last restore that was proven, room, and what Supabase keeps."""

import streamlit as st

from ui import banner, calendar, lists, markup, store

TITLE = "Backups"
ICON = "backup"
ORDER = 8

zone, now = store.told().site.timezone, store.now()
seen = store.backups()

if seen.empty:
    st.html(lists.empty("No backup is watched yet.", "Monitors with check backups or drill make this page."))
    st.stop()

for practice in seen.practices:
    st.subheader(practice.monitor.name, anchor=False)
    st.html(lists.facts(calendar.practice(practice, now)))
    if practice.drills:
        st.html(calendar.drills(practice, now, zone))

for folder in seen.folders:
    st.subheader(folder.monitor.name, anchor=False)
    if folder.days:
        st.html(calendar.weeks(folder.days))
    st.html(calendar.folder(folder, now))

if seen.managed:
    st.subheader("At Supabase", anchor=False)
    st.html(banner.managed(*seen.managed, now))

if seen.findings:
    st.subheader("To mend", anchor=False)
    st.html(lists.findings(seen.findings, now))

st.html(markup.book("recovery", "How to recover, step by step"))
