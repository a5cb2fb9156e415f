"""Examples from the corpus for the manual, and cue phrases looked for in what is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.store.values import Item, User
from ipt_nlp.transcript import Transcript
from ipt_nlp.ui.state.search import coders, found

if TYPE_CHECKING:
    from spacy.language import Language

EXAMPLES = 8


def mark_cues(
    store: AnnotationStore, actor: User, nlp: Language, codebook: Codebook, step: Callable[[float], object]
) -> int:
    """Look for the cues of ``codebook`` in every stored session; what models said stays. Returns how many changed."""
    rows = store.transcripts.list()
    changed = 0
    for number, row in enumerate(rows):
        step(number / len(rows))
        transcript = store.transcripts.get(row.transcript_id)
        # In one write with the look at what is stored: a turn may be tagged anew meanwhile.
        with store.transaction():
            made = with_cues(nlp, transcript, store.predictions.newest(row.transcript_id), codebook)
            for model in sorted({prediction.model for prediction in made}):
                store.predictions.save(actor, model, [p for p in made if p.model == model])
        changed += bool(made)
    return changed


def cues_of(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Label -> its cue phrases, of those that have any."""
    return {label.name: label.cues for label in codebook.labels if label.cues}


def with_cues(
    nlp: Language, transcript: Transcript, stored: dict[int | str, Prediction], codebook: Codebook
) -> list[Prediction]:
    """The stored predictions in which ``nlp`` finds other cues now, with these; of one model or of several."""
    # Here and not above: a page that tags nothing is to open without waiting for torch.
    from ipt_nlp.pipeline.docs import to_doc
    from ipt_nlp.pipeline.extensions import CUES, UTTERANCES

    doc = nlp.get_pipe("ipt_cues")(to_doc(nlp, transcript))
    found: list[Prediction] = []
    for span, utterance in zip(doc.spans[UTTERANCES], transcript.utterances, strict=True):
        prediction = stored.get(utterance.utterance_id)
        if prediction is None:
            continue
        inside = [cue for cue in doc.spans[CUES] if span.start <= cue.start < span.end]
        at = span.start_char
        cues = tuple((cue.label_, cue.start_char - at, cue.end_char - at) for cue in inside)
        if cues != prediction.cues:
            found.append(replace(prediction, cues=cues, codebook=codebook.ref))
    return found


def confusable(codebook: Codebook, name: str) -> tuple[str, ...]:
    """The codes that the entry of ``name`` says to give instead, then those whose entries send to it."""

    def instead(label: str) -> list[str]:
        entry = codebook.by_name[label]
        return [rule.instead for rule in entry.exclude] + [near.instead for near in entry.examples.near_miss]

    sending = [label for label in codebook.by_name if name in instead(label)]
    return tuple(dict.fromkeys(label for label in (*instead(name), *sending) if label not in ("", name)))


def examples(
    store: AnnotationStore, actor: User, label: str, most: int = EXAMPLES, *, blind: bool = False
) -> tuple[Hit, ...]:
    """Turns of the corpus with a code: those that coders gave it, then those the model is surest of.

    Args:
        blind: none that the actor has not coded and only the model gives the code.
    """
    coded = [hit for coder in coders(store, actor) for hit in found(store, actor, Query(label=label, coder=coder))]
    if len(coded) < most:
        guessed = found(store, actor, Query(label=label), blind=blind)
        coded += sorted(guessed, key=lambda hit: -hit.scores.get(label, 0.0))
    unique: dict[Item, Hit] = {}
    for hit in coded:
        unique.setdefault((hit.transcript_id, hit.utterance_id), hit)
    return tuple(unique.values())[:most]
