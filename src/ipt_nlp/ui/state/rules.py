"""Rules that the manual lacks: what adjudicators found unclear."""

from __future__ import annotations

from collections.abc import Sequence

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Adjudication
from ipt_nlp.ui.state.agreement import worded

COLUMNS = ("Date", "Session", "Turn", "Decided", "Sure", "Note", "Codebook")


def rules_to_write(store: AnnotationStore) -> tuple[Adjudication, ...]:
    """Decisions for want of a clear rule that still stand, oldest first."""
    unclear = store.adjudications.manual_unclear()
    newest: dict[tuple[str, int | str], int] = {}
    for name in {found.decision.transcript_id for found in unclear}:
        newest |= {(name, a.decision.utterance_id): a.adjudication_id for a in store.adjudications.of(name)}
    return tuple(a for a in unclear if newest[a.decision.transcript_id, a.decision.utterance_id] == a.adjudication_id)


def rule_rows(found: Sequence[Adjudication], codebook: Codebook) -> list[list[str]]:
    """Lines for a table or a file, without what was said in the session."""
    return [
        [
            a.created_at[:10],
            a.decision.transcript_id,
            str(a.decision.utterance_id),
            worded(a.decision.labels, codebook),
            a.decision.confidence,
            a.decision.note,
            a.decision.codebook,
        ]
        for a in found
    ]
