"""The list of sessions; importing more of them."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.store.values import SessionDetails, TranscriptRow
from ipt_nlp.ui import REVIEW
from ipt_nlp.ui.state.sessions import STATES, Wanted, listed, reading_page, table, tagged
from ipt_nlp.ui.views.importer import importer
from ipt_nlp.ui.views.shared import (
    NOT_BLIND,
    actor,
    glimpse,
    in_example,
    leads,
    material,
    open_example,
    plain,
    store,
)

PAGE_HEIGHT = 900
COLUMN_CONFIG = {
    "Session": st.column_config.TextColumn(pinned=True),
    "Number": st.column_config.NumberColumn("No.", width="small"),
    "Turns": st.column_config.NumberColumn(width="small"),
    "Reviewed": st.column_config.ProgressColumn(
        "Reviewed", min_value=0, max_value=100, format="%d %%", help="Turns that some coder has coded"
    ),
    "Flags": st.column_config.NumberColumn(width="small", help="Turns that some coder has flagged"),
}


def banner() -> None:
    """Which project is open, and the way to the other one."""
    if in_example():
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.info("This is the example project, to look around and try things out.")
        button.button("Start my own project", on_click=open_example, args=(False,), type="primary", width="stretch")
    elif not store().search.transcript_ids():
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.info("This project is empty. Drop transcripts below to begin, or look at the example first.")
        button.button("Open the example", on_click=open_example, args=(True,), width="stretch")


def wanted() -> Wanted:
    search, state, flagged, _ = st.columns([4, 2, 2, 4], gap="medium", vertical_alignment="center")
    return Wanted(
        search.text_input(
            "Search", placeholder="Search id, date, therapist, client, phase", label_visibility="collapsed"
        ),
        state.selectbox("Reviewed", list(STATES), format_func=lambda s: f"Reviewed: {s}", label_visibility="collapsed"),
        flagged.toggle("With flags only"),
    )


def chosen(rows: tuple[TranscriptRow, ...]) -> TranscriptRow | None:
    """The table, and the row that is selected; a single session needs no selecting."""
    event = st.dataframe(
        table(rows), column_config=COLUMN_CONFIG, hide_index=True, on_select="rerun", selection_mode="single-row",
        key="sessions",
    )  # fmt: skip
    selected = event["selection"]["rows"]
    if selected and selected[0] < len(rows):
        return rows[selected[0]]
    return rows[0] if len(rows) == 1 else None


def actions(row: TranscriptRow) -> None:
    """What can be done with the selected session."""
    review, read, download, _ = st.columns([1.2, 1.2, 1.5, 4], gap="small")
    if review.button("Review this session", type="primary", width="stretch"):
        st.switch_page(str(REVIEW.file), query_params={"session": row.transcript_id})
    reading = read.toggle("Read it here", help=NOT_BLIND)
    session = material(row.transcript_id)
    page, shown = reading_page(store(), actor(), session), tagged(store(), actor(), session)
    download.download_button(
        "Download as a web page", page, f"{row.transcript_id}.html", "text/html", on_click=glimpse, args=(shown,),
        width="stretch",
    )  # fmt: skip
    if leads():
        details(row)
    if reading:
        glimpse(shown)
        st.iframe(page, height=PAGE_HEIGHT)


def details(row: TranscriptRow) -> None:
    """A form for what is known of the session."""
    with st.expander(f"Details of {plain(row.transcript_id)}"), st.form("details", border=False):
        one, two, three, four, five = st.columns(5)
        known = row.details
        said = SessionDetails(
            date=one.text_input("Date", known.date),
            therapist=two.text_input("Therapist", known.therapist),
            client=three.text_input("Client code", known.client),
            session_number=four.number_input("Session number", 1, 999, known.session_number),
            phase=five.text_input("Phase", known.phase),
        )
        if st.form_submit_button("Save the details"):
            store().transcripts.describe(actor(), row.transcript_id, said)
            st.rerun()


banner()
if store().search.transcript_ids():
    rows = listed(store(), wanted())
    row = chosen(rows) if rows else None
    if row is not None:
        actions(row)
    else:
        st.caption("Select a session to review or read it." if rows else "No session meets this search.")
if leads() and not in_example():
    importer()
