"""One turn in focus, coded by keyboard."""

from __future__ import annotations

import time
from typing import Literal

import streamlit as st

from ipt_nlp.codebook import LabelGroup
from ipt_nlp.ui.keys import COMMANDS, Command, label_keys
from ipt_nlp.ui.state.review import Cursor, Desk, Press, begin, current, open_desk, press, progress, shown_entry
from ipt_nlp.ui.state.turns import TurnView
from ipt_nlp.ui.views.conversation import conversation
from ipt_nlp.ui.views.entry import entry
from ipt_nlp.ui.views.notices import conflict_html, progress_text
from ipt_nlp.ui.views.shared import actor, material, plain, store

COLUMNS = 2
TALK, CODES = 0.57, 0.43


def pressed(desk: Desk, view: TurnView, what: Press, value: str | None = None) -> None:
    """What every button does: act on the turn that was on the screen."""
    cursor: Cursor = st.session_state["cursor"]
    if cursor.item == (desk.transcript_id, view.utterance.utterance_id):
        st.session_state["cursor"] = press(desk, cursor, view, what, time.monotonic(), value)


def command(
    desk: Desk, view: TurnView, name: Command, label: str, kind: Literal["primary", "secondary"] = "secondary"
) -> None:
    given = (desk, view, name)
    st.button(
        label, key=f"do_{name}", shortcut=COMMANDS[name], on_click=pressed, args=given, type=kind, width="stretch"
    )


@st.dialog("Note on this turn")
def write_note(desk: Desk, view: TurnView) -> None:
    text = st.text_area("Note", value=view.event.note if view.event else "", label_visibility="collapsed")
    if st.button("Save the note", type="primary", shortcut="Ctrl+Enter"):
        pressed(desk, view, "note", text)
        st.rerun()


def commands(desk: Desk, view: TurnView) -> None:
    """The row of keys below the conversation."""
    with st.container(key="commands"):
        wide, *others = st.columns([2, 1, 1, 1, 1], gap="xsmall")
        with wide:
            command(desk, view, "accept", "Save, next" if view.labels else "No code, next", "primary")
        for column, (name, label) in zip(others, ROW_ONE, strict=True):
            with column:
                command(desk, view, name, label)
        for column, (name, label) in zip(st.columns(5, gap="xsmall"), ROW_TWO, strict=True):
            with column:
                command(desk, view, name, label)


ROW_ONE: tuple[tuple[Command, str], ...] = (("undo", "Undo"), ("skip", "Skip"), ("flag", "Flag"), ("none", "Clear"))
ROW_TWO: tuple[tuple[Command, str], ...] = (
    ("previous", "Back"),
    ("next", "Forward"),
    ("entry_up", "Entry"),
    ("entry_down", "Entry"),
    ("note", "Note"),
)


def codes(desk: Desk, view: TurnView) -> None:
    """A button for each code of the groups that apply to the speaker."""
    with st.container(key="codes"):
        for group in view.groups:
            st.caption(plain(group.title))
            code_buttons(desk, view, group)


def code_buttons(desk: Desk, view: TurnView, group: LabelGroup) -> None:
    keys = label_keys(desk.material.codebook)
    labels = desk.material.codebook.labels_of(group.name)
    rows = -(-len(labels) // COLUMNS)
    for number, column in enumerate(st.columns(COLUMNS, gap="xsmall")):
        with column:
            for label in labels[number * rows : (number + 1) * rows]:
                chosen = label in view.labels
                title = plain(desk.material.codebook.by_name[label].title)
                st.button(
                    f"✓ {title}" if chosen else title,
                    key=f"code_{label}",
                    shortcut=keys.get(label),
                    on_click=pressed,
                    args=(desk, view, "toggle", label),
                    type="primary" if chosen else "secondary",
                    width="stretch",
                )


@st.fragment
def turn(transcript_id: str, blind: bool, ahead: bool) -> None:
    """The turn in focus; a key press runs nothing but this."""
    desk = open_desk(store(), actor(), material(transcript_id), blind=blind)
    cursor: Cursor | None = st.session_state.get("cursor")
    if cursor is None or cursor.transcript_id != transcript_id:
        cursor = st.session_state["cursor"] = begin(desk, time.monotonic())
    view = current(desk, cursor)
    left, right = st.columns([TALK, CODES], gap="medium")
    with left:
        st.html(progress_text(progress(desk), view, cursor))
        if cursor.conflict:
            st.html(conflict_html(cursor.conflict, desk.material.codebook))
            command(desk, view, "mine", "Save my version instead")
        st.html(conversation(desk.material, view, label_keys(desk.material.codebook), ahead=ahead))
        commands(desk, view)
    with right:
        codes(desk, view)
        name = shown_entry(desk, view, cursor)
        if name:
            st.html(entry(desk.material.codebook, name))
    if cursor.noting:
        st.session_state["cursor"] = cursor.written()
        write_note(desk, view)


def page() -> None:
    rows = store().transcripts.list()
    if not rows:
        st.info("There is no session to review yet. Import one on the page Sessions.")
        return
    names = [row.transcript_id for row in rows]
    one, two, three, _ = st.columns([3, 2, 2, 3], gap="medium", vertical_alignment="bottom")
    with one:
        chosen = st.selectbox("Session", names, key="session", bind="query-params", label_visibility="collapsed")
    with two:
        blind = not st.toggle("Show suggestions", value=True, key="assisted")
    with three:
        ahead = st.toggle("Show what follows", value=True, key="ahead")
    turn(str(chosen), blind, ahead)


page()
