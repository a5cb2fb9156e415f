"""From logits to probabilities that mean what they say, and the thresholds above which a label is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRIOR_STRENGTH = 1.0
FEWEST_POSITIVES = 8
THRESHOLD_RANGE = (0.15, 0.6)
PLATEAU = 0.02


def sigmoid(logits: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def calibrate(logits: Array, parameters: Array, *, exclusive: bool) -> Array:
    """Probabilities [n, label] of ``logits`` [n, label] under ``parameters`` [label, (slope, offset)]."""
    scaled = logits * parameters[:, 0] + parameters[:, 1]
    return softmax(scaled) if exclusive else sigmoid(scaled)


def fit_platt(logits: Array, targets: Array) -> tuple[float, float]:
    """Slope and offset of one label by regularised logistic regression on held-out logits (Platt 1999).

    With fewer than eight positives only the raw logit is kept: nothing can be fitted on so few.
    """
    if min(targets.sum(), len(targets) - targets.sum()) < FEWEST_POSITIVES:
        return 1.0, 0.0
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=PRIOR_STRENGTH).fit(logits[:, None], targets)
    slope = float(model.coef_[0, 0])
    # A negative slope would turn the label's meaning around; it only ever comes from noise.
    return (slope, float(model.intercept_[0])) if slope > 0 else (1.0, 0.0)


def fit_temperature(logits: Array, targets: Array) -> float:
    """One slope for all labels of an exclusive group, by the likelihood on held-out logits (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar

    chosen = targets.argmax(axis=1)

    def loss(slope: float) -> float:
        return float(-np.log(softmax(logits * slope)[np.arange(len(chosen)), chosen] + 1e-12).mean())

    return float(minimize_scalar(loss, bounds=(0.1, 10.0), method="bounded").x)


def fit_threshold(probabilities: Array, targets: Array) -> float:
    """The threshold of the best F1 on held-out turns, kept within a range so that few positives cannot carry it off."""
    low, high = THRESHOLD_RANGE
    if targets.sum() < FEWEST_POSITIVES:
        return 0.4
    grid = np.linspace(low, high, 46)
    given = probabilities[None, :] >= grid[:, None]
    hits = (given & (targets > 0)).sum(axis=1)
    f1 = 2 * hits / (given.sum(axis=1) + targets.sum())
    # The middle of what is as good within sampling error: the very peak moves with every few turns.
    best = np.flatnonzero(f1 >= f1.max() - PLATEAU)
    return float(grid[best[len(best) // 2]])
