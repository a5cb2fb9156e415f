"""Splits by source: what comes from one video or one author is never on both sides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ipt_nlp.errors import UsageError
from ipt_nlp.learning.corpus import CodedTranscript


@dataclass(frozen=True, slots=True)
class Split:
    """Three disjoint parts of a corpus: to learn from, to calibrate on, and to report on."""

    train: tuple[CodedTranscript, ...]
    calibration: tuple[CodedTranscript, ...]
    test: tuple[CodedTranscript, ...]


def folds(corpus: Sequence[CodedTranscript], count: int, seed: int) -> list[int]:
    """The fold of each transcript, source by source, so that each fold holds some of every large source.

    Raises:
        UsageError: no source has as many groups as folds are asked for.
    """
    from sklearn.model_selection import GroupKFold

    fold_of_group: dict[str, int] = {}
    for source in sorted({t.source for t in corpus}):
        part = [t for t in corpus if t.source == source]
        sizes = [len(t.annotations) for t in part]
        rows = [t.group for t, size in zip(part, sizes, strict=True) for _ in range(size)]
        distinct = sorted(set(rows))
        if len(distinct) < count:
            fold_of_group |= {group: index % count for index, group in enumerate(distinct)}
            continue
        splitter = GroupKFold(n_splits=count, shuffle=True, random_state=seed)
        for fold, (_, held_out) in enumerate(splitter.split(rows, groups=rows)):
            fold_of_group |= {rows[index]: fold for index in held_out}
    if len(fold_of_group) < count:
        raise UsageError(
            f"{len(fold_of_group)} sources cannot make {count} folds. Code more sources, or ask for fewer folds."
        )
    return [fold_of_group[t.group] for t in corpus]


def split(
    corpus: Sequence[CodedTranscript], *, count: int, test: Sequence[int], calibration: Sequence[int], seed: int
) -> Split:
    """``corpus`` cut into three: frozen transcripts are for testing, the others fall into ``count`` folds.

    Args:
        test: folds that are held out for testing beside what is frozen; empty where the frozen part is enough.
        calibration: folds that thresholds are set on.

    Raises:
        UsageError: nothing is left for one of the parts, or a group is frozen in part.
    """
    frozen = [t for t in corpus if t.frozen]
    learnable = [t for t in corpus if not t.frozen]
    torn = {t.group for t in frozen} & {t.group for t in learnable}
    if torn:
        raise UsageError(f"{', '.join(sorted(torn))}: only a part is frozen. Freeze a whole group, or none of it.")
    parts: dict[str, list[CodedTranscript]] = {"train": [], "calibration": [], "test": frozen}
    for transcript, fold in zip(learnable, folds(learnable, count, seed), strict=True):
        part = "test" if fold in test else "calibration" if fold in calibration else "train"
        parts[part].append(transcript)
    empty = [name for name, part in parts.items() if not part]
    if empty:
        raise UsageError(
            f"nothing is left for {' and '.join(empty)}. Give the recipe more folds, or code more sources."
        )
    return Split(**{name: tuple(part) for name, part in parts.items()})


def narrowed(parts: Split, sources: Sequence[str], share: float, seed: int) -> Split:
    """``parts`` with less to learn from: the transcripts of ``sources`` (none named: all), and a share of their groups.

    A smaller share is contained in every larger one of the same seed. The test part stays as it is.

    Raises:
        UsageError: nothing is left to learn from.
    """
    named = [[t for t in part if not sources or t.source in sources] for part in (parts.train, parts.calibration)]
    groups = sorted({t.group for t in named[0]})
    random.Random(seed).shuffle(groups)  # noqa: S311  # a sample, no secret
    kept = set(groups[: max(1, round(share * len(groups)))])
    train, calibration = tuple(t for t in named[0] if t.group in kept), tuple(named[1])
    if not (train and calibration):
        raise UsageError(f"no transcript of {', '.join(sources)} to learn from. Name sources that the corpus has.")
    return Split(train, calibration, parts.test)
