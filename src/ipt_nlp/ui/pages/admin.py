"""Users, assignments, the audit trail and backups; for admins."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path

import streamlit as st

from ipt_nlp.store.values import ROLES
from ipt_nlp.ui.state.admin import (
    Outcome,
    add_user,
    back_up,
    backup_folder,
    backup_path,
    backups,
    change_role,
    free,
    held,
    held_table,
    new_password,
    set_disabled,
    size,
    trail_table,
    user_table,
    verified,
)
from ipt_nlp.ui.views.shared import actor, in_example, oidc_configured, open_example, plain, store

ENTRIES = 200
ANYBODY, ANYTHING = "anybody", "anything"


def told(outcome: Outcome) -> None:
    """Show what became of something, after the page has been drawn anew where it was done."""
    if outcome.done:
        st.session_state["told"] = outcome.text
        st.rerun()
    st.error(plain(outcome.text))


def users() -> None:
    """Everybody who may sign in, and the forms to change that."""
    there = store().users.list()
    if not there:
        st.info(
            "Nobody has been added: whoever opens the app works as the owner of this machine, without a password. "
            "Add an admin first; from then on everybody signs in."
        )
    else:
        st.dataframe(user_table(store()), hide_index=True)
    one, two = st.columns(2, gap="large")
    with one:
        new_user()
    with two:
        if there:
            known_user([user.name for user in there])


def new_user() -> None:
    st.markdown("**Add somebody**")
    with st.form("add", clear_on_submit=False):
        by_provider = oidc_configured()
        name = st.text_input("E-mail address" if by_provider else "Name", help="As they sign in")
        role = st.selectbox("Role", ROLES, 0 if store().users.list() else ROLES.index("admin"))
        # Who signs in through a provider has a password that nobody knows.
        password = secrets.token_urlsafe() if by_provider else ask_password()
        if st.form_submit_button("Add", type="primary"):
            told(add_user(store(), actor(), name, role, password))


def ask_password() -> str:
    return st.text_input("Password", type="password", help="At least 10 characters")


def known_user(names: list[str]) -> None:
    st.markdown("**Change somebody**")
    with st.container(border=True):
        name = st.selectbox("Who", names)
        known = store().users.get(name)
        if known is None:
            return
        one, two = st.columns([2, 1], vertical_alignment="bottom")
        role = one.selectbox("Role", ROLES, ROLES.index(known.role), key=f"role_of_{name}")
        if two.button("Save the role", width="stretch", disabled=role == known.role):
            told(change_role(store(), actor(), name, role))
        if not oidc_configured():
            change_password(name)
        if st.button("Let them sign in again" if known.disabled else "Disable: keep them out"):
            told(set_disabled(store(), actor(), name, disabled=not known.disabled))


def change_password(name: str) -> None:
    one, two = st.columns([2, 1], vertical_alignment="bottom")
    password = one.text_input("New password", type="password", key=f"password_of_{name}")
    if two.button("Set it", width="stretch", disabled=not password):
        told(new_password(store(), actor(), name, password))


def assignments() -> None:
    """Who holds which turns; a lease that is not renewed comes back by itself."""
    rows = held(store())
    if not rows:
        st.info("Nobody holds turns of a shared queue now.")
        return
    st.caption("Turns that coders hold in shared queues. They come back by themselves when their time is over.")
    event = st.dataframe(held_table(rows), hide_index=True, on_select="rerun", selection_mode="single-row", key="held")
    selected = event["selection"]["rows"]
    row = rows[selected[0]] if selected and selected[0] < len(rows) else None
    said = f"Release what {plain(row.holder)} holds in “{plain(row.queue)}”" if row else "Select a row to release it"
    if st.button(said, disabled=row is None) and row:
        told(free(store(), actor(), row))


def trail() -> None:
    """Every write, newest first."""
    one, two, three = st.columns([2, 2, 3], vertical_alignment="bottom")
    who = one.selectbox("Who", [ANYBODY, *store().audit.actors()])
    what = two.selectbox("What", [ANYTHING, *store().audit.kinds()])
    if three.button("Verify the chain", help="Derives every digest and hash of the store again"):
        with st.spinner("Verifying …"):
            outcome = verified(store())
        (st.success if outcome.done else st.error)(plain(outcome.text))
    entries = store().audit.newest(
        ENTRIES, actor=None if who == ANYBODY else who, what=None if what == ANYTHING else what
    )
    st.dataframe(trail_table(entries), hide_index=True, height=430)
    st.caption(f"The newest {ENTRIES} that meet the choice. Hashes are chained: each covers the entry before it.")


def backing_up() -> None:
    """Where the store is, and copies of it."""
    st.text(f"Store: {store().database.name}, {size(store().database.size())}")
    st.caption("A backup holds what clients said, and password hashes: keep it as safe as the store.")
    one, two, _ = st.columns([3, 2, 3], vertical_alignment="bottom")
    name = one.text_input("Name of the backup", f"ipt-nlp-{date.today().isoformat()}")  # the person's own day
    if two.button("Write the backup", type="primary", width="stretch"):
        path = backup_path(store(), name)
        wrong = Outcome("A plain name is needed, without slashes or a dot in front.", done=False)
        told(back_up(store(), actor(), path) if path else wrong)
    for path in backups(store()):
        saved(path)
    st.caption(f"Backups lie in {plain(str(backup_folder(store())))}.")
    st.text("Restoring is a command, into a new store, so that nothing here is overwritten:")
    st.code("ipt-nlp store restore BACKUP.zip --store NEW.db", language="bash")


def saved(path: Path) -> None:
    """A backup that lies there, to download."""
    one, two, _ = st.columns([3, 2, 3], vertical_alignment="center")
    one.text(f"{path.name}, {size(path.stat().st_size)}")
    two.download_button(
        "Download", path.read_bytes, path.name, "application/zip", on_click="ignore", width="stretch", key=f"get_{path}"
    )


def page() -> None:
    if in_example():
        st.info("This is the example project. Users, audit trail and backups belong to a project of your own.")
        st.button("Start my own project", on_click=open_example, args=(False,), type="primary")
        return
    if actor().role != "admin":
        st.info("This page is for admins.")
        return
    if message := st.session_state.pop("told", ""):
        st.success(plain(message))
    tabs = st.tabs(["Users", "Assignments", "Audit trail", "Backup"])
    for tab, show in zip(tabs, (users, assignments, trail, backing_up), strict=True):
        with tab:
            show()


page()
