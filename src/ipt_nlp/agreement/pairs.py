"""Agreement of two coders, code by code.

One number hides rare codes: at 2 % prevalence two coders can have raw agreement .98, kappa .59 and AC1 .98 at once, so
all of them are given, with the prevalence and the number of turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.annotation import Annotation
from ipt_nlp.transcript import UtteranceId

Array = NDArray[np.float64]
Interval = tuple[float, float]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAgreement:
    """Coders on one label. A figure is None where it is undefined or does not apply; ``why`` says why of the main one.

    Attributes:
        n: turns that both coded, or of more coders at least two; transcripts: that these turns are of.
        prevalence: mean share of turns with the label.
        raw: share of turns, or of pairs of codings of a turn, that agree.
        positive, negative: agreement on its presence (twice the shared uses over all uses), and on its absence.
        kappa: Cohen (1960), of two coders; ac1: Gwet (2008); alpha: Krippendorff (2011), of more than two coders.
        interval: 95 %, of kappa, by a bootstrap over transcripts; intervals: those of the other figures, by name.
    """

    label: str
    n: int
    transcripts: int = 0
    prevalence: float = 0.0
    raw: float | None = None
    positive: float | None = None
    negative: float | None = None
    kappa: float | None = None
    interval: Interval | None = None
    ac1: float | None = None
    alpha: float | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
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
        return [LabelAgreement(label=label, n=0, why="no turn was coded by both") for label in labels]
    a, b = (_binary([side[key] for key in shared], group, labels) for side in (ours, theirs))
    counts = _counts(shared, a, b)
    drawn = draws(len(counts), seed)
    return [_agreement(label, counts[:, column], drawn) for column, label in enumerate(labels)]


def draws(transcripts: int, seed: int) -> NDArray[np.int64]:
    """How often each transcript is drawn: [resample, transcript]."""
    return np.random.default_rng(seed).multinomial(transcripts, np.full(transcripts, 1 / transcripts), RESAMPLES)


def interval_of(resampled: Array, transcripts: int) -> Interval | None:
    """95 % of the resamples that have a value; of one transcript alone nothing can be said of others."""
    known = resampled[~np.isnan(resampled)]
    if transcripts < 2 or not len(known):
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return round(float(low), 3), round(float(high), 3)


def rounded(value: Array) -> float | None:
    """A figure as it is told; None for nan."""
    return None if np.isnan(value) else round(float(value), 4)


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


def _agreement(label: str, counts: Array, drawn: NDArray[np.int64]) -> LabelAgreement:
    total, resampled = counts.sum(axis=0), drawn @ counts
    both, first, second, _ = total
    uses = 2 * both + first + second
    kappa = kappa_of(total)
    why = "" if not np.isnan(kappa) else "neither coder used it" if not uses else "both coders used it everywhere"
    spans = {name: interval_of(of(resampled), len(counts)) for name, of in OTHERS.items()}
    return LabelAgreement(
        label=label,
        n=int(total.sum()),
        transcripts=len(counts),
        prevalence=round(float(uses / (2 * total.sum())), 4),
        kappa=None if why else round(float(kappa), 3),
        interval=None if why else interval_of(kappa_of(resampled), len(counts)),
        intervals={name: span for name, span in spans.items() if span and not np.isnan(OTHERS[name](total))},
        why=why,
        **{name: rounded(of(total)) for name, of in OTHERS.items()},
    )


def kappa_of(counts: Array) -> Array:
    """Cohen's kappa from [..., (both, only first, only second, neither)]; nan where chance agreement is certain."""
    both, first, second, neither = np.moveaxis(counts, -1, 0)
    n = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (both + first) / n, (both + second) / n
        chance = p * q + (1 - p) * (1 - q)
        return np.asarray(np.where(chance < 1, ((both + neither) / n - chance) / (1 - chance), np.nan))


def raw_of(counts: Array) -> Array:
    """The share of turns on which both say the same, from [..., (both, only first, only second, neither)]."""
    return np.asarray((counts[..., 0] + counts[..., 3]) / counts.sum(axis=-1))


def positive_of(counts: Array) -> Array:
    """Twice the shared uses over all uses; nan where there is none."""
    return _specific(counts[..., 0], counts)


def negative_of(counts: Array) -> Array:
    """Twice the turns that both leave without the label over all that either does; nan where there is none."""
    return _specific(counts[..., 3], counts)


def _specific(shared: Array, counts: Array) -> Array:
    apart = counts[..., 1] + counts[..., 2]
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * shared / (2 * shared + apart))


def ac1_of(counts: Array) -> Array:
    """Gwet's AC1 of a yes / no code, from [..., (both, only first, only second, neither)]."""
    both, first, second, neither = np.moveaxis(counts, -1, 0)
    n = counts.sum(axis=-1)
    share = (2 * both + first + second) / (2 * n)
    chance = 2 * share * (1 - share)
    return np.asarray(((both + neither) / n - chance) / (1 - chance))


OTHERS: Mapping[str, Callable[[Array], Array]] = {
    "raw": raw_of,
    "positive": positive_of,
    "negative": negative_of,
    "ac1": ac1_of,
}


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
