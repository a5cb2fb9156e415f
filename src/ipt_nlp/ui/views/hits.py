"""Turns that were found, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from ipt_nlp.codebook import Codebook
from ipt_nlp.store.search import Hit
from ipt_nlp.ui.views.conversation import shown

LONGEST = 400
# Coders of the corpus that are programs are called so.
AI_CODER = "ai-"


def hit_list(hits: Sequence[Hit], label: str, codebook: Codebook) -> str:
    """Turns of the corpus with the code ``label``, each with who gave it."""
    if not hits:
        none = "Nobody has given this code yet. What the model gives it to is shown only when asked for."
        return f'<div class="ipt"><h4>In your sessions</h4><p class="no">{none}</p></div>'
    rows = "".join(
        f'<li><p class="words" dir="auto">{_cut(hit.text)}</p>'
        f"<small>{_where(hit)} · {_by(hit, label, codebook)}</small></li>"
        for hit in hits
    )
    return f'<div class="ipt ipt-hits"><h4>In your sessions</h4><ul>{rows}</ul></div>'


def _cut(text: str) -> str:
    return shown(text if len(text) <= LONGEST else f"{text[:LONGEST]} …")


def _where(hit: Hit) -> str:
    return f"{shown(hit.transcript_id)}, turn {hit.position + 1} · {hit.speaker}"


def _by(hit: Hit, label: str, codebook: Codebook) -> str:
    """Who gave the code, and under which version where it was another than the one that is read."""
    if not hit.coder:
        return f"suggested by the model, {hit.scores[label]:.0%}" if label in hit.scores else "found by a cue phrase"
    kind = ", an AI coder" if hit.coder.casefold().startswith(AI_CODER) else ""
    version = f", under {hit.codebook}" if hit.codebook != codebook.ref else ""
    return f"coded by {shown(hit.coder)}{kind}{shown(version)}"
