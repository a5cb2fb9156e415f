"""The codebook as a manual, with examples from the corpus; codes of one's own."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import IptNlpError
from ipt_nlp.ui.state.glimpses import shown_by_model
from ipt_nlp.ui.state.manual import NewCode, add_code, examples, mark_cues
from ipt_nlp.ui.views.entry import entry, manual
from ipt_nlp.ui.views.hits import hit_list
from ipt_nlp.ui.views.shared import (
    actor,
    codebook,
    may_add_codes,
    model_codes,
    pipeline,
    plain,
    shows_model,
    store,
)

LOOKING = "Looking for its cues in the stored sessions …"


def one_code(book: Codebook) -> None:
    """An entry beside turns of the corpus that have the code."""
    titles = {label.name: label.title for label in book.labels}
    choice, _ = st.columns([2, 3])
    name = choice.selectbox("Code", list(titles), format_func=lambda label: titles[label])
    left, right = st.columns(2, gap="large")
    with left:
        st.html(entry(book, name, scroll=False))
    with right:
        hits = examples(store(), actor(), name, blind=not model_codes())
        shows_model(shown_by_model(hits))
        st.html(hit_list(hits, name))


def own_code(book: Codebook) -> None:
    """The form for a code of one's own."""
    st.text(
        "A code of your own is added to a copy of this codebook. Its cue phrases tag turns at once, and what you "
        "code with it is collected until there is enough to train on."
    )
    groups = {group.name: group.title for group in book.groups}
    with st.form("own_code"):
        one, two = st.columns([3, 2])
        title = one.text_input("Title", max_chars=60)
        group = two.selectbox("Group", list(groups), format_func=lambda name: groups[name])
        definition = st.text_area("Definition", height=80)
        cues = st.text_area(
            "Cue phrases, one a line",
            height=120,
            placeholder="have you tried\nwhat (he|she|they) said\nhow ... feel",
            help=plain("(he|she) is a choice, a ? after a word makes it optional, ... stands for up to three words."),
        )
        if st.form_submit_button("Add the code", type="primary"):
            save(NewCode(title, group, definition, tuple(cues.splitlines())))


def save(code: NewCode) -> None:
    """Add the code and look for its cues in what is stored."""
    try:
        book = add_code(code)
    except IptNlpError as error:
        st.error(plain(str(error)))
        return
    bar = st.progress(0.0, LOOKING)
    count = mark_cues(store(), actor(), pipeline(book.ref), book, lambda share: bar.progress(share, LOOKING))
    sessions = "session" if count == 1 else "sessions"
    st.session_state["added_code"] = f"{code.title} is added; codebook {book.ref}. {count} {sessions} looked through."
    st.rerun()


book = codebook()
if message := st.session_state.pop("added_code", ""):
    st.success(plain(message))
st.text(f"{book.title}, version {book.version} · {len(book.labels)} codes")
names = ["One code", "The whole manual", *(["Add a code"] if may_add_codes() else [])]
tabs = st.tabs(names)
with tabs[0]:
    one_code(book)
with tabs[1]:
    st.html(manual(book))
if may_add_codes():
    with tabs[2]:
        own_code(book)
