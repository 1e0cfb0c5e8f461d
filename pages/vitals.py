"""How fast the platform is for the people who use it: Web Vitals of their browsers, by page, device and release."""

from urllib.parse import urlsplit

import streamlit as st

from ui import axes, controls, course, lists, measures, snippets, store

TITLE = "Vitals"
ICON = "speed"
ORDER = 5

known = store.told()
zone = known.site.timezone
theme = st.context.theme.type or "dark"
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    window = controls.window("vitals")
    device = controls.device()
    seen = store.vitals(window, device)
    if len(seen.sources) > 1:
        seen = store.vitals(window, device, controls.source(measures.ways(seen)))

st.html(measures.cards(seen))
st.html(measures.counts(seen))
if len(seen.sources) > 1:
    st.caption(measures.way(seen))

if not seen.n:
    st.html(
        lists.empty(
            "No browser has told anything yet.", "Paste the lines below into the platform; a minute later they tell."
        )
    )

st.subheader("Over time", anchor=False)
name = controls.vital([card.name for card in seen.cards if card.now.n] or ["LCP"])
if seen.points[name]:
    st.plotly_chart(course.drawn(seen, name, theme, zone), config=axes.QUIET, key="course", alt=course.alt(seen, name))
else:
    st.html(lists.empty(f"No {name} in this window.", "Choose a longer one above."))

if seen.routes:
    st.subheader("Pages, the worst first", anchor=False)
    rows, columns = measures.routes(seen.routes)
    st.dataframe(rows, column_config=columns, hide_index=True, key="routes", alt=f"{len(rows)} pages, the worst first")

if seen.metrics:
    st.subheader("API, database and other metrics", anchor=False)
    st.dataframe(
        measures.metrics(seen.metrics), column_config=measures.METRICS, hide_index=True, key="metrics",
        alt=f"{len(seen.metrics)} metrics of the platform's own",
    )  # fmt: skip

if seen.sentry.values:
    st.subheader("The same, as Sentry samples it", anchor=False)
    st.html(lists.facts(measures.sampled(seen)))

with st.expander("Let your pages tell", expanded=not seen.n):
    here = urlsplit(st.context.url or "")
    url = f"{here.scheme or 'https'}://{here.netloc or 'this-server'}/api/vitals"
    origins = ", ".join(known.vitals.origins) or "none yet: list them in [vitals] origins"
    st.caption(f"Pages that may send: {origins}.")
    plain, nextjs, rewrite, metric = st.tabs(["Any page", "Next.js", "Same origin", "Own metrics"])
    plain.code(snippets.plain(url), language="javascript")
    nextjs.code(snippets.next_js("/vitals"), language="javascript")
    rewrite.code(snippets.rewrite(url), language="javascript")
    rewrite.caption(
        f"Without it, connect-src of the platform's Content-Security-Policy needs {url.removesuffix('/api/vitals')}."
    )
    metric.code(snippets.METRIC, language="javascript")
