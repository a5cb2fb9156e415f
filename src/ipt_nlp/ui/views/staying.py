"""Staying signed in over a refresh and in a second tab.

The ticket is in a cookie and not in the tab's own storage, which a second tab does not have. Scripts of the page can
read it, and that is safe enough: text is never shown as HTML that runs, so there is no script but the app's own.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ipt_nlp.store import AnnotationStore
from ipt_nlp.ui.state.tickets import Tickets, same_origin

TICKET = "ticket"
_MOUNT = st.components.v2.component("ipt_staying", js=Path(__file__).with_name("staying.js").read_text("utf-8"))


@st.cache_resource(show_spinner=False)
def tickets() -> Tickets:
    """The tickets of all who have signed in since the app was started."""
    return Tickets()


def ticket() -> str:
    """The ticket of this window, which begins with the one that its browser keeps; "" for none."""
    if TICKET not in st.session_state:
        headers = st.context.headers
        ours = same_origin(headers.get("Origin", ""), headers.get("Host", ""))
        st.session_state[TICKET] = st.context.cookies.get(_cookie(), "") if ours else ""
    return str(st.session_state[TICKET])


def begin(store: AnnotationStore, name: str) -> None:
    """Give this window to a user who has just shown who they are, with nothing left of who was working in it."""
    st.session_state.clear()
    st.session_state[TICKET] = tickets().issue(store, name)


def end() -> None:
    """Leave nothing of who was working in this window; the browser's other tabs are out too."""
    tickets().drop(ticket())
    st.session_state.clear()
    st.session_state[TICKET] = ""


def keep() -> None:
    """Let the browser keep the ticket of whoever is signed in in this window."""
    if given := st.session_state.get(TICKET):
        _MOUNT(key="staying", data={"name": _cookie(), "ticket": given})


def _cookie() -> str:
    # A cookie is for all ports of a machine, and each may have an app of its own.
    return f"ipt_nlp_{st.get_option('server.port')}"
