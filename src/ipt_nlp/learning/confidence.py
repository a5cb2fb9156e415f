"""Whether probabilities mean what they say, and which turns can be accepted without a look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.agreement import icc_2_1
from ipt_nlp.learning.measures import BINS, Observed, calibration_error

Array = NDArray[np.float64]

WANTED_PRECISION = 0.95
FEWEST_ACCEPTED = 30
# A session of fewer coded turns has no counts worth comparing.
SESSION_TURNS = 20
FEWEST_SESSIONS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores of one tenth of [0, 1]: how many, their mean, and the share of them that the coder gave."""

    count: int
    mean_score: float
    share_given: float


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Turns whose confidence reaches ``confidence``: their share of all, and the share of them that are wholly right.

    ``with_labels_right``: the same among accepted turns to which model or coder gave any label.
    """

    confidence: float
    turns: int
    share: float
    right: float | None
    with_labels_right: float | None


@dataclass(frozen=True, slots=True)
class SessionAgreement:
    """Model and coder on a label's count per session: ICC(2,1), and the mean count by each."""

    label: str
    sessions: int
    by_coder: float
    by_model: float
    icc: float | None


def reliability(seen: Observed) -> list[Bin]:
    """The reliability diagram of a group, all labels pooled."""
    scores, gold = seen.probabilities.ravel(), seen.gold.ravel()
    which = np.minimum((scores * BINS).astype(int), BINS - 1)
    return [
        Bin(int((which == b).sum()), _mean(scores[which == b]), _mean(gold[which == b].astype(float)))
        for b in range(BINS)
    ]


def mean_calibration_error(seen: Observed) -> float:
    """Expected calibration error, the mean over the labels."""
    columns = range(len(seen.labels))
    return round(float(np.mean([calibration_error(seen.probabilities[:, c], seen.gold[:, c]) for c in columns])), 4)


def turn_confidence(probabilities: Array, given: NDArray[np.bool_]) -> Array:
    """The probability [turn] that every label of a turn is right, as if labels were independent.

    Args:
        probabilities, given: [turn, label].
    """
    right = np.where(given, probabilities, 1 - probabilities)
    return np.asarray(np.exp(np.log(np.clip(right, 1e-9, 1)).sum(axis=1)))


def fit_acceptance(confidence: Array, right: NDArray[np.bool_], wanted: float = WANTED_PRECISION) -> float:
    """The lowest confidence from which at least ``wanted`` of the turns are right; above 1 where there is none."""
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((share >= wanted) & (np.arange(len(order)) >= FEWEST_ACCEPTED - 1))
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.01


def acceptance(seen: Observed, confidence: float) -> Acceptance:
    """What accepting every turn of at least ``confidence`` would mean."""
    accepted = turn_confidence(seen.probabilities, seen.given) >= confidence
    right = (seen.given == seen.gold).all(axis=1)
    labelled = (seen.given | seen.gold).any(axis=1)
    return Acceptance(
        round(confidence, 4),
        len(right),
        _mean(accepted.astype(float)),
        _mean(right[accepted].astype(float)) if accepted.any() else None,
        _mean(right[accepted & labelled].astype(float)) if (accepted & labelled).any() else None,
    )


def session_agreement(seen: Observed) -> list[SessionAgreement]:
    """Model and coder on counts per session, over the sessions with at least twenty coded turns."""
    names, sizes = np.unique(seen.transcript, return_counts=True)
    sessions = names[sizes >= SESSION_TURNS]
    rows = [seen.transcript == name for name in sessions]
    figures = []
    for column, label in enumerate(seen.labels):
        counts = np.array([[seen.gold[row, column].sum(), seen.given[row, column].sum()] for row in rows], float)
        icc = icc_2_1(counts) if len(sessions) >= FEWEST_SESSIONS else float("nan")
        coder, model = counts.mean(axis=0).round(2) if len(sessions) else (0.0, 0.0)
        known = None if np.isnan(icc) else round(icc, 3)
        figures.append(SessionAgreement(label, len(sessions), float(coder), float(model), known))
    return figures


def _mean(values: Array) -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0
