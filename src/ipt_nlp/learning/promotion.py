"""The gate: whether a challenger takes the champion's place, from both models' labels on the same blind-coded turns.

Intervals are of the paired difference: each resample draws whole transcripts, and both models are measured on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ipt_nlp.errors import UsageError
from ipt_nlp.learning.measures import RESAMPLES, Array, Interval, Observed, f1_of, interval_of

# A bootstrap over fewer transcripts says too little of others.
FEWEST_TRANSCRIPTS = 10
# A label used in fewer transcripts has a figure and no interval.
FEWEST_WITH_LABEL = 5


@dataclass(frozen=True, slots=True)
class BlindSet:
    """Turns coded without a suggestion, with what both models give: label group -> the same turns in the same order."""

    name: str
    champion: Mapping[str, Observed]
    challenger: Mapping[str, Observed]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label on one set. F1s are None where no coder used the label; ``why`` says what is undefined.

    ``difference``: challenger less champion. ``core``: the label may not fall beyond its interval.
    """

    set_name: str
    group: str
    label: str
    core: bool
    positives: int
    transcripts: int
    champion_f1: float | None
    challenger_f1: float | None
    difference: float | None
    interval: Interval | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class MacroRow:
    """The mean over the labels of a group that coders used on one set; None where there are none."""

    set_name: str
    group: str
    labels: int
    transcripts: int
    champion_f1: float | None
    challenger_f1: float | None
    difference: float | None
    interval: Interval | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to promote, why in words, and every figure that was looked at."""

    promote: bool
    reasons: tuple[str, ...]
    labels: tuple[LabelRow, ...]
    macros: tuple[MacroRow, ...]


def decide(sets: Sequence[BlindSet], core: Collection[str], seed: int = 0) -> Decision:
    """Promote where no group's macro-F1 is lower on any set, and no core label falls beyond its interval.

    A group of a set with fewer than ten transcripts is reported and does not decide; where nothing can decide, the
    champion stays.

    Raises:
        UsageError: the two models were not measured on the same turns.
    """
    labels: list[LabelRow] = []
    macros: list[MacroRow] = []
    for blind in sets:
        for group in blind.champion:
            rows, macro = _compare(blind, group, core, seed)
            labels += rows
            macros.append(macro)
    against = [*map(_worse, macros), *map(_fallen, labels)]
    reasons = [reason for reason in against if reason]
    enough = any(macro.interval is not None for macro in macros)
    if not enough:
        reasons.append(f"no set is large enough to decide on: code at least {FEWEST_TRANSCRIPTS} transcripts blind")
    promote = not reasons
    if promote:
        reasons.append("macro-F1 is not lower on any set, and no core label falls beyond its interval")
    undecided = [f"{row.set_name}, {row.group}: {row.why}; reported only" for row in macros if row.why]
    unjudged = [f"{r.set_name}, {r.label}: {r.why}; not judged by itself" for r in labels if r.core and r.why]
    return Decision(promote, (*reasons, *undecided, *unjudged), tuple(labels), tuple(macros))


def paired_differences(counts: Array, seed: int = 0) -> Array:
    """Challenger's F1 less champion's [resample, label], both on the same transcripts drawn with replacement.

    Args:
        counts: [model, (hits, given, positives), transcript, label], champion first.

    Returns:
        nan where a draw holds no use of the label.
    """
    count = counts.shape[2]
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / max(count, 1)), size=RESAMPLES)
    hits, given, positives = np.moveaxis(np.einsum("rt,mctl->mcrl", draws, counts), 1, 0)
    f1 = np.where(positives > 0, f1_of(hits, given, positives), np.nan)
    return np.asarray(f1[1] - f1[0])


def _compare(blind: BlindSet, group: str, core: Collection[str], seed: int) -> tuple[list[LabelRow], MacroRow]:
    counts = _paired_counts(blind, group)
    transcripts = counts.shape[2]
    resampled = paired_differences(counts, seed)
    hits, given, positives = np.moveaxis(counts.sum(axis=2), 1, 0)
    f1 = np.where(positives > 0, f1_of(hits, given, positives), np.nan)
    used = positives[0] > 0
    with_label = (counts[0, 2] > 0).sum(axis=0)
    rows = []
    for column, label in enumerate(blind.champion[group].labels):
        why = _undefined(transcripts, int(with_label[column]))
        interval = None if why else interval_of(resampled[:, column])
        found = (int(positives[0, column]), int(with_label[column]), *_figures(f1[:, column]), interval, why)
        rows.append(LabelRow(blind.name, group, label, label in core, *found))
    why = _undefined(transcripts, transcripts if used.any() else 0)
    interval = None if why else interval_of(_mean_of_known(resampled[:, used]))
    macro = f1[:, used].mean(axis=1) if used.any() else np.full(2, np.nan)
    return rows, MacroRow(blind.name, group, int(used.sum()), transcripts, *_figures(macro), interval, why)


def _paired_counts(blind: BlindSet, group: str) -> Array:
    """Counts [model, (hits, given, positives), transcript, label] of both models."""
    champion, challenger = blind.champion[group], blind.challenger.get(group)
    same = challenger is not None and champion.labels == challenger.labels
    if challenger is None or not (
        same
        and np.array_equal(champion.gold, challenger.gold)
        and np.array_equal(champion.transcript, challenger.transcript)
    ):
        raise UsageError(
            f"{blind.name}, {group}: the two models were not measured on the same turns. Evaluate both on one set."
        )
    names, transcript = np.unique(champion.transcript, return_inverse=True)
    counts = np.zeros((2, 3, len(names), len(champion.labels)))
    for model, seen in enumerate((champion, challenger)):
        for row, values in enumerate((seen.gold & seen.given, seen.given, seen.gold)):
            np.add.at(counts[model, row], transcript, values.astype(float))
    return counts


def _undefined(transcripts: int, with_label: int) -> str:
    """Why there is no interval; empty where there is one."""
    if not with_label:
        return "no coder used it here"
    if transcripts < FEWEST_TRANSCRIPTS:
        return f"only {transcripts} transcripts, fewer than {FEWEST_TRANSCRIPTS}"
    if with_label < FEWEST_WITH_LABEL:
        return f"used in only {with_label} transcripts, fewer than {FEWEST_WITH_LABEL}"
    return ""


def _figures(f1: Array) -> tuple[float | None, float | None, float | None]:
    """Both F1s and the difference, rounded; None where they are undefined."""
    if np.isnan(f1).any():
        return None, None, None
    return round(float(f1[0]), 4), round(float(f1[1]), 4), round(float(f1[1] - f1[0]), 4)


def _mean_of_known(values: Array) -> Array:
    """The mean [resample] over labels that a draw holds; nan where it holds none."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))


def _worse(row: MacroRow) -> str:
    if row.interval is None or row.difference is None or row.difference >= 0:
        return ""
    return f"{row.set_name}, {row.group}: macro-F1 falls {_change(row)}"


def _fallen(row: LabelRow) -> str:
    if not row.core or row.interval is None or row.interval[1] >= 0:
        return ""
    return f"{row.set_name}, {row.label}: F1 of a core label falls {_change(row)}"


def _change(row: LabelRow | MacroRow) -> str:
    assert row.champion_f1 is not None
    assert row.challenger_f1 is not None
    assert row.interval is not None
    low, high = row.interval
    return (
        f"from {row.champion_f1:.3f} to {row.challenger_f1:.3f} (95 % interval of the change {low:+.3f} to {high:+.3f})"
    )
