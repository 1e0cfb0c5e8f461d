"""What is wrong, since when, what changed just before; and how everything has been going.

For the on-call engineer: the worst first, all monitors below by group.
"""

import streamlit as st

from ui import board, controls, figures, lists, store, trouble
from ui.pulse import window as chosen

TITLE = "Overview"
ICON = "monitor_heart"
ORDER = 0

window = chosen("")
seen = store.board(window)

cards = trouble.drawn(window)
if cards:
    st.html(cards)
st.html(figures.headline(window))

wanted = controls.overview(seen)
tiles = board.chosen(seen.tiles, wanted.group, wanted.states, wanted.needle)
if tiles:
    st.html(board.drawn(window, tiles, wanted))
else:
    st.html(lists.empty("No monitor is like that.", "Take away the group, the state or a letter."))
