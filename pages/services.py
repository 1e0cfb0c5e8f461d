"""The outside services the platform stands on: state, since when, what they announce, how old that is, what to fix."""

import streamlit as st

from ui import controls, lists, readings, store

TITLE = "Services"
ICON = "hub"
ORDER = 2

zone, now = store.told().site.timezone, store.now()
window = controls.window("services")
found = store.services(window)

if not found:
    st.html(lists.empty("No outside service is read yet.", readings.HOW))
for service in found:
    st.subheader(service.title, anchor=False)
    st.html(readings.state(service, now, zone))
    if service.parts:
        st.html(lists.parts(service.parts, window))
    if service.incidents:
        st.html(readings.announced(service.incidents, now, zone))
