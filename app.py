"""The app's entry for Streamlit: page configuration and navigation, nothing else. Start it with ``ipt-nlp app``."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.ui import PAGES

st.set_page_config(page_title="ipt-nlp", layout="wide")
st.navigation([st.Page(file, title=title) for file, title in PAGES]).run()
