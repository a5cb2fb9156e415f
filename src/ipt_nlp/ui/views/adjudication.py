"""The turns behind a row of the agreement table, and the form that decides one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import streamlit as st

from ipt_nlp.store.values import Confidence
from ipt_nlp.ui.state.agreement import REASONS, Disagreement, Labels, Verdict, decide, options, worded
from ipt_nlp.ui.state.turns import Material
from ipt_nlp.ui.views.disagreement import coding_name, in_context, manual_rules
from ipt_nlp.ui.views.shared import actor, material, plain, store

LIST_HEIGHT = 143
OTHER = "Other codes"
CONFIG = {
    "Session": st.column_config.TextColumn(width="small"),
    "Turn": st.column_config.NumberColumn(width=55),
    "Words": st.column_config.TextColumn(width="large"),
    "Differ on": st.column_config.TextColumn(width="medium"),
    "Decision": st.column_config.TextColumn(width="small"),
}


def adjudication(turns: Sequence[Disagreement], what: str) -> None:
    """The list of turns, and the one in focus with the form beside it."""
    left = sum(turn.decided is None for turn in turns)
    differ = "turn differs" if len(turns) == 1 else "turns differ"
    st.markdown(f"**{len(turns)} {differ} on {plain(what)}, {left} to decide**")
    if not turns:
        return
    found = in_focus(turns)
    here = material(found.item[0])
    one, two = st.columns([0.56, 0.44], gap="medium")
    with one:
        st.html(in_context(here, found))
    with two:
        form(here, found)
        st.html(manual_rules(here.codebook, found.labels))


def in_focus(turns: Sequence[Disagreement]) -> Disagreement:
    """The turn that is selected in the list, else the first one."""
    number = st.session_state.setdefault("decisions", 0)
    event = st.dataframe(
        listed(turns), column_config=CONFIG, hide_index=True, on_select="rerun", selection_mode="single-row",
        key=f"turns_{number}", height=min(38 + 35 * len(turns), LIST_HEIGHT),
    )  # fmt: skip
    selected = event["selection"]["rows"]
    return turns[selected[0]] if selected and selected[0] < len(turns) else turns[0]


def listed(turns: Sequence[Disagreement]) -> dict[str, list[Any]]:
    """Columns for the list."""
    places = [(material(turn.item[0]), turn) for turn in turns]
    return {
        "Session": [turn.item[0] for turn in turns],
        "Turn": [here.places[turn.item[1]] + 1 for here, turn in places],
        "Words": [here.transcript.utterances[here.places[turn.item[1]]].text for here, turn in places],
        "Differ on": [worded({"": turn.labels}, here.codebook) for here, turn in places],
        "Decision": ["decided" if turn.decided else "open" for turn in turns],
    }


def form(here: Material, found: Disagreement) -> None:
    """The form for a decision."""
    if found.is_by(actor().name):
        st.warning("One of these codings is your own. Somebody else should decide.")
    choices = options(found)
    with st.form(f"decide_{found.item}"):
        names = [f"{coding_name_of(found, labels)}: {worded(labels, here.codebook)}" for labels in choices]
        choice = st.radio(
            "The codes should be",
            [*range(len(choices)), OTHER],
            None,
            format_func=lambda n: plain(names[n]) if isinstance(n, int) else OTHER,
        )
        other = other_codes(here, found)
        sure, why = st.columns(2)
        confidence: Confidence | None = sure.segmented_control("How sure are you?", list(get_args(Confidence)))
        reason = why.selectbox("Why do they differ?", list(REASONS), None, format_func=REASONS.__getitem__)
        said = st.text_area("Note", height=68, placeholder="For the record, and for the rule to write")
        if st.form_submit_button("Decide, next", type="primary", shortcut="Ctrl+Enter"):
            labels = other if choice == OTHER else choices[choice] if isinstance(choice, int) else None
            save(here, found, Verdict(labels, confidence, reason, said))


def coding_name_of(found: Disagreement, labels: Labels) -> str:
    """The coding, or codings, that say ``labels``."""
    same = [
        n
        for n, coding in enumerate(found.said)
        if all(set(coding.annotation.labels.get(g, ())) == set(x) for g, x in labels.items())
    ]
    return " and ".join(coding_name(n) for n in same)


def other_codes(here: Material, found: Disagreement) -> Labels:
    """Codes to choose where no coding is right."""
    utterance = here.transcript.utterances[here.places[found.item[1]]]
    titles = {label.name: label.title for label in here.codebook.labels}
    chosen = {}
    groups = here.groups(utterance.speaker)
    for column, group in zip(st.columns(max(len(groups), 1)), groups, strict=False):
        chosen[group.name] = tuple(
            column.multiselect(
                f"{plain(group.title)}, for “{OTHER}”", here.codebook.labels_of(group.name),
                format_func=titles.__getitem__, max_selections=1 if group.exclusive else None, placeholder="none",
            )
        )  # fmt: skip
    return chosen


def save(here: Material, found: Disagreement, verdict: Verdict) -> None:
    """Store the decision and go on to the next turn, or say what is missing."""
    problem = decide(store(), actor(), found, verdict, here.codebook)
    if problem:
        st.error(plain(problem))
        return
    st.session_state["decisions"] += 1
    st.session_state["decided"] = f"Decided: {found.item[0]}, turn {here.places[found.item[1]] + 1}."
    st.rerun()
