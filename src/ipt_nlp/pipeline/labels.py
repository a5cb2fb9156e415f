"""From scores to labels, evidence and doubt: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ipt_nlp.annotation import Offsets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.scoring import GroupScores, TranscriptScores
from ipt_nlp.transcript import Role

DEFAULT_THRESHOLD = 0.5
SMALLEST = 1e-4

Given = tuple[dict[str, float], dict[str, list[str]], dict[str, list[Offsets]]]


def given_labels(
    heads: Sequence[HeadGroup],
    thresholds: Mapping[str, float],
    scored: TranscriptScores,
    turn: int,
    sentences: slice,
    speaker: Role | None,
) -> Given:
    """Scores, labels by group (best first) and evidence of one turn.

    Labels that cannot apply to ``speaker`` score 0, and their group gives none; None stands for a turn without words.

    Args:
        sentences: rows of the turn's sentences in the sentence scores.
    """
    scores: dict[str, float] = {}
    labels: dict[str, list[str]] = {}
    evidence: dict[str, list[Offsets]] = {}
    for head in heads:
        if speaker is None or not head.applies_to(speaker):
            scores |= dict.fromkeys(head.labels, 0.0)
            labels[head.name] = []
            continue
        group = scored.groups[head.name]
        row = group.turns[turn]
        scores |= {label: float(p) for label, p in zip(head.labels, row, strict=True)}
        chosen = _chosen(head, row, thresholds)
        labels[head.name] = [head.labels[column] for column in chosen]
        for column in chosen:
            evidence[head.labels[column]] = _evidence(group, column, turn, sentences, scored.spans[turn])
    return scores, labels, evidence


def _chosen(
    head: HeadGroup, row: np.ndarray[tuple[int], np.dtype[np.float64]], thresholds: Mapping[str, float]
) -> list[int]:
    if head.exclusive:
        return [int(row.argmax())]
    over = [c for c, label in enumerate(head.labels) if row[c] >= thresholds.get(label, DEFAULT_THRESHOLD)]
    return sorted(over, key=lambda column: (-row[column], column))


def _evidence(group: GroupScores, column: int, turn: int, sentences: slice, spans: Sequence[Offsets]) -> list[Offsets]:
    """The sentences that carry the label.

    A turn's logit is the mean of its sentences' logits, weighted by their length; what lies above the mean carries it.
    """
    values = group.sentences[sentences, column]
    mean = min(group.turns[turn, column], values.max())
    return [(int(a), int(b)) for (a, b), value in zip(spans, values, strict=True) if value >= mean]


def needs_review(
    heads: Sequence[HeadGroup],
    scores: Mapping[str, float],
    thresholds: Mapping[str, float],
    band: float,
    speaker: Role | None,
) -> bool:
    """Whether some decision was close.

    Its log odds lie within ``band`` of the threshold's, or, of exclusive labels, the two likeliest do of each other.
    """
    for head in (head for head in heads if speaker and head.applies_to(speaker)):
        odds = log_odds([scores[label] for label in head.labels])
        if head.exclusive:
            second, first = np.sort(odds)[-2:]
            close = first - second < band
        else:
            limits = log_odds([thresholds.get(label, DEFAULT_THRESHOLD) for label in head.labels])
            close = bool((np.abs(odds - limits) < band).any())
        if close:
            return True
    return False


def log_odds(probabilities: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Log odds, kept finite where a rounded probability is 0 or 1."""
    p = np.clip(np.array(probabilities, float), SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p / (1 - p)))
