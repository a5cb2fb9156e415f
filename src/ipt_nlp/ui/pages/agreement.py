"""Coder by coder and coder by model, code by code; where they differ, and what is decided there."""

from __future__ import annotations

import streamlit as st

from ipt_nlp.agreement.tables import By, Codings, Comparison, codings, comparisons
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import User
from ipt_nlp.ui.state.agreement import Row, agreement_csv, columns, disagreements, table_rows, title, without_kept_back
from ipt_nlp.ui.state.files import csv_bytes
from ipt_nlp.ui.state.project import codebook_stamp
from ipt_nlp.ui.state.rules import COLUMNS, rule_rows, rules_to_write
from ipt_nlp.ui.views.adjudication import adjudication
from ipt_nlp.ui.views.shared import actor, codebook, glimpse, leads, plain, store

KINDS: dict[By, str] = {"coder": "Coders with each other", "model": "Coders with the model"}
FIGURE = "%.2f"
CONFIG = {
    "Code": st.column_config.TextColumn(width="medium", pinned=True),
    "Turns": st.column_config.NumberColumn(width=60, help="Turns that both coded"),
    "Used": st.column_config.NumberColumn("Used", width=65, format="%.1f %%", help="Prevalence: mean share of turns"),
    "Differ": st.column_config.NumberColumn(width=60, help="Turns on which they differ"),
    "Raw": st.column_config.NumberColumn(width=55, format=FIGURE, help="Share of turns on which they agree"),
    "Kappa": st.column_config.NumberColumn(width=60, format=FIGURE, help="Cohen's kappa"),
    "Alpha": st.column_config.NumberColumn(width=60, format=FIGURE, help="Krippendorff's alpha"),
    "95 %": st.column_config.TextColumn(width=100, help="Interval of it, by a bootstrap over sessions"),
    "AC1": st.column_config.NumberColumn(width=55, format=FIGURE, help="Gwet's AC1: falls less where a code is rare"),
    "Positive": st.column_config.NumberColumn(width=70, format=FIGURE, help="Agreement on its presence"),
    "Negative": st.column_config.NumberColumn(width=75, format=FIGURE, help="Agreement on its absence"),
    "Note": st.column_config.TextColumn(width="medium", help="Why a figure is missing"),
}


@st.cache_resource(show_spinner="Comparing …", max_entries=4)
def _compared(
    _store: AnnotationStore, place: str, head: str, _who: User, stamp: str, by: By, assisted: bool
) -> tuple[Codings, list[Comparison]]:
    found = codings(_store, _who)
    return found, comparisons(found, codebook(), by, assisted=assisted)


def compared(by: By, assisted: bool) -> tuple[Codings, list[Comparison]]:
    """What there is to compare; looked up again whenever something was written."""
    here = store()
    return _compared(here, here.database.name, here.audit.head(), actor(), codebook_stamp(), by, assisted)


def nothing(by: By) -> None:
    """What is needed before there is anything to see."""
    if by == "coder":
        st.info("No turn was coded by two people yet. Let two coders review the same session or the same queue.")
    else:
        st.info("No turn was coded by somebody yet. Review some turns first.")


def chosen(by: By, found: list[Comparison], assisted: bool) -> Comparison:
    """The comparison to show, and what its figures leave out or take in."""
    one, two = st.columns([5, 2], vertical_alignment="bottom")
    number = one.selectbox("Between", range(len(found)), format_func=lambda n: title(found[n]), key=f"between_{by}")
    two.download_button(
        "Download all as CSV", agreement_csv(found), f"agreement-by-{by}.csv", "text/csv", on_click="ignore",
        width="stretch",
    )  # fmt: skip
    comparison = found[min(number or 0, len(found) - 1)]
    if comparison.assisted:
        st.caption(seen(comparison, assisted))
    return comparison


def seen(comparison: Comparison, assisted: bool) -> str:
    count = f"{comparison.assisted:,} of these turns were coded with a suggestion in view"
    if assisted:
        return f"{count}: people who saw the same suggestion agree more than they would by themselves."
    return f"{count} and are left out, since a suggestion raises agreement."


def row_of(rows: list[Row], book: Codebook, comparison: Comparison) -> Row | None:
    """The table, and the row that is selected in it."""
    many = len(comparison.sides) > 2
    event = st.dataframe(
        columns(rows, book, many=many), column_config=CONFIG, hide_index=True, on_select="rerun",
        selection_mode="single-row", key=f"figures_{comparison.sides}", height=min(38 + 35 * len(rows), 248),
    )  # fmt: skip
    selected = event["selection"]["rows"]
    return rows[selected[0]] if selected and selected[0] < len(rows) else None


def figures() -> None:
    """The table of a comparison, and below it the turns behind it."""
    one, two, three = st.columns([3, 3, 2], vertical_alignment="center")
    by = one.segmented_control(
        "Compare", list(KINDS), default="coder", required=True, format_func=KINDS.__getitem__, key="by",
        label_visibility="collapsed",
    )  # fmt: skip
    assisted = two.toggle("Also turns coded with a suggestion in view", key="with_assisted")
    unused = three.toggle("Also codes nobody used", key="unused")
    found, all_pairs = compared(by, assisted)
    if not all_pairs:
        nothing(by)
        return
    comparison = chosen(by, all_pairs, assisted)
    everywhere = disagreements(found, comparison, assisted=assisted)
    rows = table_rows(comparison, everywhere, unused=unused)
    row = row_of(rows, codebook(), comparison) if rows else None
    if not rows:
        st.info("No code was used on the turns that are compared.")
    label = row.figures.label if row else None
    turns = [turn for turn in everywhere if label is None or label in turn.labels]
    if by == "model":
        turns = without_kept_back(store(), actor(), turns)
    glimpse(turn.item for turn in turns)
    adjudication(turns, codebook().by_name[label].title if label else "any code")


def rules() -> None:
    """Rules to write, as a table and a file."""
    found = rule_rows(rules_to_write(store()), codebook())
    if not found:
        st.info("No decision has named an unclear manual as its reason yet.")
        return
    one, two = st.columns([5, 2], vertical_alignment="center")
    one.caption("Decisions for which the manual had no clear rule. What was said in the session is not in the file.")
    two.download_button(
        "Download the list", csv_bytes(COLUMNS, found), "rules-to-write.csv", "text/csv", on_click="ignore",
        width="stretch",
    )  # fmt: skip
    cells = {name: [row[n] for row in found] for n, name in enumerate(COLUMNS)}
    st.dataframe(cells, hide_index=True, column_config={"Note": st.column_config.TextColumn(width="large")})


def page() -> None:
    if not leads():
        st.info("Agreement is for supervisors, researchers and admins: coders code without seeing each other's work.")
        return
    if message := st.session_state.pop("decided", ""):
        st.toast(plain(message))
    waiting = len(rules_to_write(store()))
    tabs = st.tabs(["Agreement", f"Rules to write ({waiting})"])
    with tabs[0]:
        figures()
    with tabs[1]:
        rules()


page()
