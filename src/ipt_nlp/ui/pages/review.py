"""One turn in focus, coded by keyboard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from ipt_nlp.codebook import LabelGroup
from ipt_nlp.store.values import Item, User
from ipt_nlp.ui.keys import COMMANDS, Command, label_keys
from ipt_nlp.ui.state.desk import (
    Cursor,
    Desk,
    arrive,
    begin,
    catch_up,
    current,
    open_desk,
    progress,
    shown_entry,
)
from ipt_nlp.ui.state.presses import Board, handle, received
from ipt_nlp.ui.state.queues import SESSION, Queue, next_item, offered
from ipt_nlp.ui.state.review import Press, press
from ipt_nlp.ui.state.turns import TurnView
from ipt_nlp.ui.views.conversation import conversation
from ipt_nlp.ui.views.entry import entry
from ipt_nlp.ui.views.keyboard import keyboard, sent
from ipt_nlp.ui.views.notices import conflict_html, progress_text
from ipt_nlp.ui.views.shared import actor, glimpse, material, plain, queue_order, store
from ipt_nlp.ui.views.style import FOCUS

COLUMNS = 3
TALK, CODES = 0.47, 0.53
AT_END = "Nothing is left in this queue, or what is left is with another coder just now."
ROW_ONE: tuple[tuple[Command, str], ...] = (("undo", "Undo"), ("skip", "Skip"), ("flag", "Flag"), ("note", "Note"))
ROW_TWO: tuple[tuple[Command, str], ...] = (
    ("previous", "Back"),
    ("next", "Forward"),
    ("none", "Clear"),
    ("entry_up", "Look up"),
    ("entry_down", "Look up"),
)


def board() -> Board:
    """What this window's browser and the server agree on."""
    found: Board = st.session_state.setdefault("board", Board())
    return found


def pressed(desk: Desk, view: TurnView, what: Press, value: str | None = None) -> None:
    """What every button does where the browser does not send its presses itself: act on the turn on the screen."""
    cursor: Cursor = st.session_state["cursor"]
    if cursor.item == (desk.transcript_id, view.utterance.utterance_id):
        st.session_state["cursor"] = press(desk, cursor, view, what, time.monotonic(), value)
        board().view = None


def took() -> None:
    """Handle what the browser has sent. In a callback, which no other press can interrupt halfway."""
    here, cursor = board(), st.session_state.get("cursor")
    drawn = here.desk
    if drawn is None or cursor is None:
        return
    presses = received(here, sent(), time.monotonic())
    st.session_state["cursor"] = handle(
        here, cursor, presses, lambda name: desk_for(actor(), drawn.queue, drawn.order, name, drawn.blind)
    )


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
    """The keys below the conversation."""
    with st.container(key="commands"):
        wide, *others = st.columns([2, 1, 1, 1, 1], gap="xsmall")
        with wide:
            command(desk, view, "accept", "Save, next" if view.labels else "No code, next", "primary")
        for column, (name, label) in zip(others, ROW_ONE, strict=True):
            with column:
                command(desk, view, name, label)
        for column, (name, label) in zip(st.columns([1, 1.2, 1.5, 1.2, 1.2], gap="xsmall"), ROW_TWO, strict=True):
            with column:
                command(desk, view, name, label)


def codes(desk: Desk, view: TurnView) -> None:
    """A button for each code. Those that do not apply to the speaker stay in their places, out of use."""
    keys = label_keys(desk.material.codebook)
    with st.container(key="codes"):
        for group in desk.material.codebook.groups:
            st.caption(plain(group.title) + (" · one of these" if group.exclusive else ""))
            code_buttons(desk, view, group, keys)


def code_buttons(desk: Desk, view: TurnView, group: LabelGroup, keys: dict[str, str]) -> None:
    book = desk.material.codebook
    labels = book.labels_of(group.name)
    rows = -(-len(labels) // COLUMNS)
    for number, column in enumerate(st.columns(COLUMNS, gap="xsmall")):
        with column:
            for label in labels[number * rows : (number + 1) * rows]:
                chosen = label in view.labels
                title = plain(book.by_name[label].title)
                st.button(
                    f"✓ {title}" if chosen else title,
                    key=f"code_{label}",
                    shortcut=keys.get(label),
                    on_click=pressed,
                    args=(desk, view, "toggle", label),
                    type="primary" if chosen else "secondary",
                    disabled=group not in view.groups,
                    width="stretch",
                )


def desk_for(who: User, queue: Queue, order: Sequence[Item], transcript_id: str, blind: bool) -> Desk:
    """The desk, with what is new since the last press."""
    known = catch_up(store(), who, transcript_id, st.session_state.get("known"))
    st.session_state["known"] = known
    return open_desk(store(), who, material(transcript_id), blind=blind, queue=queue, order=order, known=known)


def opened(queue: Queue, transcript_id: str, blind: bool) -> Desk | None:
    """The desk for the turn in focus; None where a shared queue has nothing left."""
    who = actor()
    cursor: Cursor | None = st.session_state.get("cursor")
    if queue.order is None:
        desk = desk_for(who, queue, (), transcript_id, blind)
        if cursor is None or cursor.transcript_id != transcript_id:
            st.session_state["cursor"] = begin(desk, time.monotonic())
        return desk
    order = queue_order(queue.name)
    item = cursor.item if cursor else next_item(store(), who, queue, order, None)
    if item is None:
        return None
    desk = desk_for(who, queue, order, item[0], blind)
    if cursor is None:
        st.session_state["cursor"] = arrive(desk, item, time.monotonic())
    return desk


@st.fragment
def turn(queue: Queue, transcript_id: str, blind: bool, ahead: bool) -> None:
    """The turn in focus; a key press runs nothing but this."""
    desk = opened(queue, transcript_id, blind)
    if desk is None:
        st.success(AT_END)
        return
    cursor: Cursor = st.session_state["cursor"]
    view = current(desk, cursor)
    if view.in_view:
        glimpse([cursor.item])
    here = board()
    here.draws(desk, cursor, view)
    name = shown_entry(desk, view, cursor)
    left, right = st.columns([TALK, CODES], gap="medium")
    with left:
        st.html(progress_text(progress(desk), view, cursor, here.screen))
        if cursor.conflict:
            st.html(conflict_html(cursor.conflict, desk.material.codebook))
            command(desk, view, "mine", "Save my version instead")
        keys = label_keys(desk.material.codebook)
        st.html(conversation(desk.material, view, keys, ahead=ahead, looked_up=name))
        commands(desk, view)
    with right:
        codes(desk, view)
        if name:
            st.html(entry(desk.material.codebook, name))
    if cursor.noting:
        st.session_state["cursor"] = cursor.written()
        write_note(desk, view)
    keyboard(here, desk.material.codebook, took)


def restart() -> None:
    """Another session or queue: the cursor begins anew, once what was pressed before has been handled."""
    st.session_state["restart"] = True


def restarted() -> None:
    if st.session_state.pop("restart", False):
        board().hold()
        st.session_state.pop("cursor", None)


def from_link(transcript_id: str) -> None:
    """Go to the turn that a link names."""
    number = st.query_params.pop("turn", "")
    if number.isdecimal():
        desk = open_desk(store(), actor(), material(transcript_id))
        turns = desk.material.transcript.utterances
        wanted = turns[min(max(int(number), 1), len(turns)) - 1].utterance_id
        if wanted in desk.material.codable:
            board().hold()
            st.session_state["cursor"] = arrive(desk, wanted, time.monotonic())


def page() -> None:
    restarted()
    names = store().search.transcript_ids()
    if not names:
        st.info("There is no session to review yet. Import one on the page Sessions.")
        return
    if "turn" in st.query_params:
        st.session_state["queue"] = SESSION.name
    queues = offered(actor())
    one, two, three, four = st.columns([3, 3, 2, 2], gap="medium", vertical_alignment="center")
    with one:
        queue = queues[
            st.selectbox(
                "Queue", list(queues), format_func=lambda name: queues[name].title, key="queue", bind="query-params",
                on_change=restart, label_visibility="collapsed",
            )
        ]  # fmt: skip
    with two:
        chosen = st.selectbox(
            "Session", names, key="session", bind="query-params", on_change=restart, label_visibility="collapsed",
            disabled=queue.order is not None,
        )  # fmt: skip
    with three:
        # In the address, so that a refresh does not show what the coder asked not to see.
        shown = st.toggle("Show suggestions", value=True, key="assisted", bind="query-params", disabled=queue.blind)
    with four:
        # The manual has a turn judged by what came before it, never by what follows.
        ahead = st.toggle("Show what follows", value=False, key="ahead")
    if queue.about:
        st.caption(queue.about)
    st.html(FOCUS, unsafe_allow_javascript=True)
    from_link(str(chosen))
    turn(queue, str(chosen), not shown, ahead)


page()
