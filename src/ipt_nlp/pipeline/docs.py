"""Between ``Transcript`` and spaCy's ``Doc``."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ipt_nlp.annotation import Prediction
from ipt_nlp.pipeline.extensions import CUES, UTTERANCES
from ipt_nlp.transcript import Transcript, Utterance


def to_doc(nlp: Language, transcript: Transcript) -> Doc:
    """One ``Doc`` for ``transcript``, its turns in ``doc.spans["utterances"]``.

    Each turn is tokenised by itself, so that offsets into a span are offsets into the turn's text; turns are parted by
    a newline token that belongs to none.
    """
    words: list[str] = []
    spaces: list[bool] = []
    bounds: list[tuple[int, int]] = []
    for utterance in transcript.utterances:
        if bounds:
            words.append("\n")
            spaces.append(False)
        start = len(words)
        for token in nlp.tokenizer(utterance.text):
            words.append(token.text)
            spaces.append(bool(token.whitespace_))
        bounds.append((start, len(words)))
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    doc._.transcript_id = transcript.transcript_id
    doc._.metadata = dict(transcript.metadata)
    set_utterances(doc, transcript.utterances, bounds)
    return doc


def set_utterances(
    doc: Doc, utterances: Sequence[Utterance], bounds: Sequence[tuple[int, int]], spans_key: str = UTTERANCES
) -> None:
    """Put ``utterances`` into ``doc.spans`` as the token spans ``bounds``."""
    spans = [Span(doc, start, stop) for start, stop in bounds]
    doc.spans[spans_key] = SpanGroup(doc, name=spans_key, spans=spans)
    for span, utterance in zip(spans, utterances, strict=True):
        span._.speaker = utterance.speaker
        span._.utterance_id = utterance.utterance_id
        span._.start_s, span._.end_s = utterance.start_s, utterance.end_s


def texts_and_speakers(doc: Doc, spans_key: str = UTTERANCES) -> tuple[list[str], list[str]]:
    """Texts and speakers of the turns of ``doc``."""
    spans = doc.spans[spans_key]
    return [turn_text(span) for span in spans], [span._.speaker for span in spans]


def turn_text(span: Span) -> str:
    """The text of a turn with its trailing blank, which ``Span.text`` leaves out."""
    return span.text_with_ws if len(span) else ""


def tagged_doc(nlp: Language, transcript: Transcript, predictions: Sequence[Prediction]) -> Doc:
    """The ``Doc`` of ``transcript`` with ``predictions`` in its custom attributes, as the pipeline leaves it."""
    doc = to_doc(nlp, transcript)
    cues: list[Span | None] = []
    for span, prediction in zip(doc.spans[UTTERANCES], predictions, strict=True):
        span._.scores = dict(prediction.scores)
        span._.labels = {group: list(labels) for group, labels in prediction.labels.items()}
        span._.evidence_offsets = {label: [list(s) for s in spans] for label, spans in prediction.evidence.items()}
        span._.needs_review = prediction.needs_review
        doc._.model, doc._.codebook = prediction.model, prediction.codebook
        cues.extend(span.char_span(start, stop, label=label) for label, start, stop in prediction.cues)
    doc.spans[CUES] = SpanGroup(doc, name=CUES, spans=[cue for cue in cues if cue is not None])
    return doc
