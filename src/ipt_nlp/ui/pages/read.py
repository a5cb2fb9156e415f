"""One session as a conversation with its tags."""

from __future__ import annotations

import streamlit as st
from spacy.language import Language

import ipt_nlp
from ipt_nlp.errors import InputError
from ipt_nlp.readers import SUFFIXES
from ipt_nlp.ui.sessions import Tagged, tag_example, tag_upload

HEIGHT = 1000


@st.cache_resource(show_spinner="Loading the model …")
def pipeline() -> Language:
    return ipt_nlp.load("default")


@st.cache_data(show_spinner="Tagging the session …", max_entries=8)
def tagged(name: str | None, data: bytes) -> Tagged:
    return tag_upload(pipeline(), name, data) if name else tag_example(pipeline())


upload = st.file_uploader(
    "A transcript. It stays on this machine; nothing is stored.", type=[suffix[1:] for suffix in SUFFIXES]
)
try:
    found = tagged(upload.name, upload.getvalue()) if upload else tagged(None, b"")
except InputError as error:
    st.error(f"{upload.name if upload else ''}: {error.problem}. {error.remedy}.")
else:
    if not upload:
        st.caption("This is the example session. Drop a file above to read another.")
    for notice in found.notices:
        st.warning(notice)
    page = found.page()
    st.download_button("Download this page", page, "session.html", "text/html")
    st.iframe(page, height=HEIGHT)
