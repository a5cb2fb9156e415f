"""From corrections to a better model: what there is to learn from, the work, the comparison, the choice."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import ModelVersion
from ipt_nlp.ui.state.admin import Outcome
from ipt_nlp.ui.state.retrain import (
    STATUS,
    ToLearn,
    balance,
    cancel,
    compared,
    ended,
    history,
    keep,
    last,
    may_change,
    promote,
    reasons,
    roll_back,
    running,
    short,
    start,
    to_learn,
    worded_job,
)
from ipt_nlp.ui.views.shared import actor, codebook, leads, plain, store

POLL_S = 2.0
F1 = "%.3f"
CONFIG = {
    "To learn from": st.column_config.NumberColumn(help="Reviewed turns with the code that the next model learns from"),
    "New": st.column_config.NumberColumn(help="Of these, coded since the present model came"),
    "Random audit": st.column_config.NumberColumn(help="Turns coded without a suggestion, to measure on alone"),
    "Before": st.column_config.NumberColumn(format=F1, help="F1 of the model it was compared with"),
    "Challenger": st.column_config.NumberColumn(format=F1, help="F1 of the challenger"),
    "Change": st.column_config.NumberColumn(format="%+.3f"),
    "95 %": st.column_config.TextColumn(help="Interval of the change, both models on the same sessions"),
    "Note": st.column_config.TextColumn(width="medium"),
}


@st.cache_resource(show_spinner="Looking at what was reviewed …", max_entries=4)
def _to_learn(_store: AnnotationStore, place: str, head: str) -> ToLearn:
    return to_learn(_store)


def told(outcome: Outcome) -> None:
    """Keep what became of something until the page has been drawn anew."""
    st.session_state["retrain_told"] = outcome
    st.rerun()


def corrections() -> None:
    """What the next model would learn from, and the button that starts it."""
    found = _to_learn(store(), store().database.name, store().audit.head())
    one, two, three, four = st.columns(4)
    one.metric("Reviewed turns to learn from", f"{found.turns:,}", help=f"Of {found.sessions:,} sessions")
    two.metric("New since the present model", f"{found.new:,}")
    three.metric("Of these, corrected", f"{found.changed:,}", help="The coder and the model differ")
    four.metric("Random audit", f"{found.audit:,}", help="Coded without a suggestion; never learned from")
    button, text = st.columns([1, 3], vertical_alignment="center")
    allowed = may_change(actor())
    busy = running(store()) is not None
    if button.button("Retrain now", type="primary", width="stretch", disabled=not allowed or busy or not found.turns):
        told(start(store(), actor()))
    text.caption(hint(found, allowed=allowed))
    with st.expander("How often each code occurs"):
        st.dataframe(balance(found, codebook()), column_config=CONFIG, hide_index=True, height=300)


def hint(found: ToLearn, *, allowed: bool) -> str:
    """What starting means, or why it cannot be."""
    if not allowed:
        return "Retraining is started by researchers and admins."
    if not found.turns:
        return "There is nothing to learn from yet: review some turns first."
    return "Some minutes on this machine, in a process of its own: you can go on working, and close the page."


@st.fragment(run_every=POLL_S)
def progress() -> None:
    """How far the job is, asked again every two seconds."""
    job = running(store())
    if job is None:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(job.progress, plain(worded_job(job)))
    if button.button("Cancel", disabled=job.cancel_requested or not may_change(actor()), width="stretch"):
        told(cancel(store(), actor(), job))


def outcome() -> None:
    """What became of the last press, and of the last retraining."""
    message: Outcome | None = st.session_state.pop("retrain_told", None)
    if message:
        (st.success if message.done else st.error)(plain(message.text))
    if running(store()) is not None:
        progress()
        return
    job = last(store())
    if job:
        end = ended(job)
        (st.info if end.done else st.warning)(plain(end.text))


@st.dialog("Are you sure?")
def confirm(question: str, act: Callable[[], Outcome]) -> None:
    """Ask before the model in use changes."""
    st.write(plain(question))
    one, two = st.columns(2)
    if one.button("Yes", type="primary", width="stretch"):
        told(act())
    if two.button("No", width="stretch"):
        st.rerun()


def models() -> None:
    """All models, and one of them beside the one that it was compared with."""
    versions = store().models.list()[::-1]
    if not versions:
        st.caption("The shipped model is in use. It is listed here once there is another one.")
        return
    st.dataframe(history(versions), hide_index=True)
    before = store().models.before()
    challengers = [version for version in versions if "decision" in version.metrics]
    names = {version.ref: version for version in [*challengers, *(v for v in versions if v not in challengers)]}
    one, two, three, four = st.columns([3, 1.4, 1.4, 1.8], vertical_alignment="bottom")
    ref = one.selectbox("Model", list(names), format_func=lambda r: f"{short(r)}, {STATUS[names[r].status]}")
    version = names[ref]
    allowed = may_change(actor()) and running(store()) is None
    who, here = actor(), store()
    if two.button("Promote", width="stretch", disabled=not allowed or version.status == "champion"):
        confirm(promotion(version), lambda: promote(here, who, ref))
    if three.button("Set aside", width="stretch", disabled=not allowed or version.status != "candidate"):
        told(keep(here, who, ref))
    if four.button("Roll back", width="stretch", disabled=not allowed or before is None) and before:
        confirm(f"{short(before.ref)} takes the place of the present model.", lambda: roll_back(here, who))
    comparison(version)


def promotion(version: ModelVersion) -> str:
    """What promoting a model means."""
    decision = version.metrics.get("decision")
    against = " The gate advises against it." if decision and not decision["promote"] else ""
    return f"{short(version.ref)} becomes the model in use, and tags all turns that nobody has reviewed.{against}"


def comparison(version: ModelVersion) -> None:
    """A challenger beside the model it was compared with, and what the gate says."""
    if "decision" not in version.metrics:
        st.caption("This model was not compared with another one.")
        return
    st.text(
        "What the gate says: " + ("promote." if version.metrics["decision"]["promote"] else "keep the model before.")
    )
    decisive, unjudged = reasons(version)
    st.markdown("\n".join(f"- {plain(reason)}" for reason in decisive))
    if unjudged:
        with st.expander(f"What it could not judge ({len(unjudged)})"):
            st.markdown("\n".join(f"- {plain(reason)}" for reason in unjudged))
    st.dataframe(compared(version, codebook(), macros=True), column_config=CONFIG, hide_index=True)
    st.dataframe(compared(version, codebook(), macros=False), column_config=CONFIG, hide_index=True)


def page() -> None:
    if not leads():
        st.info("Retraining is for supervisors, researchers and admins.")
        return
    outcome()
    st.markdown("**To learn from**")
    corrections()
    st.markdown("**Models**")
    models()


page()
