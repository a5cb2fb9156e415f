"""A tagger against coded transcripts: ``evaluate`` returns values, ``metrics.json`` stores them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.measures import LabelFigures, MacroFigures, Observed, label_figures, macro_figures
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.scoring import Scorer, TranscriptScores

METRICS = "metrics.json"
DEFAULT_THRESHOLD = 0.5
BATCH = 32


@dataclass(frozen=True, slots=True)
class View:
    """Figures over some of the transcripts: all, or those of one source."""

    name: str
    transcripts: int
    turns: int
    macro: dict[str, MacroFigures]
    labels: dict[str, list[LabelFigures]]


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


def evaluate(scorer: Scorer, transcripts: Sequence[CodedTranscript], codebook: Codebook) -> Evaluation:
    """Score ``transcripts`` and compare with their first coder, over all of them and source by source."""
    scores: list[TranscriptScores] = []
    for start in range(0, len(transcripts), BATCH):
        batch = transcripts[start : start + BATCH]
        utterances = [t.transcript.utterances for t in batch]
        scores += scorer.score([([u.text for u in us], [u.speaker for u in us]) for us in utterances])
    sources = sorted({t.source for t in transcripts})
    parts = [("all", list(range(len(transcripts))))]
    if len(sources) > 1:
        parts += [(s, [i for i, t in enumerate(transcripts) if t.source == s]) for s in sources]
    views = [
        _view(name, scorer, [transcripts[i] for i in rows], [scores[i] for i in rows], codebook) for name, rows in parts
    ]
    return Evaluation(scorer.ref, codebook.ref, views)


def _view(
    name: str,
    scorer: Scorer,
    transcripts: Sequence[CodedTranscript],
    scores: Sequence[TranscriptScores],
    codebook: Codebook,
) -> View:
    macro: dict[str, MacroFigures] = {}
    labels: dict[str, list[LabelFigures]] = {}
    for head in scorer.heads:
        seen = observe(head, transcripts, [s.groups[head.name].turns for s in scores], scorer.config.thresholds)
        if not len(seen.gold):
            continue
        labels[head.name] = label_figures(seen)
        macro[head.name] = macro_figures(seen, head.labels)
        core = codebook.family_of(head.name, "core")
        if core:
            macro[f"{head.name}: core"] = macro_figures(seen, core)
    turns = sum(len(t.annotations) for t in transcripts)
    return View(name, len(transcripts), turns, macro, labels)


def observe(
    head: HeadGroup, transcripts: Sequence[CodedTranscript], probabilities: Sequence[Any], thresholds: dict[str, float]
) -> Observed:
    """The coded turns of one group, with what the model gave and what the first coder did."""
    gold, scores, owner = [], [], []
    for number, (coded, values) in enumerate(zip(transcripts, probabilities, strict=True)):
        targets, kept = gold_targets(coded, head)
        gold.append(targets[kept] > 0)
        scores.append(values[kept])
        owner.append(np.full(int(kept.sum()), number))
    p = np.concatenate(scores)
    limits = np.array([thresholds.get(label, DEFAULT_THRESHOLD) for label in head.labels])
    given = p == p.max(axis=1, keepdims=True) if head.exclusive else p >= limits
    return Observed(head.labels, p, given, np.concatenate(gold), np.concatenate(owner))
