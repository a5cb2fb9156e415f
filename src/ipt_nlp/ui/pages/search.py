"""Every turn with a code, a word, a coder or a confidence."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.store.search import Query
from ipt_nlp.ui import REVIEW
from ipt_nlp.ui.state.glimpses import shown_by_others
from ipt_nlp.ui.state.search import as_csv, coders, found, rows
from ipt_nlp.ui.views.shared import actor, codebook, glimpse, model_codes, plain, store

MODEL = "the model"
MOST = 2000
CONFIG = {
    "Session": st.column_config.TextColumn(width=110),
    "Turn": st.column_config.NumberColumn(width=60),
    "Speaker": st.column_config.TextColumn(width=80),
    "Text": st.column_config.TextColumn(width=400),
    "Codes": st.column_config.TextColumn(width=310),
    "Confidence": st.column_config.NumberColumn(width=90, format="%d %%"),
    # Who is asked for stands above the table; in the file it has to be told.
    "Given by": None,
    "Codebook": st.column_config.TextColumn(width=80),
}


def asked() -> Query:
    """The search as it is set."""
    words, code, coder, speaker, sure = st.columns([3, 3, 2, 2, 3], gap="medium")
    titles = {"": "any code"} | {label.name: label.title for label in codebook().labels}
    said = words.text_input("Words", placeholder="part of what is said")
    label = code.selectbox("Code", list(titles), format_func=lambda name: titles[name])
    who = coder.selectbox("Given by", [MODEL, *coders(store(), actor())])
    by = speaker.selectbox("Speaker", ["", "therapist", "client", "other"], format_func=lambda s: s or "anybody")
    low, high = sure.slider(
        "The model's confidence", 0, 100, (0, 100), format="%d %%", disabled=not label or who != MODEL
    )
    return Query(
        words=said.strip(), label=label, coder=None if who == MODEL else who, speaker=by,
        lowest=low / 100, highest=high / 100,
    )  # fmt: skip


def page() -> None:
    query = asked()
    text, switch, button = st.columns([5, 2, 1.5], vertical_alignment="center")
    with switch:
        # Whoever looks for a code that the model gives has asked to see it.
        show = model_codes() or bool(query.label)
    hits = found(store(), actor(), query, blind=not show)
    turns = "turn" if len(hits) == 1 else "turns"
    more = f"; the first {MOST:,} are shown" if len(hits) > MOST else ""
    text.caption(plain(f"{len(hits):,} {turns}{more}. Select one to open it in Review."))
    button.download_button(
        "Download CSV", as_csv(hits, codebook(), query.label), "turns.csv", "text/csv",
        on_click=glimpse, args=(shown_by_others(hits, actor()),), disabled=not hits, width="stretch",
    )  # fmt: skip
    if not hits:
        return
    glimpse(shown_by_others(hits[:MOST], actor()))
    event = st.dataframe(
        rows(hits[:MOST], codebook(), query.label), column_config=CONFIG, hide_index=True, on_select="rerun",
        selection_mode="single-row", key="hits", height=560,
        placeholder="",
    )  # fmt: skip
    selected = event["selection"]["rows"]
    if selected and selected[0] < len(hits):
        hit = hits[selected[0]]
        st.switch_page(str(REVIEW.file), query_params={"session": hit.transcript_id, "turn": str(hit.position + 1)})


page()
