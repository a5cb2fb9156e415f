"""The app's entry for Streamlit: page configuration and navigation, nothing else. Start it with ``ipt-nlp app``."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.store.values import User
from ipt_nlp.ui import PAGES, SIGN_IN
from ipt_nlp.ui.views.shared import footer, user
from ipt_nlp.ui.views.style import STYLE

st.set_page_config(page_title="ipt-nlp", layout="wide")
st.html(STYLE)
who = user()
if isinstance(who, User):
    pages = [st.Page(p.file, title=p.title, url_path=p.url) for p in PAGES if who.role in p.roles]
    st.navigation(pages, position="top").run()
    footer()
else:
    # Under every address, so that whoever comes back to a page is on it once they have signed in.
    st.navigation([st.Page(SIGN_IN.file, title=p.title, url_path=p.url) for p in PAGES], position="hidden").run()
