"""Agreement of two coders, code by code, with what each figure cannot say.

One number hides rare codes: at 2 % prevalence two coders can have raw agreement .98, kappa .59 and AC1 .98 at once, so
all of them are given, with the prevalence and the number of turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.annotation import Annotation
from ipt_nlp.transcript import UtteranceId

Array = NDArray[np.float64]
Interval = tuple[float, float]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Two coders on one label; kappa is None where it is undefined, and ``why`` says why.

    Attributes:
        n: turns both coded.
        prevalence: mean share of turns with the label.
        positive: agreement on its presence (twice the shared uses over all uses).
        kappa: Cohen (1960); ac1: Gwet (2008).
        interval: 95 %, of kappa, by a bootstrap over transcripts.
    """

    label: str
    n: int
    prevalence: float
    raw: float
    positive: float | None
    kappa: float | None
    interval: Interval | None
    ac1: float
    why: str = ""


def label_agreement(
    first: Iterable[Annotation], second: Iterable[Annotation], group: str, labels: Sequence[str], seed: int = 0
) -> list[LabelAgreement]:
    """Agreement on ``labels`` of ``group`` over the utterances that both coders coded in that group."""
    ours, theirs = (
        {(a.source, a.transcript_id, a.utterance_id): a for a in side if group in a.labels} for side in (first, second)
    )
    shared = [key for key in ours if key in theirs]
    if not shared:
        return [_agreement(label, np.zeros((0, 4)), np.zeros((RESAMPLES, 0), np.int64)) for label in labels]
    a, b = (_binary([side[key] for key in shared], group, labels) for side in (ours, theirs))
    counts = _counts(shared, a, b)
    draws = np.random.default_rng(seed).multinomial(
        len(counts), np.full(len(counts), 1 / max(len(counts), 1)), RESAMPLES
    )
    return [_agreement(label, counts[:, column], draws) for column, label in enumerate(labels)]


def _binary(annotations: Sequence[Annotation], group: str, labels: Sequence[str]) -> NDArray[np.bool_]:
    given = [[label in annotation.labels[group] for label in labels] for annotation in annotations]
    return np.array(given, bool).reshape(len(annotations), len(labels))


def _counts(keys: Sequence[tuple[str, str, UtteranceId]], a: NDArray[np.bool_], b: NDArray[np.bool_]) -> Array:
    """[transcript, label, (both, only first, only second, neither)]."""
    number: Mapping[tuple[str, str], int] = {name: i for i, name in enumerate(dict.fromkeys(key[:2] for key in keys))}
    counts = np.zeros((len(number), a.shape[1], 4))
    rows = [number[key[:2]] for key in keys]
    for cell, values in enumerate((a & b, a & ~b, ~a & b, ~a & ~b)):
        np.add.at(counts[:, :, cell], rows, values.astype(float))
    return counts


def _agreement(label: str, counts: Array, draws: NDArray[np.int64]) -> LabelAgreement:
    total = counts.sum(axis=0)
    n = int(total.sum())
    if not n:
        return LabelAgreement(label, 0, 0.0, 0.0, None, None, None, 0.0, "no turn was coded by both")
    both, first, second, neither = total
    uses = 2 * both + first + second
    kappa = kappa_of(total)
    why = "" if not np.isnan(kappa) else "neither coder used it" if not uses else "both coders used it everywhere"
    resampled = kappa_of(draws @ counts)
    known = resampled[~np.isnan(resampled)]
    interval = tuple(round(float(x), 3) for x in np.percentile(known, [2.5, 97.5])) if len(known) and not why else None
    return LabelAgreement(
        label=label,
        n=n,
        prevalence=round(float(uses / (2 * n)), 4),
        raw=round(float((both + neither) / n), 4),
        positive=round(float(2 * both / uses), 4) if uses else None,
        kappa=None if why else round(float(kappa), 3),
        interval=(interval[0], interval[1]) if interval else None,
        ac1=round(float(ac1_of(total)), 3),
        why=why,
    )


def kappa_of(counts: Array) -> Array:
    """Cohen's kappa from [..., (both, only first, only second, neither)]; nan where chance agreement is certain."""
    both, first, second, neither = np.moveaxis(counts, -1, 0)
    n = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (both + first) / n, (both + second) / n
        chance = p * q + (1 - p) * (1 - q)
        return np.asarray(np.where(chance < 1, ((both + neither) / n - chance) / (1 - chance), np.nan))


def ac1_of(counts: Array) -> Array:
    """Gwet's AC1 of a yes / no code, from [..., (both, only first, only second, neither)]."""
    both, first, second, neither = np.moveaxis(counts, -1, 0)
    n = counts.sum(axis=-1)
    share = (2 * both + first + second) / (2 * n)
    chance = 2 * share * (1 - share)
    return np.asarray(((both + neither) / n - chance) / (1 - chance))


def icc_2_1(ratings: Array) -> float:
    """ICC(2,1): absolute agreement of single raters, two-way random effects (Shrout & Fleiss 1979).

    Args:
        ratings: [subject, rater]; here a session's count of a label, by coder and by model.

    Returns:
        The coefficient; nan for fewer than two subjects or where nothing varies.
    """
    subjects, raters = ratings.shape
    if subjects < 2 or raters < 2:
        return float("nan")
    mean, by_subject, by_rater = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    between = raters * ((by_subject - mean) ** 2).sum() / (subjects - 1)
    judges = subjects * ((by_rater - mean) ** 2).sum() / (raters - 1)
    rest = ratings - by_subject[:, None] - by_rater + mean
    error = (rest**2).sum() / ((subjects - 1) * (raters - 1))
    total = between + (raters - 1) * error + raters * (judges - error) / subjects
    return float((between - error) / total) if total > 0 else float("nan")
