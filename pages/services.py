"""The outside services the platform stands on: state, since when, how old that is, what to fix; and the database."""

import streamlit as st

from ui import controls, figures, lists, readings, store

TITLE = "Services"
ICON = "hub"
ORDER = 6

zone, now = store.told().site.timezone, store.now()
window = controls.window("services")
found = store.services(window)
database = store.database(window)

if not found:
    st.html(lists.empty("No outside service is read yet.", readings.HOW))
if database:
    st.subheader("Database", anchor=False)
    if database.numbers or database.closed:
        st.html(figures.database(database, now))
    else:
        st.html(lists.empty("Nothing is known of the tables yet.", "What each reading says stands below."))
    if database.facts:
        st.html(lists.facts(database.facts))
for title, services in readings.grouped(found, store.told()):
    st.subheader(title, anchor=False)
    wrong = [finding for service in services for finding in service.findings]
    if wrong:
        st.html(lists.findings(wrong, now))
    st.html(readings.rows(services, now, window))
    parts = readings.parts(services)
    if parts:
        with st.expander(f"{len(parts)} parts"):
            st.html(lists.parts(parts, window, slim=True))
    incidents = [incident for service in services for incident in service.incidents]
    if incidents:
        st.html(readings.announced(incidents, now, zone))
