"""The two kinds of annotation: a ``Prediction`` by a model version and an ``Annotation`` by a coder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ipt_nlp.transcript import UtteranceId

Offsets = tuple[int, int]
Mode = Literal["blind", "assisted"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model version says of one utterance.

    Attributes:
        scores: label -> calibrated probability in [0, 1], every label that applies to the speaker.
        labels: group -> the labels over their threshold, best first.
        evidence: label -> code point spans of the utterance's text that carry it.
        cues: (label, start, end) for each cue phrase of the codebook found in the text.
        needs_review: some score lies close to its threshold.
        model: name, version and digest of the model; codebook: its name and version.
    """

    transcript_id: str
    utterance_id: UtteranceId
    scores: Mapping[str, float]
    labels: Mapping[str, tuple[str, ...]]
    evidence: Mapping[str, tuple[Offsets, ...]]
    cues: tuple[tuple[str, int, int], ...]
    needs_review: bool
    model: str
    codebook: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one coder says of one utterance; an empty tuple means that no label of the group applies.

    ``adjudicated``: decided by a person or coder who saw what the others said; it stands in place of theirs.
    ``codebook``: the name and version of the codebook it was coded by; empty where that is not known.
    """

    transcript_id: str
    utterance_id: UtteranceId
    coder: str
    labels: Mapping[str, tuple[str, ...]]
    source: str = "review"
    sure: bool = True
    mode: Mode = "blind"
    coded_at: str = ""
    adjudicated: bool = False
    evidence: Mapping[str, tuple[Offsets, ...]] = field(default_factory=dict)
    codebook: str = ""
