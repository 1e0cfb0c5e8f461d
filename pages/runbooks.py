"""What to do when it breaks: the runbooks of this project, as they lie in docs/runbooks."""

import streamlit as st

from ui import books

TITLE = "Runbooks"
ICON = "menu_book"
ORDER = 10

chosen = books.choice()
st.markdown(books.read(chosen))
