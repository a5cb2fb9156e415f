"""A tagger against coded transcripts: ``evaluate`` returns values, ``metrics.json`` stores them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.agreement import LabelAgreement, label_agreement
from ipt_nlp.annotation import Annotation
from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.confidence import (
    Acceptance,
    Bin,
    SessionAgreement,
    acceptance,
    mean_calibration_error,
    reliability,
    session_agreement,
)
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.measures import LabelFigures, MacroFigures, Observed, label_figures, labels_given, macro_figures
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.scoring import Scorer, TranscriptScores
from ipt_nlp.transcript import UtteranceId

METRICS = "metrics.json"
DEFAULT_THRESHOLD = 0.5
BATCH = 32
NEVER = 1.01


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What a label group's probabilities are worth: calibration, turns to accept unseen, counts per session."""

    calibration_error: float
    reliability: list[Bin]
    acceptance: Acceptance
    sessions: list[SessionAgreement]


@dataclass(frozen=True, slots=True)
class View:
    """Figures over some of the transcripts: all, or those of one source."""

    name: str
    transcripts: int
    turns: int
    macro: dict[str, MacroFigures]
    labels: dict[str, list[LabelFigures]]
    groups: dict[str, GroupFigures]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one model on one set of coded transcripts."""

    model: str
    codebook: str
    views: list[View]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    def save(self, folder: Path) -> None:
        (folder / METRICS).write_text(self.to_json(), "utf-8")


def evaluate(
    scorer: Scorer,
    transcripts: Sequence[CodedTranscript],
    codebook: Codebook,
    coders: Mapping[str, LabelAgreement] | None = None,
) -> Evaluation:
    """Score ``transcripts`` and compare with their first coder, over all of them and source by source.

    Args:
        coders: label -> agreement of a second coder with the first, to stand beside the model's.
    """
    scores = score(scorer, transcripts)
    sources = sorted({t.source for t in transcripts})
    parts = [("all", list(range(len(transcripts))))]
    if len(sources) > 1:
        parts += [(s, [i for i, t in enumerate(transcripts) if t.source == s]) for s in sources]
    views = [
        view(name, scorer, [transcripts[i] for i in rows], [scores[i] for i in rows], codebook) for name, rows in parts
    ]
    views[0] = _beside(views[0], coders or {})
    return Evaluation(scorer.ref, codebook.ref, views)


def score(scorer: Scorer, transcripts: Sequence[CodedTranscript]) -> list[TranscriptScores]:
    """The scores of coded transcripts, in batches."""
    scores: list[TranscriptScores] = []
    for start in range(0, len(transcripts), BATCH):
        utterances = [t.transcript.utterances for t in transcripts[start : start + BATCH]]
        scores += scorer.score([([u.text for u in us], [u.speaker for u in us]) for us in utterances])
    return scores


def view(
    name: str,
    scorer: Scorer,
    transcripts: Sequence[CodedTranscript],
    scores: Sequence[TranscriptScores],
    codebook: Codebook,
    codes: Codes | None = None,
) -> View:
    """The figures over ``transcripts``, which have ``scores``; ``codes`` as in ``observe``."""
    macro: dict[str, MacroFigures] = {}
    labels: dict[str, list[LabelFigures]] = {}
    groups: dict[str, GroupFigures] = {}
    for head in scorer.heads:
        seen = observe(head, transcripts, [s.groups[head.name].turns for s in scores], scorer.config.thresholds, codes)
        if not len(seen.gold):
            continue
        labels[head.name] = label_figures(seen)
        macro[head.name] = macro_figures(seen, head.labels)
        core = codebook.family_of(head.name, "core")
        if core:
            macro[f"{head.name}: core"] = macro_figures(seen, core)
        confidence = scorer.config.accept_from.get(head.name, NEVER)
        groups[head.name] = GroupFigures(
            mean_calibration_error(seen), reliability(seen), acceptance(seen, confidence), session_agreement(seen)
        )
    turns = sum(len(t.annotations) for t in transcripts)
    return View(name, len(transcripts), turns, macro, labels, groups)


def coder_agreement(
    annotations: Iterable[Annotation], transcripts: Sequence[CodedTranscript], codebook: Codebook
) -> dict[str, LabelAgreement]:
    """Label -> agreement of the first two coders of each turn of ``transcripts``, before adjudication."""
    asked = {(t.source, t.transcript.transcript_id) for t in transcripts}
    coders: dict[tuple[str, str, UtteranceId], list[Annotation]] = {}
    for annotation in annotations:
        if (annotation.source, annotation.transcript_id) in asked and not annotation.adjudicated:
            key = (annotation.source, annotation.transcript_id, annotation.utterance_id)
            coders.setdefault(key, []).append(annotation)
    first, second = ([a[place] for a in coders.values() if len(a) > 1] for place in (0, 1))
    return {
        row.label: row
        for group in codebook.groups
        for row in label_agreement(first, second, group.name, codebook.labels_of(group.name))
        if row.n
    }


def _beside(figures: View, coders: Mapping[str, LabelAgreement]) -> View:
    """The view with the coders' own agreement beside the model's."""

    def with_coders(label: LabelFigures) -> LabelFigures:
        known = coders.get(label.label)
        return replace(label, coder_f1=known.positive, coder_kappa=known.kappa) if known else label

    labels = {group: [with_coders(label) for label in rows] for group, rows in figures.labels.items()}
    return replace(figures, labels=labels)


def observe(
    head: HeadGroup,
    transcripts: Sequence[CodedTranscript],
    probabilities: Sequence[Any],
    thresholds: dict[str, float],
    codes: Codes | None = None,
) -> Observed:
    """The coded turns of one group, with what the model gave and what the first coder did.

    What a coder could not give, by ``codes``, counts neither for the model nor against it: it is given by nobody.
    """
    gold, scores, owner = [], [], []
    for number, (coded, values) in enumerate(zip(transcripts, probabilities, strict=True)):
        targets, kept = gold_targets(coded, head, codes)
        gold.append(targets[kept])
        scores.append(values[kept])
        owner.append(np.full(int(kept.sum()), number))
    p = np.concatenate(scores)
    limits = np.array([thresholds.get(label, DEFAULT_THRESHOLD) for label in head.labels])
    given = labels_given(p, limits, exclusive=head.exclusive)
    targets = np.concatenate(gold)
    return Observed(head.labels, p, given & ~np.isnan(targets), targets > 0, np.concatenate(owner))
