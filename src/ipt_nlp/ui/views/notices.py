"""Lines about progress and conflicts, as HTML."""

from __future__ import annotations

from html import escape

from ipt_nlp.codebook import Codebook
from ipt_nlp.store.values import Labels
from ipt_nlp.ui.state.desk import Conflict, Cursor, Progress
from ipt_nlp.ui.state.turns import TurnView


def progress_text(done: Progress, view: TurnView, cursor: Cursor, screen: int) -> str:
    """How far the coder is, whether this turn is saved, and what became of the last press.

    With the number of the drawing, by which the browser tells what a coder has seen.
    """
    share = round(100 * done.coded / done.turns) if done.turns else 100
    skipped = f", {done.skipped} skipped" if done.skipped else ""
    saved = "saved" if view.coded else "not saved yet"
    if cursor.finished:
        saved = "saved. Every turn of this session is coded"
    notice = (
        f' <span class="ipt-notice {cursor.notice.kind}">{escape(cursor.notice.text)}</span>' if cursor.notice else ""
    )
    return (
        f'<div class="ipt ipt-progress" data-screen="{screen}">'
        f'<span class="ipt-bar"><i style="width:{share}%"></i></span>'
        f"<span>{done.coded} of {done.turns} coded{skipped} · turn {view.place + 1}: {saved}</span>{notice}</div>"
    )


def conflict_html(conflict: Conflict, codebook: Codebook) -> str:
    """What the coder wanted and what another window had saved."""
    theirs = titles(conflict.theirs.labels, codebook) if conflict.theirs else "nothing"
    mine = titles(conflict.mine.labels, codebook) if conflict.mine.labels is not None else conflict.mine.action
    return (
        '<div class="ipt ipt-warning" role="alert"><b>This turn was changed in another window.</b> '
        f"Saved there: {theirs}. You wanted: {mine}. Go on with what is saved, or:</div>"
    )


def titles(labels: Labels | None, codebook: Codebook) -> str:
    """Labels by their titles, as HTML."""
    if labels is None:
        return "nothing"
    names = [label for given in labels.values() for label in given]
    known = [codebook.by_name[name].title if name in codebook.by_name else name for name in names]
    return escape(", ".join(known)) or "no code"
