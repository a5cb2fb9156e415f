"""Signing in, where the store has users or an identity provider is set up."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.ui.state.people import FIRST_ADMIN, Refused, no_admin, no_authlib, registered_place, why_not
from ipt_nlp.ui.views.shared import oidc_configured, own_store, plain, user
from ipt_nlp.ui.views.staying import begin


def with_provider() -> None:
    if problem := no_admin(own_store()):
        st.error(plain(problem))
        st.code(FIRST_ADMIN, language="bash", wrap_lines=True)
        return
    if problem := no_authlib():
        st.error(plain(problem))
        return
    redirect_uri = str(st.secrets["auth"].get("redirect_uri", ""))
    who = user()
    if place := registered_place(redirect_uri, st.context.url or ""):
        st.info(plain(f"Your organisation knows this app as {place} and sends you back to there."))
        st.link_button("Go there to sign in", place, type="primary")
    elif isinstance(who, Refused):
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
    tried = own_store().sign_ins.attempt(name.strip(), password)
    if tried.user is None:
        st.error(why_not(tried))
        return
    begin(own_store(), tried.user.name)
    st.rerun()


_, middle, _ = st.columns([1, 1, 1])
with middle:
    st.title("ipt-nlp")
    if oidc_configured():
        with_provider()
    else:
        with_password()
