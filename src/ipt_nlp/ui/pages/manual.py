"""The codebook as a manual, with examples from the corpus; its versions; codes of one's own."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ipt_nlp.codebook import Codebook, Label
from ipt_nlp.errors import IptNlpError
from ipt_nlp.store.search import Query
from ipt_nlp.store.values import User
from ipt_nlp.ui.state.glimpses import shown_by_others
from ipt_nlp.ui.state.manual import confusable, cues_of, examples, mark_cues
from ipt_nlp.ui.state.own_codes import NewCode, add_code, change_code
from ipt_nlp.ui.state.search import found
from ipt_nlp.ui.views.entry import entry, manual
from ipt_nlp.ui.views.hits import hit_list
from ipt_nlp.ui.views.shared import (
    actor,
    codebook,
    glimpse,
    in_example,
    may_add_codes,
    model_codes,
    own_store,
    own_user,
    pipeline,
    plain,
    store,
)
from ipt_nlp.ui.views.versions import version_history

LOOKING = "Looking for its cues in the stored sessions …"
CUES_HELP = "(he|she) is a choice, a ? after a word makes it optional, ... stands for up to three words."
CUES_LIKE = "have you tried\nwhat (he|she|they) said\nhow ... feel"


def one_code(book: Codebook) -> None:
    """An entry beside turns of the corpus that have the code."""
    titles = {label.name: label.title for label in book.labels}
    choice, _ = st.columns([2, 3])
    name = choice.selectbox("Code", list(titles), format_func=lambda label: titles[label], key="code")
    left, right = st.columns(2, gap="large")
    with left:
        st.html(entry(book, name, in_full=True))
    with right:
        mistaken_for(book, name)
        hits = examples(store(), actor(), name, blind=not model_codes())
        glimpse(shown_by_others(hits, actor()))
        st.html(hit_list(hits, name, book))


def mistaken_for(book: Codebook, name: str) -> None:
    """Buttons to the codes that the entry sends to, or that send to it."""
    others = confusable(book, name)
    if not others:
        return
    st.html('<div class="ipt"><h4>Easily confused with</h4></div>')
    with st.container(key="confusable", horizontal=True, gap="xsmall"):
        for other in others:
            st.button(plain(book.by_name[other].title), key=f"see_{other}", on_click=go_to, args=(other,))


def go_to(name: str) -> None:
    st.session_state["code"] = name


def shared_with_example() -> None:
    if in_example():
        st.info(
            "The example and your own project have one codebook: what you change here stays when you begin your own."
        )


def own_code(book: Codebook) -> None:
    """The form for a code of one's own."""
    shared_with_example()
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
        cues = st.text_area("Cue phrases, one a line", height=120, placeholder=CUES_LIKE, help=plain(CUES_HELP))
        if st.form_submit_button("Add the code", type="primary"):
            code = NewCode(title, group, definition, tuple(cues.splitlines()))
            save(lambda who: add_code(own_store(), who, code), code, "added")


def changed_code(book: Codebook) -> None:
    """The form for what a code is called, means and is found by."""
    shared_with_example()
    st.text(
        "A change makes a new version of the codebook. What was coded before stays as it is and keeps its version: "
        "change the meaning of a code only where you will look at its turns again."
    )
    titles = {label.name: label.title for label in book.labels}
    choice, _ = st.columns([2, 3])
    label = book.by_name[
        choice.selectbox("Code to change", list(titles), format_func=lambda name: titles[name], key="code_to_change")
    ]
    with st.form("changed_code"):
        code = typed(label)
        if st.form_submit_button("Save as a new version", type="primary"):
            save(lambda who: change_code(own_store(), who, label.name, code), code, "changed")


def typed(label: Label) -> NewCode:
    """``label`` as it is, to be written over. Keyed by its name, or what was typed for one would stand at the next."""
    title = st.text_input("Title", label.title, max_chars=60, key=f"title_{label.name}")
    definition = st.text_area("Definition", label.definition, height=100, key=f"definition_{label.name}")
    cues = st.text_area(
        "Cue phrases, one a line", "\n".join(label.cues), height=200, placeholder=CUES_LIKE, help=plain(CUES_HELP),
        key=f"cues_{label.name}",
    )  # fmt: skip
    return NewCode(title, label.group, definition, tuple(cues.splitlines()))


def save(change: Callable[[User], Codebook], code: NewCode, done: str) -> None:
    """Change the codebook of one's own project, and look for its cues in what is stored there and in what is open."""
    who = own_user()
    if not isinstance(who, User):
        return
    try:
        after = change(who)
    except IptNlpError as error:
        st.error(plain(str(error)))
        return
    name = next(label.name for label in after.labels if label.title == code.title.strip())
    try:
        marked(who, after)
        count = len(found(store(), actor(), Query(label=name)))
        outcome = f"{count} {'turn has' if count == 1 else 'turns have'} the code."
    except IptNlpError as error:
        outcome = f"its cue phrases were not looked for everywhere: {error}"
    st.session_state["changed_codebook"] = (
        f"{after.by_name[name].title} is {done}. The codebook is now {after.ref}; {outcome}"
    )
    st.session_state["show_code"] = name
    st.rerun()


def marked(who: User, after: Codebook) -> None:
    """Keep the codebook where it is used, and look there for its cue phrases if they are others now.

    Raises:
        IptNlpError: the model cannot be loaded, or a store refuses.
    """
    places = [(own_store(), who), *([(store(), actor())] if in_example() else [])]
    for place, by in places:
        place.codebooks.keep(by, book, found=True)
        place.codebooks.keep(by, after)
    if cues_of(book) == cues_of(after):
        return
    bar = st.progress(0.0, LOOKING)
    nlp = pipeline(after.ref)
    for place, by in places:
        mark_cues(place, by, nlp, after, lambda share: bar.progress(share, LOOKING))


book = codebook()
if message := st.session_state.pop("changed_codebook", ""):
    st.success(plain(message))
if name := st.session_state.pop("show_code", ""):
    st.session_state["code"] = name
st.text(f"{book.title} · codebook {book.ref} · {len(book.labels)} codes")
names = ["One code", "The whole manual", "Versions", *(["Add a code", "Change a code"] if may_add_codes() else [])]
tabs = st.tabs(names)
with tabs[0]:
    one_code(book)
with tabs[1]:
    st.html(manual(book))
with tabs[2]:
    version_history(own_store(), store())
if may_add_codes():
    with tabs[3]:
        own_code(book)
    with tabs[4]:
        changed_code(book)
