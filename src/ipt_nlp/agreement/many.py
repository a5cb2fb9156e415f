"""Agreement of more than two coders, who need not all have coded every turn.

The package ``krippendorff`` is under the GPL, which this one is not, and resamples nothing; the few sums below add up
over transcripts, so that a bootstrap is one product. They were checked against it, and against published examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ipt_nlp.agreement.pairs import Array, LabelAgreement, draws, interval_of, rounded
from ipt_nlp.annotation import Annotation
from ipt_nlp.transcript import UtteranceId

Key = tuple[str, str, UtteranceId]


def many_agreement(
    coders: Sequence[Iterable[Annotation]], group: str, labels: Sequence[str], seed: int = 0
) -> list[LabelAgreement]:
    """Agreement on ``labels`` of ``group`` over the utterances that at least two coders coded in that group."""
    by_turn: dict[Key, list[Annotation]] = {}
    for side in coders:
        for a in side:
            if group in a.labels:
                by_turn.setdefault((a.source, a.transcript_id, a.utterance_id), []).append(a)
    shared = {key: given for key, given in by_turn.items() if len(given) > 1}
    if not shared:
        return [LabelAgreement(label=label, n=0, why="no turn was coded by two") for label in labels]
    number = {name: row for row, name in enumerate(dict.fromkeys(key[:2] for key in shared))}
    rows = [number[key[:2]] for key in shared]
    values = np.array([float(len(given)) for given in shared.values()])
    drawn = draws(len(number), seed)
    found = []
    for label in labels:
        ones = np.array([float(sum(label in a.labels[group] for a in given)) for given in shared.values()])
        sums = np.zeros((len(number), SUMS))
        np.add.at(sums, rows, turn_sums(values, ones))
        found.append(_agreement(label, sums, drawn @ sums))
    return found


SUMS = 8


def turn_sums(values: Array, ones: Array) -> Array:
    """What adds up over turns, [turn, sum], from how many codings a turn has (two or more) and how many say yes.

    The sums: turns, codings, yeses; for each coding, those of the turn's other ones that differ, that share its yes,
    that share its no, as shares of them; and of each turn the share of yeses, and of pairs that differ.
    """
    noes, others = values - ones, values - 1
    return np.stack(
        [
            np.ones_like(values),
            values,
            ones,
            2 * ones * noes / others,
            ones * (ones - 1) / others,
            noes * (noes - 1) / others,
            ones / values,
            2 * ones * noes / (values * others),
        ],
        axis=-1,
    )


def alpha_of(sums: Array) -> Array:
    """Krippendorff's alpha of a yes / no code; nan where nobody, or everybody, said yes throughout."""
    codings, yeses, apart = sums[..., 1], sums[..., 2], sums[..., 3]
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = 2 * yeses * (codings - yeses) / (codings - 1)
        return np.asarray(np.where(chance > 0, 1 - apart / chance, np.nan))


def raw_of(sums: Array) -> Array:
    """The share of pairs of codings of a turn that agree, as the mean over turns."""
    return np.asarray(1 - sums[..., 7] / sums[..., 0])


def positive_of(sums: Array) -> Array:
    """The share of yeses that another coding of the turn shares."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 4] / sums[..., 2])


def negative_of(sums: Array) -> Array:
    """The share of noes that another coding of the turn shares."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 5] / (sums[..., 1] - sums[..., 2]))


def ac1_of(sums: Array) -> Array:
    """Gwet's AC1, with chance from the mean share of yeses of a turn."""
    share = sums[..., 6] / sums[..., 0]
    chance = 2 * share * (1 - share)
    return np.asarray((raw_of(sums) - chance) / (1 - chance))


FIGURES: Mapping[str, Callable[[Array], Array]] = {
    "raw": raw_of,
    "positive": positive_of,
    "negative": negative_of,
    "ac1": ac1_of,
    "alpha": alpha_of,
}


def _agreement(label: str, sums: Array, resampled: Array) -> LabelAgreement:
    total, transcripts = sums.sum(axis=0), len(sums)
    figures = {name: rounded(of(total)) for name, of in FIGURES.items()}
    spans = {name: interval_of(FIGURES[name](resampled), transcripts) for name, x in figures.items() if x is not None}
    why = "" if figures["alpha"] is not None else "no coder used it" if not total[2] else "all used it everywhere"
    return LabelAgreement(
        label=label,
        n=int(total[0]),
        transcripts=transcripts,
        prevalence=round(float(total[2] / total[1]), 4),
        interval=None,
        intervals={name: span for name, span in spans.items() if span},
        why=why,
        **figures,
    )
