"""What breaks in the platform's code: which errors, since when, whom they hit, and what must not be in them."""

import streamlit as st

from ui import axes, controls, errors, figures, lists, readings, store, tables, trends

TITLE = "Errors"
ICON = "bug_report"
ORDER = 2

zone, now = store.told().site.timezone, store.now()
window = controls.window("errors")
seen = store.errors(window)
theme = st.context.theme.type or "dark"

if not seen.read:
    st.html(lists.empty("Sentry is not read yet.", readings.SENTRY))
    st.stop()

st.html(readings.state(seen.readings["sentry.issues"], now, zone))
st.html(figures.errors(seen, now))
st.html(readings.brief([seen.readings[key] for key in readings.BESIDE], now))

if seen.findings:
    st.html(lists.findings(seen.findings, now))

st.subheader("Issues", anchor=False)
narrowed = controls.errors(seen)
shown = errors.chosen(seen.issues, now, narrowed.project, narrowed.environment, narrowed.release, narrowed.since)
if shown:
    st.dataframe(
        tables.issues(shown, zone), column_config=tables.ISSUES, hide_index=True, key="issues",
        alt=f"{len(shown)} unresolved issues, the most urgent first",
    )  # fmt: skip
elif seen.issues:
    st.html(lists.empty("No issue is like that.", "Take away the project, the release or the time."))
else:
    st.html(lists.empty("No unresolved issue.", "What Sentry sees next appears here within a minute."))

st.subheader("Events and what changed", anchor=False)
if seen.trend.empty:
    st.html(lists.empty("No numbers yet.", "The first one appears with Sentry's first answer."))
else:
    st.plotly_chart(trends.course(seen.trend, theme, zone), config=axes.QUIET, key="events", alt=seen.trend.alt)

if seen.releases:
    st.subheader("Releases", anchor=False)
    if not seen.readings["sentry.health"].known:
        st.html(readings.as_of(seen.readings["sentry.health"], now))
    st.dataframe(
        tables.releases(seen.releases, zone), column_config=tables.RELEASES, hide_index=True, key="releases",
        alt=f"{len(seen.releases)} releases, newest first",
    )  # fmt: skip

st.subheader("Privacy", anchor=False)
st.html(readings.brief([seen.readings["sentry.privacy"]], now))
st.html(readings.audited(seen.audited))
if seen.privacy:
    st.html(lists.findings(seen.privacy, now))
if seen.leaks:
    st.dataframe(
        tables.leaks(seen.leaks), column_config=tables.LEAKS, hide_index=True, key="leaks",
        alt=f"{len(seen.leaks)} places in error events that hold what they must not",
    )  # fmt: skip
