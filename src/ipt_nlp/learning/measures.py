"""Figures of a tagger against coders: pure functions on arrays, with intervals from a bootstrap over transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES = 2000
BINS = 10
# Below this many positives a label's F1 says little; the macro figure over labels above it stands beside the full one.
ENOUGH_POSITIVES = 20


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label. F1, kappa and average precision are None where they are undefined; ``why`` says so.

    ``n`` coded turns, ``positives`` of them with the label, ``given`` by the model. ``coder_f1`` and ``coder_kappa``:
    a second coder against the first, on turns both coded.
    """

    label: str
    n: int
    positives: int
    given: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: Interval | None
    average_precision: float | None
    kappa: float | None
    ece: float
    why: str = ""
    coder_f1: float | None = None
    coder_kappa: float | None = None


@dataclass(frozen=True, slots=True)
class MacroFigures:
    """Mean F1 over the labels that the coders used at all, and over those with at least twenty uses."""

    labels: int
    f1: float | None
    interval: Interval | None
    frequent_labels: int
    frequent_f1: float | None
    frequent_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Observed:
    """Turns of one group: probabilities, labels given and gold [turn, label]; the transcript each is from [turn]."""

    labels: tuple[str, ...]
    probabilities: Array
    given: NDArray[np.bool_]
    gold: NDArray[np.bool_]
    transcript: NDArray[np.int64]


def label_figures(seen: Observed, seed: int = 0) -> list[LabelFigures]:
    """The figures of every label of a group."""
    resampled = _resampled_f1(seen, seed)
    return [_figures(seen, column, resampled[:, column]) for column in range(len(seen.labels))]


def macro_figures(seen: Observed, labels: Sequence[str], seed: int = 0) -> MacroFigures:
    """Macro-F1 over ``labels``, as far as the coders used them."""
    positives = seen.gold.sum(axis=0)
    asked = np.array([label in labels for label in seen.labels])
    used, frequent = asked & (positives > 0), asked & (positives >= ENOUGH_POSITIVES)
    f1 = f1_of(*_counts(seen))
    resampled = _resampled_f1(seen, seed)

    def mean_and_interval(columns: NDArray[np.bool_]) -> tuple[float | None, Interval | None]:
        if not columns.any():
            return None, None
        return round(float(f1[columns].mean()), 4), interval_of(np.nanmean(resampled[:, columns], axis=1))

    return MacroFigures(int(used.sum()), *mean_and_interval(used), int(frequent.sum()), *mean_and_interval(frequent))


def labels_given(probabilities: Array, thresholds: Array, *, exclusive: bool) -> NDArray[np.bool_]:
    """The labels [turn, label] that a model gives: the likeliest where they exclude each other, else by threshold."""
    if exclusive:
        return np.asarray(probabilities == probabilities.max(axis=1, keepdims=True))
    return np.asarray(probabilities >= thresholds)


def f1_of(hits: Array, given: Array, positives: Array) -> Array:
    """F1 from counts; nan where the label neither occurs nor is given."""
    total = given + positives
    return np.asarray(np.divide(2 * hits, total, out=np.full(np.shape(total), np.nan), where=total > 0))


def calibration_error(probabilities: Array, gold: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        (which == b).sum() * abs(probabilities[which == b].mean() - gold[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps) / max(len(probabilities), 1))


def _figures(seen: Observed, column: int, resampled: Array) -> LabelFigures:
    from sklearn.metrics import average_precision_score, cohen_kappa_score

    gold, given, p = seen.gold[:, column], seen.given[:, column], seen.probabilities[:, column]
    hits, positives, ours = int((gold & given).sum()), int(gold.sum()), int(given.sum())
    why = "" if positives else "no coder used it here"
    both_ways = 0 < positives < len(gold) or 0 < ours < len(gold)
    return LabelFigures(
        label=seen.labels[column],
        n=len(gold),
        positives=positives,
        given=ours,
        precision=round(hits / ours, 4) if ours else None,
        recall=round(hits / positives, 4) if positives else None,
        f1=round(2 * hits / (ours + positives), 4) if positives else None,
        f1_interval=interval_of(resampled) if positives else None,
        average_precision=round(float(average_precision_score(gold, p)), 4) if positives else None,
        kappa=round(float(cohen_kappa_score(gold, given)), 4) if both_ways else None,
        ece=round(calibration_error(p, gold), 4),
        why=why,
    )


def _counts(seen: Observed) -> tuple[Array, Array, Array]:
    gold, given = seen.gold.astype(float), seen.given.astype(float)
    return (gold * given).sum(axis=0), given.sum(axis=0), gold.sum(axis=0)


def _resampled_f1(seen: Observed, seed: int) -> Array:
    """F1 [resample, label] with whole transcripts drawn with replacement."""
    _, transcript = np.unique(seen.transcript, return_inverse=True)
    count = int(transcript.max()) + 1 if len(transcript) else 0
    sums = np.zeros((3, count, len(seen.labels)))
    for row, values in enumerate((seen.gold & seen.given, seen.given, seen.gold)):
        np.add.at(sums[row], transcript, values.astype(float))
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / max(count, 1)), size=RESAMPLES)
    hits, given, positives = (draws @ part for part in sums)
    return f1_of(hits, given, positives)


def interval_of(values: Array) -> Interval | None:
    """The 95 % interval of resampled values; draws in which they are undefined do not count."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)
