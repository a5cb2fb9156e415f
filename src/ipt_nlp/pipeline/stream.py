"""The main job: transcripts in, predictions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from ipt_nlp.annotation import Prediction
from ipt_nlp.pipeline.docs import to_doc
from ipt_nlp.pipeline.extensions import CUES, UTTERANCES
from ipt_nlp.transcript import Transcript


def annotate(nlp: Language, transcripts: Iterable[Transcript]) -> Iterator[tuple[Transcript, list[Prediction]]]:
    """Tag ``transcripts`` as a stream, several at a time; one ``Prediction`` an utterance, in order."""
    pairs = ((to_doc(nlp, transcript), transcript) for transcript in transcripts)
    for doc, transcript in nlp.pipe(pairs, as_tuples=True):
        yield transcript, predictions(doc)


def predictions(doc: Doc) -> list[Prediction]:
    """The predictions in a tagged ``doc``, one a turn."""
    cues = list(doc.spans[CUES]) if CUES in doc.spans else []
    found, at = [], 0
    for span in doc.spans[UTTERANCES]:
        inside = []
        while at < len(cues) and cues[at].start < span.end:
            inside.append((cues[at].label_, cues[at].start_char - span.start_char, cues[at].end_char - span.start_char))
            at += 1
        found.append(
            Prediction(
                transcript_id=doc._.transcript_id,
                utterance_id=span._.utterance_id,
                scores=span._.scores,
                labels={group: tuple(labels) for group, labels in span._.labels.items()},
                evidence={label: tuple((a, b) for a, b in spans) for label, spans in span._.evidence_offsets.items()},
                cues=tuple(inside),
                needs_review=span._.needs_review,
                model=doc._.model,
                codebook=doc._.codebook,
            )
        )
    return found
