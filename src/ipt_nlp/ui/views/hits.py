"""Turns that were found, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from ipt_nlp.store.search import Hit
from ipt_nlp.ui.views.conversation import shown

LONGEST = 400


def hit_list(hits: Sequence[Hit], label: str) -> str:
    """Turns of the corpus with the code ``label``."""
    if not hits:
        return '<div class="ipt"><h4>In your sessions</h4><p class="no">No turn has this code yet.</p></div>'
    rows = "".join(
        f'<li><p class="words" dir="auto">{_cut(hit.text)}</p><small>{_source(hit, label)}</small></li>' for hit in hits
    )
    return f'<div class="ipt ipt-hits"><h4>In your sessions</h4><ul>{rows}</ul></div>'


def _cut(text: str) -> str:
    return shown(text if len(text) <= LONGEST else f"{text[:LONGEST]} …")


def _source(hit: Hit, label: str) -> str:
    by = f"the model, {hit.scores[label]:.0%}" if label in hit.scores else "cue" if "cues" in hit.labels else "coded"
    return f"{shown(hit.transcript_id)}, turn {hit.position + 1} · {hit.speaker} · {by}"
