"""Versions of the codebook, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from ipt_nlp.codebook_changes import Change, changes
from ipt_nlp.store import AnnotationStore
from ipt_nlp.ui.state.codebook_versions import COLUMNS, Version, version_rows, versions
from ipt_nlp.ui.state.project import codebook_stamp

ABOUT = (
    "Each change made here is a new version, and every version is kept. A coding names the version it was made under. "
    "Codings: turns that are coded under it now, in the project that is open, each coder counted by themselves."
)
CONFIG = {
    "Version": st.column_config.TextColumn(width=90),
    "Date": st.column_config.TextColumn(width=90),
    "Who": st.column_config.TextColumn(width=160),
    "What changed": st.column_config.TextColumn(width=730),
    "Codings": st.column_config.NumberColumn(width=70),
}


@st.cache_resource(show_spinner=False, max_entries=2)
def _versions(_store: AnnotationStore, place: str, head: str, stamp: str) -> tuple[Version, ...]:
    return versions(_store)


def version_history(kept_in: AnnotationStore, opened: AnnotationStore) -> None:
    """The versions that ``kept_in`` holds, with the codings of ``opened``; below, any two of them compared."""
    found = _versions(kept_in, kept_in.database.name, kept_in.audit.head(), codebook_stamp())
    rows = version_rows(found, opened.codebooks.codings())
    st.caption(ABOUT)
    st.dataframe(
        {name: [row[n] for row in rows] for n, name in enumerate(COLUMNS)}, column_config=CONFIG, hide_index=True,
        height="content" if len(rows) < 8 else 300,
    )  # fmt: skip
    if len(found) < 2:
        st.caption("There is one version so far, so there is nothing to compare yet.")
        return
    numbers = range(len(found))
    one, two, _ = st.columns([2, 2, 3])
    old = one.selectbox("From", numbers, len(found) - 2, format_func=lambda n: found[n].title, key=f"from_{len(found)}")
    new = two.selectbox("To", numbers, len(found) - 1, format_func=lambda n: found[n].title, key=f"to_{len(found)}")
    st.html(compared(found[old], found[new]))


def compared(old: Version, new: Version) -> str:
    """What changed from one version to the other, as HTML."""
    found = changes(old.codebook, new.codebook)
    if not found:
        return '<div class="ipt"><p class="no">Nothing differs between these two.</p></div>'
    parts = "".join(f"<li><b>{escape(title)}</b>{_texts(said)}</li>" for title, said in _together(found))
    return f'<div class="ipt ipt-changes"><ul>{parts}</ul></div>'


def _together(found: Sequence[Change]) -> list[tuple[str, list[Change]]]:
    """Changes of which the same is said, under one title."""
    titles: dict[str, list[Change]] = {}
    for change in found:
        titles.setdefault(str(change)[:1].upper() + str(change)[1:], []).append(change)
    return list(titles.items())


def _texts(said: Sequence[Change]) -> str:
    return "".join(_text("del", "Was", change.old) + _text("ins", "Now", change.new) for change in said)


def _text(tag: str, word: str, text: str | None) -> str:
    return f"<p><small>{word}</small> <{tag}>{escape(text)}</{tag}></p>" if text else ""
