"""Custom attributes of docs and spans, registered once on import."""

from __future__ import annotations

from typing import Any

from spacy.tokens import Doc, Span

UTTERANCES = "utterances"
CUES = "cues"


def evidence_spans(span: Span) -> dict[str, list[Span]]:
    """Label -> the sub-spans of the turn that carry it, from the stored code point offsets."""
    found: dict[str, list[Span]] = {}
    for label, offsets in span._.evidence_offsets.items():
        spans = (span.char_span(start, stop, label=label, alignment_mode="expand") for start, stop in offsets)
        found[label] = [s for s in spans if s is not None]
    return found


def _group(name: str) -> Any:
    """A getter for label -> probability of the labels given in one group, best first."""

    def labels(span: Span) -> dict[str, float]:
        return {label: span._.scores[label] for label in span._.labels.get(name, ())}

    return labels


def register() -> None:
    """Register what the components assign; safe to call again."""
    for name in ("transcript_id", "model", "codebook"):
        Doc.set_extension(name, default="", force=True)
    Doc.set_extension("metadata", default=None, force=True)
    for name, default in (("speaker", "other"), ("utterance_id", None), ("start_s", None), ("end_s", None)):
        Span.set_extension(name, default=default, force=True)
    for name in ("scores", "labels", "evidence_offsets"):
        Span.set_extension(name, default={}, force=True)
    Span.set_extension("needs_review", default=False, force=True)
    Span.set_extension("techniques", getter=_group("techniques"), force=True)
    Span.set_extension("themes", getter=_group("themes"), force=True)
    Span.set_extension("evidence", getter=evidence_spans, force=True)


register()
