"""What de-identification would change, before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from ipt_nlp.deidentify import ChangedTurn
from ipt_nlp.ui.state.importing import Prepared
from ipt_nlp.ui.views.conversation import shown

MOST_TURNS = 40
AROUND = 60


def preview(prepared: Sequence[Prepared]) -> None:
    """The changed turns, the old words struck through and the new ones beside them."""
    changed = [turn for item in prepared for turn in item.deidentified.changed]
    count = sum(item.deidentified.count for item in prepared)
    if not count:
        st.warning("No name is replaced yet: type the names that occur, or switch this off if the text has none.")
        return
    rows = "".join(f"<li>{excerpts(turn)}</li>" for turn in changed[:MOST_TURNS])
    more = f"<p>… and {len(changed) - MOST_TURNS} turns more.</p>" if len(changed) > MOST_TURNS else ""
    st.html(
        f'<div class="ipt ipt-preview"><h4>{count} replacements in {len(changed)} turns</h4>'
        f'<ul class="ipt-scroll">{rows}</ul>{more}</div>'
    )


def excerpts(turn: ChangedTurn) -> str:
    """The surroundings of each replacement in a turn."""
    parts, at = [], 0
    for found in turn.replacements:
        before = turn.before[max(at, found.start - AROUND) : found.start]
        gap = "… " if found.start - AROUND > at else ""
        old, new = shown(turn.before[found.start : found.stop]), escape(found.surrogate)
        parts.append(f"{gap}{shown(before)}<del>{old}</del> <ins>{new}</ins>")
        at = found.stop
    rest = turn.before[at : at + AROUND]
    return "".join(parts) + shown(rest) + ("…" if len(turn.before) > at + AROUND else "")
