"""What coders said in a store, as a corpus: the turns to learn from, and those that are only ever measured on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ipt_nlp.annotation import Annotation
from ipt_nlp.learning.corpus import CodedTranscript, standing
from ipt_nlp.learning.queue import AUDIT_SEED as AUDIT_SEED
from ipt_nlp.learning.queue import is_blind
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import ReviewedTranscript
from ipt_nlp.transcript import Transcript, UtteranceId

SOURCE = "review"
Content = tuple[tuple[str, str], ...]
Annotations = Mapping[UtteranceId, tuple[Annotation, ...]]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Reviewed transcripts of a store.

    Attributes:
        learn: with the turns that a model may learn from.
        audit: with the turns of the random audit that somebody coded without a suggestion, and frozen transcripts.
        codes: ref of a codebook -> its labels, for the versions that are kept.
    """

    learn: tuple[CodedTranscript, ...]
    audit: tuple[CodedTranscript, ...]
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def turns(self) -> int:
        """Reviewed turns to learn from."""
        return sum(len(t.annotations) for t in self.learn)


def corrections(store: AnnotationStore, base: Sequence[CodedTranscript] = ()) -> Corrections:
    """The reviewed transcripts of ``store``.

    On each turn each coder's newest labels stand side by side, and adjudicated ones in place of them. A transcript
    that is in ``base``, too, keeps its group there, and is frozen if it is frozen there.
    """
    known = {content(t.transcript): t for t in base}
    learn, audit = [], []
    for found in store.reviewed():
        coded = _coded(found, known.get(content(found.transcript)))
        drawn = {i: is_blind((found.transcript.transcript_id, i), seed=AUDIT_SEED) for i in coded.annotations}
        measured = {i: a for i, a in coded.annotations.items() if coded.frozen or drawn[i]}
        blind = {i: _blind(a) for i, a in measured.items() if _blind(a)}
        learned = {i: standing(a) for i, a in coded.annotations.items() if i not in measured}
        learn += [replace(coded, annotations=learned)] if learned else []
        audit += [replace(coded, annotations=blind, frozen=True)] if blind else []
    return Corrections(tuple(learn), tuple(audit), store.codebooks.labels())


def without(base: Iterable[CodedTranscript], corrected: Corrections) -> tuple[CodedTranscript, ...]:
    """``base`` less the transcripts that coders of the store have coded anew."""
    there = {content(t.transcript) for t in (*corrected.learn, *corrected.audit)}
    return tuple(t for t in base if t.frozen or content(t.transcript) not in there)


def content(transcript: Transcript) -> Content:
    """Who says what: two imports of one session are the same, whatever they are called."""
    return tuple((u.speaker, u.text) for u in transcript.utterances)


def _coded(found: ReviewedTranscript, twin: CodedTranscript | None) -> CodedTranscript:
    name = found.transcript.transcript_id
    by_turn: dict[UtteranceId, tuple[Annotation, ...]] = {}
    for annotation in found.annotations:
        by_turn[annotation.utterance_id] = (*by_turn.get(annotation.utterance_id, ()), annotation)
    # One client's sessions are one source: what is learned from one helps on the next.
    group = twin.group if twin else f"{SOURCE}:{found.details.client or name}"
    frozen = twin.frozen if twin else found.transcript.metadata.get("frozen", "") == "true"
    return CodedTranscript(found.transcript, SOURCE, group, by_turn, frozen)


def _blind(annotations: tuple[Annotation, ...]) -> tuple[Annotation, ...]:
    """The labels to measure by: none where nobody coded the turn without a suggestion.

    What was decided between a person and a model would flatter that model, so the person's own labels stand.
    """
    free = tuple(a for a in annotations if a.mode == "blind")
    return standing(free) if any(not a.adjudicated for a in free) else ()
