"""Signing in, where the store has users or an identity provider is set up."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.ui.state.people import Refused
from ipt_nlp.ui.views.shared import oidc_configured, own_store, plain, user


def with_provider() -> None:
    who = user()
    if isinstance(who, Refused):
        st.error(plain(who.why))
        st.button("Sign out", on_click=st.logout)
    else:
        st.button("Sign in with your organisation", type="primary", on_click=st.login)


def with_password() -> None:
    with st.form("sign_in"):
        name = st.text_input("Name")
        password = st.text_input("Password", type="password")
        if not st.form_submit_button("Sign in", type="primary"):
            return
    found = own_store().users.verify(name.strip(), password)
    if found is None:
        st.error("The name or the password is wrong, or the user has been disabled.")
        return
    st.session_state["signed_in"] = found.name
    st.rerun()


_, middle, _ = st.columns([1, 1, 1])
with middle:
    st.title("ipt-nlp")
    if oidc_configured():
        with_provider()
    else:
        with_password()
